"""A complete desktop on which Sayso is started and used as a user does.

    with Desktop(folder) as desktop:
        desktop.start_app()
        desktop.wait_until_ready()
        with desktop.hold("Control_R"):
            desktop.sound.play(path)
        print(desktop.wait_for_take()["text"])

Screen, session and sound are its own, and so are all of Sayso's folders, except for the
cache, which keeps the on-device model for every app started here.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from Xlib import X

from .processes import wait_until
from .session import Keyring, Session
from .sound import SoundServer
from .x_server import Display, window_title

SCRIPT = Path(sys.executable).with_name("sayso")
COMMAND = [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-m", "sayso"]
PACKAGE = Path(__file__).parents[2] / "desktop"


class Desktop:
    """One display, session and sound server, for several runs of the application."""

    def __init__(
        self, folder: Path, *, keyring: Keyring = "open", cache: Path | None = None
    ) -> None:
        self.folder = folder
        self._cache = cache or folder / "cache"
        self._keyring: Keyring = keyring
        self._stack = ExitStack()
        self._apps = 0
        self._app: subprocess.Popen[bytes] | None = None
        self._extra_environ: dict[str, str] = {}

    def __enter__(self) -> Desktop:
        with ExitStack() as stack:
            self.display = stack.enter_context(Display())
            self.session = stack.enter_context(Session(self.display.environ, keyring=self._keyring))
            self.sound = stack.enter_context(SoundServer())
            stack.callback(self.stop_app)
            self.create_home()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # Sayso

    def create_home(self) -> Path:
        """Use new, empty folders for Sayso from now on."""
        self._apps += 1
        self.home = self.folder / f"home-{self._apps}"
        for name in ("", "config", "data", "state", "run"):
            (self.home / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.home

    @contextmanager
    def fresh_home(self) -> Iterator[Self]:
        """Run one test in a new home, and check that Sayso exits without an error."""
        self.create_home()
        yield self
        exit_code = self.stop_app()
        printed = self.log.read_text("utf-8") if self.log.exists() else ""
        assert "Traceback" not in printed, printed
        assert exit_code in (None, 0), f"sayso ended with {exit_code}: {printed}"

    @property
    def environ(self) -> dict[str, str]:
        """Environment of a program on this desktop."""
        own = {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_RUNTIME_DIR": str(self.home / "run"),
            "XDG_CACHE_HOME": str(self._cache),
            "PYTHONPATH": str(PACKAGE),
            "PYTHONFAULTHANDLER": "1",
            "QT_QPA_PLATFORM": "xcb",
        }
        there = os.environ | self.display.environ | self.session.environ | self.sound.environ
        for name in ("OPENAI_API_KEY", "WAYLAND_DISPLAY"):
            there.pop(name, None)
        return there | own | self._extra_environ

    def sayso(
        self, *words: str, stdin: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a `sayso` command as in a terminal."""
        return subprocess.run(
            [*COMMAND, *words],
            input=stdin, env=self.environ | dict(env or {}),
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def configure(self, **settings: str) -> None:
        """Run `sayso config set`; `configure(hotkey__mode="toggle")` sets hotkey.mode."""
        for name, value in settings.items():
            done = self.sayso("config", "set", name.replace("__", "."), value)
            assert done.returncode == 0, done.stderr

    def start_app(
        self, *, env: Mapping[str, str] | None = None, prefix: Sequence[str] = (), **settings: str
    ) -> None:
        """Start `sayso` with these settings; returns when it responds.

        `prefix` is a command such as `unshare` that starts it.
        """
        self._extra_environ = dict(env or {})
        self.configure(**settings)
        with self.log.open("ab") as log:
            self._app = subprocess.Popen(
                [*prefix, *COMMAND],
                env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            wait_until(self._is_responding, "sayso responds", 20)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._logs()}") from None

    def stop_app(self) -> int | None:
        """Quit, and return the exit code, or None if Sayso was not running."""
        if self._app is None:
            return None
        app, self._app = self._app, None
        if app.poll() is None:
            self.sayso("quit")
        try:
            return app.wait(timeout=10)
        except subprocess.TimeoutExpired:
            app.send_signal(signal.SIGABRT)  # faulthandler prints the stack of every thread
            app.wait()
            raise AssertionError(f"sayso did not quit within 10 s\n{self._logs()}") from None
        finally:
            self._extra_environ = {}

    def kill_app(self) -> None:
        """Kill the process, as a crash does."""
        assert self._app is not None
        self._app.kill()
        self._app.wait()

    def recording_path(self, take_id: str) -> Path | None:
        """Return the recording of a take if it contains audio."""
        paths = [path for end in ("wav", "flac") for path in self.home.rglob(f"{take_id}.{end}")]
        found = [path for path in paths if size_of(path) > 44]
        return found[0] if found else None

    def has_recorded(self, duration_s: float, rate_hz: int = 48000) -> bool:
        """Return True if the newest recording is at least this long."""
        sizes = [size_of(path) for path in sorted(self.home.rglob("takes/*.wav"))]
        return bool(sizes) and sizes[-1] >= duration_s * rate_hz * 2

    def _logs(self) -> str:
        files = [self.log, *self.home.rglob("sayso.log")]
        return "\n".join(path.read_text("utf-8")[-6000:] for path in files if path.exists())

    @property
    def log(self) -> Path:
        """File with the output of Sayso."""
        return self.home / "printed.log"

    @property
    def pid(self) -> int:
        assert self._app is not None, "no app was started"
        return self._app.pid

    def status(self) -> dict[str, Any]:
        done = self.sayso("status", "--json")
        assert done.returncode == 0, done.stderr
        status: dict[str, Any] = json.loads(done.stdout)
        return status

    def wait_for(self, timeout_s: float = 20, **wanted: Any) -> dict[str, Any]:
        """Wait for a status with these values, such as `state="listening"`, and return it."""
        seen: list[dict[str, Any]] = [{}]

        def there() -> bool:
            seen[0] = self.status()
            return all(seen[0].get(name) == value for name, value in wanted.items())

        try:
            wait_until(there, f"status {wanted}", timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; it was {seen[0]}") from None
        return seen[0]

    def wait_until_ready(self, timeout_s: float = 60) -> dict[str, Any]:
        return self.wait_for(timeout_s, ready=True)

    def wait_for_take(self, after: str = "", timeout_s: float = 30) -> dict[str, Any]:
        """Wait until a take is over that is not `after`; return its summary."""
        seen: list[dict[str, Any]] = [{}]

        def over() -> bool:
            seen[0] = self.status()
            last = seen[0].get("last")
            return seen[0]["state"] in ("idle", "failed") and bool(last) and last["id"] != after

        try:
            wait_until(over, "a take is over", timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; it was {seen[0]}") from None
        last: dict[str, Any] = seen[0]["last"]
        return last

    def last_take_id(self) -> str:
        return str((self.status()["last"] or {"id": ""})["id"])

    # Actions of the user

    @contextmanager
    def hold(self, key: str = "Control_R") -> Iterator[None]:
        """Hold a key with this X name; it is released in any case."""
        with self.display.holding(key):
            yield

    def dictate(self, path: Path, key: str = "Control_R") -> dict[str, Any]:
        """Hold the key, play the speech, release the key, and return the summary of the take."""
        before = self.last_take_id()
        with self.hold(key):
            self.wait_for(state="listening")
            self.sound.play(path)
        return self.wait_for_take(after=before)

    def activate(self, window: int) -> None:
        """Activate a window and wait until it has the focus."""
        subprocess.run(["xdotool", "windowactivate", str(window)], env=self.environ, check=True)
        wait_until(lambda: self.display.active_window() == window, "the window has the focus")

    def titles(self) -> list[str]:
        """Return the titles of all windows."""
        return list(self._windows().values())

    def window(self, title: str) -> int:
        """Wait for the window with this title and return its id."""
        wait_until(lambda: title in self.titles(), f"the window {title}")
        return next(number for number, name in self._windows().items() if name == title)

    def _windows(self) -> dict[int, str]:
        connection = self.display.connection
        windows = connection.screen().root.get_full_property(
            connection.intern_atom("_NET_CLIENT_LIST"), X.AnyPropertyType
        )
        numbers = windows.value if windows else ()
        return {number: window_title(connection, number) for number in numbers}

    def click_indicator(self, from_right: int) -> None:
        """Click this many pixels left of the right edge of the indicator window."""
        find = ["xdotool", "search", "--onlyvisible", "--name", "^Sayso$"]
        seen: list[str] = []

        def shown() -> bool:
            done = subprocess.run(find, env=self.environ, capture_output=True, text=True)
            seen[:] = done.stdout.split()
            return bool(seen)

        wait_until(shown, "the indicator is shown")
        connection = self.display.connection
        window = connection.create_resource_object("window", int(seen[-1]))
        size = window.get_geometry()
        place = window.translate_coords(connection.screen().root, 0, 0)
        x, y = -place.x + size.width - from_right, -place.y + size.height // 2
        subprocess.run(
            ["xdotool", "mousemove", str(x), str(y), "click", "1"], env=self.environ, check=True
        )

    def screenshot(self, path: Path) -> None:
        subprocess.run(["import", "-window", "root", str(path)], env=self.environ, check=True)

    def _is_responding(self) -> bool:
        assert self._app is not None
        gone = self._app.poll()
        assert gone is None, f"sayso ended with {gone}: {self.log.read_text('utf-8')}"
        return self.sayso("status", "--json").returncode == 0


def files_below(folder: Path) -> Iterator[Path]:
    """Return all files; some may be deleted at any time."""
    return (path for path in folder.rglob("*") if path.is_file())


def size_of(path: Path) -> int:
    """Return the size of a file, or 0 if it was deleted in the meantime."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
