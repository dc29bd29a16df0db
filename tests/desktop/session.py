"""A session bus, a keyring and a tray.

    with Session(display.environ) as session:
        environ = os.environ | display.environ | session.environ

The bus has no service folders, so that nothing starts by itself. The keyring is gnome-keyring,
which can be locked or left out. The tray of tint2 accepts the icons of Qt (XEmbed).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from Xlib.display import Display

import canary

from .processes import Component, terminate, wait_until

Keyring = Literal["open", "locked", "none"]

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={folder}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
TRAY = """rounded = 0
border_width = 0
background_color = #2a2a30 100
panel_items = FSC
panel_size = 100% 32
panel_background_id = 1
panel_padding = 8 0 8
systray_icon_size = 22
time1_format = %H:%M
clock_font_color = #f2f2f5 100
"""
LOGIN_COLLECTION = "/org/freedesktop/secrets/collection/login"
PASSWORD = "a password for tests"


class Session(Component):
    """The parts of a session besides display and sound."""

    def __init__(
        self, display: Mapping[str, str], *, keyring: Keyring = "open", tray: bool = True
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sayso-session-")
        self.folder = Path(self._folder.name)
        self.logs = self.folder / "logs"
        self._display = dict(display)
        self._keyring = keyring
        self._tray = tray
        self._children: list[subprocess.Popen[bytes]] = []

    @property
    def environ(self) -> dict[str, str]:
        """Environment variables of the session."""
        return {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.folder}/bus", "NO_AT_BRIDGE": "1"}

    def lock(self) -> None:
        """Lock every keyring; it stays locked when a program asks to unlock it."""
        self._call("org.freedesktop.Secret.Service.Lock", f"array:objpath:{LOGIN_COLLECTION}")

    def close(self) -> None:
        terminate(self._children)
        canary.scan(self.folder)
        self._folder.cleanup()

    def _open(self) -> None:
        self.logs.mkdir()
        self._start_bus()
        if self._keyring != "none":
            self._start_keyring()
        if self._keyring == "locked":
            self.lock()
        if self._tray:
            self._start_tray()

    def _start_bus(self) -> None:
        config = self.folder / "bus.conf"
        config.write_text(BUS.format(folder=self.folder), "utf-8")
        self._start("dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile")
        wait_until((self.folder / "bus").exists, "the bus listens")

    def _start_keyring(self) -> None:
        daemon = self._start(
            "gnome-keyring-daemon", "--foreground", "--components=secrets", "--unlock",
            stdin=subprocess.PIPE,
        )  # fmt: skip
        assert daemon.stdin is not None
        daemon.stdin.write(PASSWORD.encode())
        daemon.stdin.close()
        wait_until(lambda: self._name_has_owner("org.freedesktop.secrets"), "the keyring answers")

    def _start_tray(self) -> None:
        config = self.folder / "tint2rc"
        config.write_text(TRAY, "utf-8")
        self._start("tint2", "-c", str(config))
        wait_until(self._tray_is_there, "the tray is there")

    def _tray_is_there(self) -> bool:
        """Return True if a window owns the selection that tray icons dock into."""
        display = Display(self._display["DISPLAY"])
        try:
            return bool(display.get_selection_owner(display.intern_atom("_NET_SYSTEM_TRAY_S0")))
        finally:
            display.close()

    def _name_has_owner(self, name: str) -> bool:
        done = self._run(
            "dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus",
            "/", "org.freedesktop.DBus.NameHasOwner", f"string:{name}",
        )  # fmt: skip
        return "boolean true" in done.stdout

    def _call(self, method: str, *arguments: str) -> str:
        done = self._run(
            "dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets",
            "/org/freedesktop/secrets", method, *arguments,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def _full_environ(self) -> dict[str, str]:
        own = {"XDG_RUNTIME_DIR": str(self.folder), "XDG_DATA_HOME": str(self.folder / "data")}
        return os.environ | self._display | self.environ | own | {"HOME": str(self.folder)}

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=self._full_environ, capture_output=True, text=True, check=False
        )

    def _start(self, *command: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        with (self.logs / f"{command[0]}.log").open("wb") as log:
            child = subprocess.Popen(
                command, env=self._full_environ, stdin=stdin, stdout=log, stderr=log
            )
        self._children.append(child)
        return child
