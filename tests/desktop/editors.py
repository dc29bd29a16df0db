"""Real programs to insert text into, which report their exact content.

    with Display() as display, GtkEditor(display) as editor:
        ...                                   # something types "Hello"
        assert editor.wait_for("Hello") == "Hello"
        editor.clear()

An entered editor has the keyboard focus. `changed_at()` returns the time of the last change, by
`time.time()`, for measuring latencies.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import connect
from Xlib.error import BadWindow

import canary

from .processes import Component, wait_until
from .x_server import Display

LIMIT_S = 10.0
_PROGRAMS = Path(__file__).with_name("programs")
_PACKAGE = Path(__file__).parents[2] / "desktop"


class Program(Component):
    """A child process on the display, with its own home; terminated with its children."""

    name = ""

    def __init__(self, display: Display) -> None:
        self.display = display
        self._temporary = tempfile.TemporaryDirectory(
            prefix="sayso-program-", ignore_cleanup_errors=True
        )
        self.folder = Path(self._temporary.name)
        self._process: subprocess.Popen[str] | None = None

    def close(self) -> None:
        if self._process is not None:
            # Chromium has children, which are in its process group.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        canary.scan(Path(self._temporary.name))
        self._temporary.cleanup()

    def _start(self, *command: str, pipes: bool = False) -> None:
        environ = os.environ | self.display.environ | {"HOME": str(self.folder)}
        for name in ("DBUS_SESSION_BUS_ADDRESS", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
            environ.pop(name, None)
        environ |= {"XDG_RUNTIME_DIR": str(self.folder), "PYTHONPATH": str(_PACKAGE)}
        self._process = subprocess.Popen(
            command, env=environ, text=True, start_new_session=True,
            stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipes else subprocess.DEVNULL,
            stderr=None if pipes else subprocess.DEVNULL,
        )  # fmt: skip


class JsonProgram(Program):
    """A program of `programs/` that answers each JSON line with one JSON line."""

    python = sys.executable
    script = ""

    def ask(self, question: Any) -> Any:
        self.send(question)
        return self.receive()

    def send(self, question: Any) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()

    def receive(self) -> Any:
        """Return the answer to the question that was sent."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"{self.name} has ended"
        return json.loads(line)

    def _open(self) -> None:
        self._start(self.python, str(_PROGRAMS / self.script), pipes=True)


class Editor(Program):
    """A window with one text field."""

    window = 0
    """The X window, which is active when the editor is entered."""

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            wait_until(self.is_focused, f"{self.name} has the focus", 30)
            wait_until(self._is_active, f"{self.name} is the active window")
            self.window = self.display.active_window()
        except BaseException:
            self.close()
            raise
        return self

    def _is_active(self) -> bool:
        """Return whether the active window belongs to this program and not to a closed one."""
        return self._process is not None and self.display.active_process_id() == self._process.pid

    def text(self) -> str:
        """Return the exact content of the field."""
        raise NotImplementedError

    def clear(self) -> None:
        raise NotImplementedError

    def is_focused(self) -> bool:
        """Return whether the program reports that the field has the focus."""
        raise NotImplementedError

    def changed_at(self) -> float:
        """Return the time of the last change, by `time.time()`."""
        raise NotImplementedError

    def wait_for(self, text: str, limit_s: float = LIMIT_S) -> str:
        """Wait until the field has this text, and return its text then or at the timeout."""
        deadline = time.monotonic() + limit_s
        while (found := self.text()) != text and time.monotonic() < deadline:
            time.sleep(0.005)
        return found


class _JsonEditor(JsonProgram, Editor):
    def text(self) -> str:
        return str(self.ask("text"))

    def clear(self) -> None:
        self.ask("clear")

    def is_focused(self) -> bool:
        return bool(self.ask("focused"))

    def changed_at(self) -> float:
        return float(self.ask("changed_at"))


class GtkEditor(_JsonEditor):
    """A GTK 3 TextView; needs python3-gi of the distribution."""

    name = "GTK"
    python = "/usr/bin/python3"
    script = "gtk_editor.py"


class QtEditor(_JsonEditor):
    """A QPlainTextEdit."""

    name = "Qt"
    script = "qt_editor.py"


class Xterm(Editor):
    """A terminal whose program records every byte. Enter is a carriage return."""

    name = "xterm"

    @property
    def _received(self) -> Path:
        return self.folder / "received"

    def text(self) -> str:
        return self._received.read_bytes().decode("utf-8", "replace")

    def clear(self) -> None:
        os.truncate(self._received, 0)

    def is_focused(self) -> bool:
        if not self._received.exists():
            return False
        window = self.display.active_window()
        if not window:
            return False
        try:
            names = self.display.connection.create_resource_object("window", window).get_wm_class()
        except BadWindow:  # the window was closed
            return False
        return names is not None and names[1] == "XTerm"

    def changed_at(self) -> float:
        return self._received.stat().st_mtime

    def _open(self) -> None:
        reader = str(_PROGRAMS / "tty_reader.py")
        self._start("xterm", "-u8", "-e", sys.executable, reader, str(self._received))


class Chromium(Editor):
    """A textarea in a page, read by DevTools."""

    name = "Chromium"
    _PAGE = (
        "data:text/html;charset=utf-8,<title>field</title><textarea id=t autofocus rows=20 "
        "cols=80></textarea><script>let at=0;t.oninput=()=>at=Date.now();t.focus()</script>"
    )

    def __init__(self, display: Display) -> None:
        super().__init__(display)
        self._socket: Any = None
        self._last_id = 0

    def text(self) -> str:
        return str(self._evaluate("t.value"))

    def clear(self) -> None:
        self._evaluate("t.value=''")

    def is_focused(self) -> bool:
        return bool(self._evaluate("document.hasFocus() && document.activeElement === t"))

    def changed_at(self) -> float:
        return float(self._evaluate("at")) / 1000

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        super().close()

    def _open(self) -> None:
        self._start(
            "chromium", "--no-sandbox", "--password-store=basic", "--disable-gpu",
            "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            "--no-default-browser-check", "--disable-extensions", "--disable-default-apps",
            "--disable-domain-reliability", "--no-pings", "--remote-debugging-port=0",
            f"--user-data-dir={self.folder}/profile", f"--app={self._PAGE}",
        )  # fmt: skip
        port = self.folder / "profile" / "DevToolsActivePort"
        wait_until(
            lambda: port.exists() and len(port.read_text().split()) == 2, "DevTools is there", 40
        )
        address = f"127.0.0.1:{port.read_text().split()[0]}"
        page: list[str] = []

        def there() -> bool:
            with urllib.request.urlopen(f"http://{address}/json", timeout=5) as answer:
                found = [p for p in json.load(answer) if p["type"] == "page"]
            page[:] = [p["webSocketDebuggerUrl"] for p in found if p["title"] == "field"]
            return bool(page)

        wait_until(there, "the page is there", 30)
        self._socket = connect(page[0], compression=None, max_size=None)

    def _evaluate(self, script: str) -> Any:
        self._last_id += 1
        parameters = {"expression": script, "returnByValue": True}
        call = {"id": self._last_id, "method": "Runtime.evaluate", "params": parameters}
        self._socket.send(json.dumps(call))
        while True:
            answer = json.loads(self._socket.recv(timeout=20))
            if answer.get("id") == self._last_id:
                assert "exceptionDetails" not in answer["result"], answer
                return answer["result"]["result"].get("value")


EDITORS: tuple[type[Editor], ...] = (GtkEditor, QtEditor, Xterm, Chromium)
