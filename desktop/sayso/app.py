"""Joins the parts: machine, worker, interface, control socket. Only `commands` imports it."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from .audio.cues import Sounds
from .audio.microphone import Microphone
from .audio.player import Player
from .control_server import Requests
from .core.dictation import events as e
from .core.dictation.status import Status
from .core.problems import Problem, ProblemError
from .core.settings import settings as s
from .core.settings.settings import Settings
from .core.usage import month_of
from .dictation.insertion import Clipboard
from .dictation.recognition import make_engine
from .dictation.worker import Parts, Worker
from .storage import instance, paths, settings_file
from .storage import log as logs
from .storage.archive import Archive
from .storage.history import History
from .storage.keyring import KeyStore
from .storage.model_store import Downloads
from .storage.recordings import Spool
from .system import this_machine
from .ui.actions import Actions
from .ui.background import Background
from .ui.bridge import Bridge
from .ui.clipboard import Paste
from .ui.indicator.overlay import Desk, Overlay
from .ui.signals import Signals
from .ui.tray import Tray

if TYPE_CHECKING:
    from .ui.history.window import HistoryWindow
    from .ui.settings.window import SettingsWindow

log = logging.getLogger(__name__)

LAST_CUE_S = 1.0
DISPLAY_GONE = 1
"""What Qt ends its loop with when the X server has gone; Quit ends it with 0."""


def run(lock: instance.Lock, *, verbose: bool = False) -> int:
    """Stay until Sayso is quit. The lock is held, and given back at the end."""
    problem = logs.to_file(paths.log(), verbose=verbose)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("sayso")
    application.setDesktopFileName("sayso")
    application.setQuitOnLastWindowClosed(False)
    app = App(application, [problem] if problem else [])
    app.start()
    code = DISPLAY_GONE
    try:
        code = application.exec()
    finally:
        app.stop(display_gone=code == DISPLAY_GONE)
        lock.close()
    return code


class App:
    """Main thread, but for what the worker calls."""

    def __init__(self, application: QApplication, problems: list[Problem]) -> None:
        self._application = application
        self._path = paths.settings_file()
        self._settings, unread = settings_file.load(self._path)
        self._machine = this_machine()
        self._keys = KeyStore()
        self._microphone = Microphone()
        self._sounds = Sounds()
        self._player = Player()
        self._bridge = Bridge()
        self._background = Background()
        self._paste = Paste(self._machine.selection_answers)
        self._downloads = Downloads(paths.models(), paths.cache())
        self._levels: Callable[[float], None] | None = None
        self._archive = Archive(
            Spool(paths.takes()),
            History(paths.history(), warn=self._told),
            warned=self._told,
            changed=self._bridge.history.emit,
        )
        self._worker = Worker(self._parts(), self._settings)
        actions = self._actions()
        self._tray = Tray(actions, self._background)
        screen = self._machine.screen
        self._overlay = Overlay(
            actions, Desk(composited=screen.composited, focus_point=screen.focus_point)
        )
        self._window: SettingsWindow | None = None
        self._history: HistoryWindow | None = None
        self._for_window = actions
        self._problems = [*problems, *unread, *self._machine.obstacles()]

    def start(self) -> None:
        self._tray.follow(self._bridge)
        self._overlay.follow(self._bridge)
        self._bridge.show_settings.connect(self._show_window)
        self._bridge.settings.emit(self._settings)
        self._tray.start()
        self._signals = Signals(self._quit)
        self._worker.start()
        self._server = self._worker.run(instance.serve(self._requests().answer)).result()
        self._listen()
        for problem in self._problems:
            self._worker.tell(problem)

    def stop(self, *, display_gone: bool) -> None:
        """In order: no more keys, no more commands, the takes, then what they were shown on.

        Takes that the end of the display cuts off are finished and offered by the next start.
        """
        if display_gone:
            log.warning("The display has gone: Sayso ends")
        if self._history:
            self._history.flush()
        self._machine.keys.stop()
        self._worker.run(_close(self._server)).result()
        instance.remove()
        self._worker.stop(unfinished=display_gone)
        self._downloads.close()
        self._background.stop()
        self._tray.icon.hide()
        self._paste.close()
        self._player.close()
        self._sounds.wait(LAST_CUE_S)  # PortAudio ends with Python, and breaks a cue that sounds

    # Wiring

    def _parts(self) -> Parts:
        return Parts(
            microphone=self._microphone,
            archive=self._archive,
            make_engine=lambda settings: make_engine(settings, self._keys.get),
            typist=self._machine.typist,
            clipboard=Clipboard(
                paste=self._paste.paste,
                copy=lambda text: self._bridge.call(lambda: self._paste.copy(text)),
            ),
            keys_down=self._machine.keys.really_down,
            cue=self._sounds.play,
            show=self._status,
            level=self._level,
        )

    def _actions(self) -> Actions:
        post = self._worker.post
        return Actions(
            start_hands_free=lambda: post(e.Start(hands_free=True)),
            finish=lambda: post(e.Stop()),
            cancel=lambda: post(e.Cancel()),
            try_again=lambda: post(e.Retry()),
            insert_held=lambda: post(e.InsertHeld()),
            copy_words=self._copy_words,
            dismiss=lambda: post(e.Dismiss()),
            change=self._change,
            edit=self._edit,
            open_settings=self._show_window,
            open_history=self._show_history,
            type_again=self._type_again,
            recognise_again=self._worker.recognise_again,
            play=self._play,
            stop_playing=self._player.stop,
            copy=self._paste.copy,
            history_going=self._history_going,
            delete_history=self._archive.remove_all,
            usage=self._archive.ledger.days,
            go_on=self._go_on,
            quit=self._quit,
            microphones=lambda: {row.name: row.description for row in self._microphone.devices()},
            meter=self._meter,
            record_hotkey=self._record_hotkey,
            key_state=self._keys.where,
            store_key=self._keys.put,
            keep_key_for_run=self._keys.keep_for_this_run,
            forget_key=self._keys.forget,
            test_endpoint=self._test_endpoint,
            server_models=self._server_models,
            models=self._downloads.listed,
            download_model=self._downloads.start,
            cancel_download=self._downloads.cancel,
            remove_model=self._downloads.remove,
        )

    def _requests(self) -> Requests:
        def in_main(act: Callable[[], None]) -> Callable[[], None]:
            return lambda: self._bridge.call(act)

        return Requests(
            self._worker,
            self._keys,
            {
                "quit": in_main(self._quit),
                "show": in_main(lambda: self._show_window("")),
                "history": in_main(self._show_history),
                "reload": in_main(self._reload),
            },
        )

    def _listen(self) -> None:
        """Hear the keys; where they cannot be heard it is said, and the commands still work."""
        keys = self._machine.keys
        try:
            keys.start(
                lambda key: self._worker.key(key, True), lambda key: self._worker.key(key, False)
            )
        except ProblemError as error:
            self._problems.append(error.problem)
        else:
            self._swallow()

    def _swallow(self) -> None:
        if problem := self._machine.keys.swallow(self._settings.hotkey.chord):
            self._worker.tell(problem)

    def _quit(self) -> None:
        """exit() and not quit(), which asks each window first; the settings only hide."""
        self._application.exit(0)

    # What the interface asks for

    def _change(self, key: str, value: object) -> Problem | None:
        return self._edit(lambda settings: s.put(settings, key, value))

    def _edit(self, edit: Callable[[Settings], Settings]) -> Problem | None:
        try:
            settings = edit(self._settings)
            settings_file.save(self._path, settings)
        except ProblemError as error:
            return error.problem
        self._take_settings(settings)
        return None

    def _take_settings(self, settings: Settings) -> None:
        before, self._settings = self._settings, settings
        self._worker.configure(settings)
        if settings.hotkey != before.hotkey:
            self._swallow()
        self._bridge.settings.emit(settings)

    def _reload(self) -> None:
        settings, problems = settings_file.load(self._path)
        self._take_settings(settings)
        for problem in problems:
            self._worker.tell(problem)

    def _told(self, problem: Problem) -> None:
        """Any thread."""
        self._worker.tell(problem)

    def _copy_words(self) -> None:
        status = self._worker.status
        if text := status.held or status.last_text:
            self._paste.copy(text)

    def _meter(self, heard: Callable[[float], None]) -> Callable[[], None]:
        self._levels = heard
        self._worker.meter(True)

        def stop() -> None:
            self._levels = None
            self._worker.meter(False)

        return stop

    def _status(self, status: Status) -> None:
        """Called by the worker."""
        if status.state == "listening":
            self._player.stop()  # the microphone would hear it
        self._bridge.status.emit(status)

    def _level(self, dbfs: float) -> None:
        """Called by the worker."""
        self._bridge.level.emit(dbfs)
        if levels := self._levels:
            levels(dbfs)

    def _record_hotkey(self, done: Callable[[str], None]) -> Callable[[], None]:
        self._machine.keys.swallow("")
        self._worker.record_hotkey(done)

        def stop() -> None:
            self._worker.record_hotkey(None)
            self._swallow()

        return stop

    def _test_endpoint(self) -> str:
        from .stt.factory import engine_for
        from .stt.realtime.engine import it_works, try_out

        settings = self._settings
        engine = engine_for(settings.endpoint, settings.language, self._keys.get)
        return it_works(try_out(engine))

    def _server_models(self, endpoint: s.Endpoint) -> tuple[str, ...]:
        from .stt.server.model_list import asked

        return asked(endpoint, self._keys.get)

    def _show_window(self, page: str) -> None:
        if self._window is None:
            from .ui.settings.window import SettingsWindow  # some MB, not needed at start

            self._window = SettingsWindow(self._for_window, self._background, self._settings)
            self._bridge.settings.connect(self._window.show_settings)
            self._bridge.history.connect(self._window.count_again)
        self._window.open(page)

    def _show_history(self) -> None:
        if self._history is None:
            from .ui.history.window import HistoryWindow

            self._history = HistoryWindow(
                self._for_window, self._archive, self._background, self._settings
            )
            self._bridge.settings.connect(self._history.use)
            self._bridge.history.connect(self._history.reload)
        self._history.open()

    def _history_going(self, rule: s.History | None) -> int:
        history = self._archive.history
        return len(history.ids()) if rule is None else history.going(rule, time.time())

    def _type_again(self, id_: str, not_into: int) -> None:
        self._background.run(
            lambda: self._archive.history.find(id_),
            lambda entry: self._worker.type_again(entry, not_into),
            self._worker.tell,
        )

    def _play(self, id_: str, over: Callable[[Problem | None], None]) -> None:
        self._player.play(
            lambda: self._archive.spool.load(id_),
            lambda problem: self._bridge.call(lambda: over(problem)),
        )

    def _go_on(self) -> None:
        """The month's budget may be passed; what waited for that is recognised."""

        def went_on(_: object) -> None:
            self._worker.post(e.Retry())
            self._worker.post(e.Dismiss())

        month, budget_usd = month_of(dt.date.today()), self._settings.monthly_budget_usd
        ledger = self._archive.ledger
        self._background.run(lambda: ledger.allow(month, budget_usd), went_on, self._worker.tell)


async def _close(server: asyncio.Server) -> None:
    server.close()
