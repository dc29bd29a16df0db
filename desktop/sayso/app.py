"""Composition root: creates and connects all components. Imported by the command line only."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from .audio.cues import CuePlayer
from .audio.microphone import Microphone
from .audio.player import Player
from .control_server import ControlServer
from .core.dictation import events as e
from .core.dictation.status import Status
from .core.problems import Problem, ProblemError
from .core.settings import settings as s
from .core.settings.settings import Settings
from .core.usage import month_of
from .dictation.worker import Worker, WorkerDeps
from .storage import instance, paths, settings_file
from .storage import log as logs
from .storage.archive import Archive
from .storage.history import HistoryStore
from .storage.keyring import ApiKeyStore
from .storage.model_store import ModelStore
from .storage.recordings import Recordings
from .stt.factory import create_engine
from .system import current_platform
from .ui.actions import Actions
from .ui.background import Background
from .ui.bridge import Bridge
from .ui.clipboard import QtClipboard
from .ui.indicator.overlay import Overlay
from .ui.signals import SignalHandler
from .ui.tray import Tray

if TYPE_CHECKING:
    from .ui.history.window import HistoryWindow
    from .ui.settings.window import SettingsWindow

log = logging.getLogger(__name__)

CUE_TIMEOUT_S = 1.0
EXIT_DISPLAY_LOST = 1
"""Exit code of the Qt event loop after the connection to the X server was lost."""


def run(lock: instance.FileLock, *, verbose: bool = False) -> int:
    """Run the application until the user quits it, then release the lock."""
    problem = logs.log_to_file(paths.log_file(), verbose=verbose)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("sayso")
    application.setDesktopFileName("sayso")
    application.setQuitOnLastWindowClosed(False)
    app = App(application, [problem] if problem else [])
    app.start()
    code = EXIT_DISPLAY_LOST
    try:
        code = application.exec()
    finally:
        app.shut_down(display_lost=code == EXIT_DISPLAY_LOST)
        lock.close()
    return code


class App:
    """Used in the main thread, except for methods that are called by the worker."""

    def __init__(self, application: QApplication, problems: list[Problem]) -> None:
        self._application = application
        self._path = paths.settings_file()
        self._platform = current_platform()
        self._settings, unread = settings_file.load(self._path)
        if not self._path.exists():
            chord = self._platform.hotkey.default_hotkey
            self._settings = s.put(self._settings, "hotkey.chord", chord)
        self._key_store = ApiKeyStore()
        self._microphone = Microphone()
        self._cues = CuePlayer()
        self._player = Player()
        self._bridge = Bridge()
        self._background = Background()
        self._clipboard = QtClipboard(self._platform.selection_responds)
        self._model_store = ModelStore(paths.models(), paths.cache())
        self._problem_codes: deque[str] = deque(maxlen=10)
        self._level_listener: Callable[[float], None] | None = None
        self._archive = Archive(
            Recordings(paths.recordings()),
            HistoryStore(paths.database(), on_problem=self._report_problem),
            on_problem=self._report_problem,
            on_change=self._bridge.history_changed.emit,
        )
        self._worker = Worker(self._worker_deps(), self._settings)
        # Some methods of the protocols in `ui.actions` are methods of a component.
        self.post, self.transcribe_again = self._worker.post, self._worker.transcribe_again
        self.copy, self.stop_playing = self._clipboard.copy, self._player.stop
        self.delete_all = self._archive.delete_all
        self.usage_of_month = self._archive.usage.days
        self._actions = Actions(
            dictation=self,
            history=self,
            settings=self,
            windows=self,
            api_keys=self._key_store,
            models=self._model_store,
        )
        self._tray = Tray(self._actions, self._background)
        self._overlay = Overlay(self._actions, self._platform.screen)
        self._settings_window: SettingsWindow | None = None
        self._history_window: HistoryWindow | None = None
        self._problems = [*problems, *unread, *self._platform.missing_requirements()]

    def start(self) -> None:
        self._tray.connect_to(self._bridge)
        self._overlay.connect_to(self._bridge)
        self._bridge.settings_requested.connect(self.open_settings)
        self._bridge.settings_changed.emit(self._settings)
        self._tray.start()
        self._signals = SignalHandler(self.quit)
        self._worker.start()
        self._server = self._worker.submit(instance.serve(self._control_server().answer)).result()
        for problem in self._problems:
            self._worker.report_problem(problem)

    def shut_down(self, *, display_lost: bool) -> None:
        """Stop everything; after a lost display, active takes are recovered at the next start."""
        if display_lost:
            log.warning("The display is gone; Sayso exits")
        if self._history_window:
            self._history_window.apply_deletions()
        self._worker.submit(_close(self._server)).result()
        instance.remove_socket()
        self._worker.stop(keep_unfinished=display_lost)
        self._model_store.close()
        self._background.stop()
        self._tray.icon.hide()
        self._clipboard.close()
        self._player.close()
        self._cues.wait_until_played(CUE_TIMEOUT_S)  # PortAudio ends with Python

    # Components

    def _worker_deps(self) -> WorkerDeps:
        return WorkerDeps(
            microphone=self._microphone,
            archive=self._archive,
            create_engine=lambda settings: create_engine(
                settings, self._key_store.get, paths.models(), paths.cache()
            ),
            hotkey=self._platform.hotkey,
            typist=self._platform.typist,
            focus=self._platform.focus,
            clipboard=self._clipboard,
            play_cue=self._cues.play,
            on_status=self._on_status,
            on_level=self._on_level,
        )

    def _control_server(self) -> ControlServer:
        def in_main(function: Callable[[], None]) -> Callable[[], None]:
            return lambda: self._bridge.call(function)

        return ControlServer(
            self._worker,
            self._key_store,
            {
                "quit": in_main(self.quit),
                "show": in_main(lambda: self.open_settings("")),
                "history": in_main(self.open_history),
                "reload": in_main(self._reload),
            },
        )

    def quit(self) -> None:
        self._application.exit(0)  # quit() would ask each window first

    # DictationControl, HistoryControl, SettingsControl and WindowControl

    def microphones(self) -> dict[str, str]:
        return {row.name: row.description for row in self._microphone.devices()}

    def change(self, key: str, value: object) -> Problem | None:
        return self.edit(lambda settings: s.put(settings, key, value))

    def edit(self, edit: Callable[[Settings], Settings]) -> Problem | None:
        try:
            settings = edit(self._settings)
            settings_file.save(self._path, settings)
        except ProblemError as error:
            return error.problem
        self._apply_settings(settings)
        return None

    def _apply_settings(self, settings: Settings) -> None:
        self._settings = settings
        self._worker.configure(settings)
        self._bridge.settings_changed.emit(settings)

    def _reload(self) -> None:
        settings, problems = settings_file.load(self._path)
        self._apply_settings(settings)
        for problem in problems:
            self._worker.report_problem(problem)

    def _report_problem(self, problem: Problem) -> None:
        """Can be called in any thread."""
        self._worker.report_problem(problem)

    def copy_text(self) -> None:
        status = self._worker.status
        if text := status.held_text or status.last_text:
            self._clipboard.copy(text)

    def start_level_meter(self, on_level: Callable[[float], None]) -> Callable[[], None]:
        self._level_listener = on_level
        self._worker.enable_level_meter(True)

        def stop() -> None:
            self._level_listener = None
            self._worker.enable_level_meter(False)

        return stop

    def _on_status(self, status: Status) -> None:
        """Called by the worker."""
        if status.problem and status.problem.code not in self._problem_codes:
            self._problem_codes.append(status.problem.code)
        if status.state == "listening":
            self._player.stop()  # otherwise it would be recorded
        self._bridge.status_changed.emit(status)

    def _on_level(self, dbfs: float) -> None:
        """Called by the worker."""
        self._bridge.level_measured.emit(dbfs)
        if levels := self._level_listener:
            levels(dbfs)

    def record_hotkey(self, on_chord: Callable[[str], None]) -> Callable[[], None]:
        self._worker.record_hotkey(on_chord)
        return lambda: self._worker.record_hotkey(None)

    def test_connection(self) -> str:
        from .stt.connection_test import check_connection, success_message
        from .stt.factory import create_server_engine

        settings = self._settings
        engine = create_server_engine(settings.endpoint, settings.language, self._key_store.get)
        return success_message(asyncio.run(check_connection(engine)))

    def recent_problem_codes(self) -> tuple[str, ...]:
        return tuple(self._problem_codes)

    def fetch_models(self, endpoint: s.Endpoint) -> tuple[str, ...]:
        from .stt.server.model_list import fetch_models

        return asyncio.run(fetch_models(endpoint, self._key_store.get))

    def open_settings(self, page: str) -> None:
        if self._settings_window is None:
            from .ui.settings.window import SettingsWindow  # uses some MB of memory

            self._settings_window = SettingsWindow(self._actions, self._background, self._settings)
            self._bridge.settings_changed.connect(self._settings_window.show_settings)
            self._bridge.history_changed.connect(self._settings_window.refresh_usage)
        self._settings_window.open(page)

    def open_history(self) -> None:
        if self._history_window is None:
            from .ui.history.window import HistoryWindow

            self._history_window = HistoryWindow(
                self._actions, self._archive, self._background, self._settings
            )
            self._bridge.settings_changed.connect(self._history_window.on_settings)
            self._bridge.history_changed.connect(self._history_window.reload)
        self._history_window.open()

    def count_expired(self, settings: s.HistorySettings | None) -> int:
        history = self._archive.history
        if settings is None:
            return len(history.ids())
        return history.count_expired(settings, time.time())

    def reinsert(self, id_: str, excluded_window: int) -> None:
        excluded = self._platform.focus.own(excluded_window)
        self._background.run(
            lambda: self._archive.history.find(id_),
            lambda entry: self._worker.reinsert(entry, excluded),
            self._worker.report_problem,
        )

    def play(self, id_: str, on_end: Callable[[Problem | None], None]) -> None:
        self._player.play(
            lambda: self._archive.recordings.load(id_),
            lambda problem: self._bridge.call(lambda: on_end(problem)),
        )

    def approve_budget(self) -> None:
        def retry(_: object) -> None:
            self._worker.post(e.Retry())
            self._worker.post(e.Dismiss())

        month, budget_usd = month_of(dt.date.today()), self._settings.monthly_budget_usd
        approve = self._archive.usage.approve
        self._background.run(lambda: approve(month, budget_usd), retry, self._worker.report_problem)


async def _close(server: asyncio.Server) -> None:
    server.close()
