"""One running Sayso per user, and the socket it is spoken to.

The client half is for key bindings: it imports nothing but what Python has loaded anyway,
so that `sayso start` is done in well under 100 ms. A request is one line, a command such as
`start`; the answer is one line of JSON. The socket is the user's own (folder 0700, socket
0600), and where the system names the user at the other end (Linux), both ends look. Where
Python has no unix sockets (Windows), it is a port of the loopback and a random word, both in
a file of the user's own.
"""

from __future__ import annotations

import os
import socket
import stat
import sys
from collections.abc import Awaitable, Callable

TYPE_CHECKING = False  # importing typing would cost a key binding 5 ms
if TYPE_CHECKING:
    import asyncio

REQUEST_TIMEOUT_S = 5.0
STARTUP_TIMEOUT_S = 30.0
"""How long a start waits for another one to answer."""
_HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX")
MAX_REQUEST_BYTES = 4096

RequestHandler = Callable[[str], Awaitable[str]]


def runtime_folder() -> str:
    """Where the socket lives: $XDG_RUNTIME_DIR, or a private folder among the temporary ones."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.path.isdir(runtime):
        return runtime
    import tempfile

    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    path = os.path.join(tempfile.gettempdir(), f"sayso-{user}")
    os.makedirs(path, mode=0o700, exist_ok=True)
    if hasattr(os, "getuid"):
        info = os.lstat(path)
        if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid():
            raise PermissionError(f"{path} belongs to somebody else.")
        os.chmod(path, 0o700)
    return path


def socket_path() -> str:
    return os.path.join(runtime_folder(), "sayso.sock")


def request(command: str) -> str | None:
    """Send one line to the running Sayso; its one-line answer, or None when none runs."""
    try:
        with _connect() as connection:
            connection.sendall(f"{command}\n".encode())
            answer = b""
            while not answer.endswith(b"\n"):
                if not (piece := connection.recv(65536)):
                    break
                answer += piece
    except OSError:
        return None
    return answer.decode().rstrip("\n") or None


def _connect() -> socket.socket:
    if _HAS_UNIX_SOCKETS:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(REQUEST_TIMEOUT_S)
        try:
            connection.connect(socket_path())
            if not _peer_is_same_user(connection):
                raise PermissionError("This socket is somebody else's.")
        except OSError:
            connection.close()
            raise
        return connection
    with open(socket_path(), encoding="ascii") as file:
        port, word = file.read().split()
    connection = socket.create_connection(("127.0.0.1", int(port)), REQUEST_TIMEOUT_S)
    connection.sendall(f"{word}\n".encode())
    return connection


def _peer_is_same_user(connection: socket.socket) -> bool:
    """Whether the other end belongs to this user; True where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    # struct ucred: pid, uid, gid, of 4 bytes each (unix(7))
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[4:8], sys.byteorder) == os.getuid()


class InstanceLock:
    """Held by the one that runs; given back by the system however it ends."""

    def __init__(self, path: str = "") -> None:
        """Of this Sayso as a whole, or for what the file `path` stands for."""
        self._file = open(  # noqa: SIM115  kept open: it is the lock
            path or socket_path() + ".lock",
            "w",
            opener=lambda path, flags: os.open(path, flags, 0o600),
        )

    def acquire(self) -> bool:
        """Whether it is ours now."""
        try:
            if _HAS_UNIX_SOCKETS:
                import fcntl

                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                import msvcrt

                locking = getattr(msvcrt, "locking")  # noqa: B009  absent from other systems
                locking(self._file.fileno(), getattr(msvcrt, "LK_NBLCK"), 1)  # noqa: B009
        except OSError:
            return False
        return True

    def close(self) -> None:
        self._file.close()


def claim(timeout_s: float = STARTUP_TIMEOUT_S) -> InstanceLock | None:
    """Become the one that runs; None where another does, which has shown itself.

    Of starts in the same instant one gets the lock, and the others wait until it answers; if
    it ends instead, one of them takes its place. One that answers although the lock is free
    has lost its file to somebody who tidied up.

    Raises:
        TimeoutError: Another has the lock, and neither answers nor ends.
        OSError: There is no folder to put lock and socket in.
    """
    import time

    lock = InstanceLock()
    until_s = time.monotonic() + timeout_s
    while True:
        ours = lock.acquire()
        if request("show") is not None:
            lock.close()
            return None
        if ours:
            return lock
        if time.monotonic() > until_s:
            lock.close()
            raise TimeoutError("Another Sayso is starting or ending, but does not answer.")
        time.sleep(0.1)


async def serve(handler: RequestHandler) -> asyncio.Server:
    """Answer requests until the server is closed. Only the holder of the lock calls it.

    A socket left by a crash is replaced.
    """
    import asyncio
    import contextlib
    import secrets

    word = "" if _HAS_UNIX_SOCKETS else secrets.token_urlsafe(24)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, ValueError, TimeoutError):
                async with asyncio.timeout(REQUEST_TIMEOUT_S):
                    if _HAS_UNIX_SOCKETS and not _peer_is_same_user(
                        writer.get_extra_info("socket")
                    ):
                        return
                    if word and (await reader.readline()).decode().strip() != word:
                        return
                    request = (await reader.readline()).decode().strip()
                    writer.write((await handler(request)).encode() + b"\n")
                    await writer.drain()
        finally:
            writer.close()  # also after a wrong word

    path = socket_path()
    if _HAS_UNIX_SOCKETS:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        before = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(talk, path, limit=MAX_REQUEST_BYTES)
        finally:
            os.umask(before)
    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=MAX_REQUEST_BYTES)
    _write_address(path, f"{server.sockets[0].getsockname()[1]} {word}")
    return server


def _write_address(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def remove_socket() -> None:
    """Take the socket away at the end, so that clients need not try it."""
    try:
        os.unlink(socket_path())
    except FileNotFoundError:
        return
