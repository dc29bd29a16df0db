"""The single running instance of Sayso per user, and its control socket.

The client half imports only modules that Python has loaded anyway, so that `sayso start` takes well
under 100 ms. Request and response are one line each. Only the user can access the socket (folder
0700, socket 0600). Where the system names the user of the other end (Linux), both ends check it.
Where Python has no Unix sockets (Windows), Sayso uses a loopback port and a random token, both in a
file that only the user can read.
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
MAX_REQUEST_BYTES = 4096
_HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX")

RequestHandler = Callable[[str], Awaitable[str]]


def runtime_folder() -> str:
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
            raise PermissionError(f"{path} belongs to another user.")
        os.chmod(path, 0o700)
    return path


def socket_path() -> str:
    return os.path.join(runtime_folder(), "sayso.sock")


def lock_path() -> str:
    return socket_path() + ".lock"


def request(command: str) -> str | None:
    """Send one line to the running Sayso; return its response, or None if none is running."""
    try:
        with _connect() as connection, connection.makefile("r", encoding="utf-8") as responses:
            connection.sendall(f"{command}\n".encode())
            return responses.readline().rstrip("\n") or None
    except OSError:
        return None


def _connect() -> socket.socket:
    if _HAS_UNIX_SOCKETS:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(REQUEST_TIMEOUT_S)
        try:
            connection.connect(socket_path())
            if not _peer_is_same_user(connection):
                raise PermissionError("This socket belongs to another user.")
        except OSError:
            connection.close()
            raise
        return connection
    with open(socket_path(), encoding="ascii") as file:
        port, token = file.read().split()
    connection = socket.create_connection(("127.0.0.1", int(port)), REQUEST_TIMEOUT_S)
    connection.sendall(f"{token}\n".encode())
    return connection


def _peer_is_same_user(connection: socket.socket) -> bool:
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the system does not report the user
    # struct ucred: pid, uid and gid of 4 bytes each (unix(7))
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[4:8], sys.byteorder) == os.getuid()


class FileLock:
    """An advisory lock on a file. The system releases it when the process ends."""

    def __init__(self, path: str) -> None:
        self._file = open(  # noqa: SIM115  stays open while the lock is held
            path, "w", opener=lambda path, flags: os.open(path, flags, 0o600)
        )

    def acquire(self) -> bool:
        """Acquire the lock if it is free; return whether it was."""
        try:
            if _HAS_UNIX_SOCKETS:
                import fcntl

                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                import msvcrt

                locking = getattr(msvcrt, "locking")  # noqa: B009  only on Windows
                locking(self._file.fileno(), getattr(msvcrt, "LK_NBLCK"), 1)  # noqa: B009
        except OSError:
            return False
        return True

    def close(self) -> None:
        self._file.close()


def claim(timeout_s: float = STARTUP_TIMEOUT_S) -> FileLock | None:
    """Become the running instance, or return None after asking the running one to show itself.

    If several processes start at once, one gets the lock and the others wait until it responds; if
    it ends instead, one of them takes its place. An instance that responds although the lock is
    free is still running: its lock file was deleted.

    Raises:
        OSError: TimeoutError if the lock's holder neither responds nor ends; or no folder.
    """
    import time

    lock = FileLock(lock_path())
    deadline_s = time.monotonic() + timeout_s
    while True:
        acquired = lock.acquire()
        if request("show") is not None:
            lock.close()
            return None
        if acquired:
            return lock
        if time.monotonic() > deadline_s:
            lock.close()
            raise TimeoutError("Another Sayso is starting or ending, but does not respond.")
        time.sleep(0.1)


async def serve(handler: RequestHandler) -> asyncio.Server:
    """Respond to requests until the server is closed. The caller must hold the lock."""
    import asyncio
    import contextlib
    import secrets

    token = "" if _HAS_UNIX_SOCKETS else secrets.token_urlsafe(24)

    async def serve_client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, ValueError, TimeoutError):
                async with asyncio.timeout(REQUEST_TIMEOUT_S):
                    peer = writer.get_extra_info("socket")
                    if _HAS_UNIX_SOCKETS and not _peer_is_same_user(peer):
                        return
                    if token and (await reader.readline()).decode().strip() != token:
                        return
                    command = (await reader.readline()).decode().strip()
                    writer.write((await handler(command)).encode() + b"\n")
                    await writer.drain()
        finally:
            writer.close()

    path = socket_path()
    if _HAS_UNIX_SOCKETS:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        previous_umask = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(serve_client, path, limit=MAX_REQUEST_BYTES)
        finally:
            os.umask(previous_umask)
    server = await asyncio.start_server(serve_client, "127.0.0.1", 0, limit=MAX_REQUEST_BYTES)
    port = server.sockets[0].getsockname()[1]
    with open(path, "w", encoding="ascii") as file:  # noqa: ASYNC230  a few bytes, at startup
        file.write(f"{port} {token}")
    return server


def remove_socket() -> None:
    try:
        os.unlink(socket_path())
    except FileNotFoundError:
        return
