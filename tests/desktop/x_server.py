"""A private display: an X server without a monitor, a window manager and a keyboard.

    with Display() as display:
        environ = os.environ | display.environ      # for programs on the display
        display.tap("F9")                            # keys by X name, buttons by number
        display.set_layout("us,ru")

It does not touch the display of the user. It may run as root and needs no GPU.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from Xlib import XK, X, error
from Xlib.display import Display as Connection
from Xlib.ext import xtest

import canary

from .processes import Component, terminate, wait_until

XK.load_keysym_group("cyrillic")  # python-xlib loads only Latin names by default
START_ATTEMPTS = 20
ISO_NEXT_GROUP = 0xFE08


class Display(Component):
    """Xvfb with openbox, on an unused display number."""

    def __init__(self, *, window_manager: bool = True, size: str = "1280x800x24") -> None:
        self.name = ""
        self._window_manager = window_manager
        self._size = size
        self._children: list[subprocess.Popen[bytes]] = []
        self._home = tempfile.TemporaryDirectory(prefix="sayso-display-")
        self._connection: Any = None

    @property
    def environ(self) -> dict[str, str]:
        """Environment variables for a program on this display."""
        locale = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        return {"DISPLAY": self.name, "NO_AT_BRIDGE": "1", "XDG_SESSION_TYPE": "x11", **locale}

    @property
    def connection(self) -> Any:
        """A python-xlib connection of the test; main thread only."""
        return self._connection

    def kill_server(self) -> None:
        """Kill the X server, as a crash does."""
        self._connection.close()
        self._connection = None
        self._children[0].kill()
        self._children[0].wait()
        for left in (f"/tmp/.X{self.name[1:]}-lock", f"/tmp/.X11-unix/X{self.name[1:]}"):
            Path(left).unlink(missing_ok=True)

    def set_layout(self, layout: str, options: str = "grp:sclk_toggle") -> None:
        """Set the layout by `setxkbmap`. For "us,ru", `next_group` switches between the two."""
        subprocess.run(
            ["setxkbmap", "-display", self.name, "-layout", layout, "-option", "",
             "-option", options],
            check=True, capture_output=True,
        )  # fmt: skip
        self.sync()

    def press(self, key: str | int) -> None:
        """Press a key ("Control_R", "a", "F9") or a mouse button (8)."""
        self._send_input(key, down=True)

    def release(self, key: str | int) -> None:
        self._send_input(key, down=False)

    def tap(self, *keys: str | int) -> None:
        with self.holding(*keys):
            pass

    def next_group(self) -> None:
        """Switch to the next layout by its key, which is Scroll Lock here."""
        self.sync()
        code = self._connection.keysym_to_keycode(ISO_NEXT_GROUP)
        xtest.fake_input(self._connection, X.KeyPress, code)
        xtest.fake_input(self._connection, X.KeyRelease, code)
        self._connection.sync()

    @contextmanager
    def holding(self, *keys: str | int) -> Iterator[None]:
        """Press keys in order, and release them in reverse order at the end."""
        for key in keys:
            self.press(key)
        try:
            yield
        finally:
            for key in reversed(keys):
                self.release(key)

    def keys_down(self) -> set[int]:
        """Return the codes of the keys that the server considers pressed."""
        bits = self._connection.query_keymap()
        return {8 * n + b for n, byte in enumerate(bits) for b in range(8) if byte >> b & 1}

    def modifiers(self) -> int:
        """Return the mask of pressed or locked modifiers."""
        mask: int = self._connection.screen().root.query_pointer().mask & 0xFF
        return mask

    def caps_lock_is_on(self) -> bool:
        return bool(self.modifiers() & X.LockMask)

    def active_window(self) -> int:
        """Return the window that the window manager considers active; 0 if none."""
        return self._window_property("_NET_ACTIVE_WINDOW")

    def active_process_id(self) -> int:
        """Return the process of the active window; 0 if unknown."""
        window = self.active_window()
        return window_process_id(self._connection, window) if window else 0

    def sync(self) -> None:
        while self._connection.pending_events():
            event = self._connection.next_event()
            if event.type == X.MappingNotify:
                self._connection.refresh_keyboard_mapping(event)
        self._connection.sync()

    def close(self) -> None:
        if self._connection is not None:
            with suppress(error.ConnectionClosedError, OSError):
                self._connection.close()
        terminate(self._children)
        canary.scan(Path(self._home.name))
        self._home.cleanup()

    def _open(self) -> None:
        self._start_server()
        if self._window_manager:
            self._start("openbox", "--sm-disable")
            wait_until(self._window_manager_is_running, "the window manager is there")
        self.set_layout("us")

    def _start_server(self) -> None:
        for _ in range(START_ATTEMPTS):
            number = random.randrange(100, 1000)
            if Path(f"/tmp/.X{number}-lock").exists():
                continue
            self.name = f":{number}"
            server = self._start(
                "Xvfb", self.name, "-screen", "0", self._size, "-nolisten", "tcp", "-ac", "-noreset"
            )
            if self._accepts_connections(server):
                return
            self._children.remove(server)
        raise AssertionError(f"no X server in {START_ATTEMPTS} attempts")

    def _accepts_connections(self, server: subprocess.Popen[bytes]) -> bool:
        """Return whether the server runs: a second one with the same number ends at once."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and server.poll() is None:
            if not self._socket_is_open():
                time.sleep(0.005)
                continue
            try:
                self._connection = Connection(self.name)
            except (error.DisplayError, OSError):
                time.sleep(0.02)
                continue
            return server.poll() is None
        server.kill()
        server.wait()
        return False

    def _socket_is_open(self) -> bool:
        """Check the socket first, because python-xlib leaves a refused one open."""
        with socket.socket(socket.AF_UNIX) as asking:
            return asking.connect_ex(f"/tmp/.X11-unix/X{self.name[1:]}") == 0

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        environ = os.environ | self.environ | {"HOME": self._home.name}
        environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
        child = subprocess.Popen(
            command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._children.append(child)
        return child

    def _window_manager_is_running(self) -> bool:
        return self._window_property("_NET_SUPPORTING_WM_CHECK") != 0

    def _window_property(self, name: str) -> int:
        atom = self._connection.intern_atom(name)
        found = self._connection.screen().root.get_full_property(atom, X.AnyPropertyType)
        return int(found.value[0]) if found is not None and len(found.value) else 0

    def _send_input(self, key: str | int, *, down: bool) -> None:
        if isinstance(key, int):
            kind = X.ButtonPress if down else X.ButtonRelease
            xtest.fake_input(self._connection, kind, key)
        else:
            self.sync()
            code = self._connection.keysym_to_keycode(XK.string_to_keysym(key))
            assert code, f"there is no key {key}"
            xtest.fake_input(self._connection, X.KeyPress if down else X.KeyRelease, code)
        self._connection.sync()


def open_sockets() -> set[int]:
    """Return the file descriptors of the sockets of this process."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                found.add(int(name))
    return found


def disconnect(descriptor: int) -> None:
    """Shut down a socket, as if the server had closed the connection."""
    with socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.shutdown(socket.SHUT_RDWR)


class HasDisplay(Protocol):
    """A display, or an object that has one."""

    @property
    def environ(self) -> Mapping[str, str]: ...


def window_titles(there: HasDisplay) -> list[str]:
    """Return the titles of all windows that the window manager lists, oldest first."""
    connection = Connection(there.environ["DISPLAY"])
    try:
        atom = connection.intern_atom("_NET_CLIENT_LIST")
        found = connection.screen().root.get_full_property(atom, X.AnyPropertyType)
        ids = [int(value) for value in found.value] if found is not None else []
        return [window_title(connection, window) for window in ids]
    finally:
        connection.close()


def window_title(connection: Any, window: int) -> str:
    """Return the title of a window; empty if it has none or is closed."""
    return bytes(_property(connection, window, "_NET_WM_NAME") or b"").decode("utf-8", "replace")


def window_process_id(connection: Any, window: int) -> int:
    """Return the process of a window; 0 if it is unknown or the window is closed."""
    found = _property(connection, window, "_NET_WM_PID")
    return int(found[0]) if found else 0


def _property(connection: Any, window: int, name: str) -> Any:
    with suppress(error.BadWindow):  # the window may have been closed
        atom = connection.intern_atom(name)
        found = connection.create_resource_object("window", window).get_full_property(
            atom, X.AnyPropertyType
        )
        if found is not None:
            return found.value
    return None
