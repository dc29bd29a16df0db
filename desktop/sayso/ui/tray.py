"""The tray icon and its menu. Sayso also works without a tray, and waits for one at the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_args

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QAction, QActionGroup, QCursor
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from ..core.dictation import events as e
from ..core.dictation.status import Status
from ..core.problems import Problem
from ..core.settings.endpoint import ON_DEVICE
from ..core.settings.engine_choice import select_engine
from ..core.settings.settings import Settings
from . import messages
from .actions import Actions
from .background import Background
from .bridge import Bridge
from .translate import problem_message, problem_remedy, tr
from .widgets.icons import tray_icon

POLL_INTERVAL_MS = 2000
POLL_TIMEOUT_MS = 60_000
"""A panel may start after Sayso, so Sayso looks for a tray for this long."""


class Tray(QObject):
    """Icon, tooltip, menu and notifications.

    A click opens the menu. It never starts a dictation, because the window that should
    receive the text would lose the focus.
    """

    def __init__(self, actions: Actions, background: Background) -> None:
        super().__init__()
        self._actions, self._background = actions, background
        self._status, self._settings = Status(), Settings()
        self._icons = {state: tray_icon(state) for state in get_args(messages.TrayState)}
        self._current_icon = ""
        self._waited_ms = 0
        self._build_menu()
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._on_activated)
        self.poll_timer = QTimer(self)
        self.poll_timer.setInterval(POLL_INTERVAL_MS)
        self.poll_timer.timeout.connect(self._show_when_available)
        self._refresh()

    def connect_to(self, bridge: Bridge) -> None:
        bridge.status_changed.connect(self.on_status)
        bridge.settings_changed.connect(self.on_settings)

    def start(self) -> None:
        """Show the icon as soon as there is a tray."""
        if not self._show_when_available():
            self.poll_timer.start()

    @Slot(object)
    def on_status(self, status: Status) -> None:
        previous, self._status = self._status, status
        self._refresh()
        if self._settings.pill == "never":
            self._notify(status, previous)

    @Slot(object)
    def on_settings(self, settings: Settings) -> None:
        self._settings = settings
        self._refresh()

    @Slot()
    def _show_when_available(self) -> bool:
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.poll_timer.stop()
            self.icon.show()
            return True
        self._waited_ms += POLL_INTERVAL_MS
        if self._waited_ms > POLL_TIMEOUT_MS:
            self.poll_timer.stop()
        return False

    def _refresh(self) -> None:
        view = messages.tray_view(self._status, self._settings)
        if view.icon != self._current_icon:  # panels flicker when an icon is set again
            self._current_icon = view.icon
            self.icon.setIcon(self._icons[view.icon])
        self.icon.setToolTip(view.tooltip)
        self.status_line.setText(_escaped(view.status_line))
        self.toggle.setText(view.toggle_label)
        self.insert_held.setVisible(view.has_held_text)
        self.copy_text.setEnabled(view.has_text)

    # The menu

    def _build_menu(self) -> None:
        self.menu, actions = QMenu(), self._actions
        self.status_line = self.menu.addAction("")
        self.status_line.setEnabled(False)
        self.menu.addSeparator()
        self.toggle = self._add("", self._on_toggle)
        self.insert_held = self._add(
            tr("Insert the held text"), lambda: actions.dictation.post(e.InsertHeld())
        )
        self.copy_text = self._add(tr("Copy the last text"), lambda: actions.dictation.copy_text())
        self.menu.addSeparator()
        self.microphone_menu = self.menu.addMenu(tr("Microphone"))
        self.microphone_menu.aboutToShow.connect(self._load_microphones)
        self._show_microphones({})
        self.engine_menu = self.menu.addMenu(tr("Transcribe with"))
        self.engine_menu.aboutToShow.connect(self._show_engines)
        self._show_engines()
        self.menu.addSeparator()
        self.history = self._add(tr("History…"), lambda: actions.windows.open_history())
        self.settings = self._add(tr("Settings…"), lambda: actions.windows.open_settings(""))
        self.settings.setMenuRole(QAction.MenuRole.PreferencesRole)
        self.quit = self._add(tr("Quit"), lambda: actions.windows.quit())
        self.quit.setMenuRole(QAction.MenuRole.QuitRole)

    def _add(self, text: str, on_triggered: Callable[[], object]) -> QAction:
        action = self.menu.addAction(text)
        action.triggered.connect(on_triggered)
        return action

    @Slot()
    def _on_toggle(self) -> None:
        listening = self._status.state == "listening"
        self._actions.dictation.post(e.Stop() if listening else e.Start(hands_free=True))

    @Slot()
    def _show_engines(self) -> None:
        names = (ON_DEVICE, *(endpoint.name for endpoint in self._settings.endpoints))
        titles = {name: tr("On this computer") if name == ON_DEVICE else name for name in names}
        view = messages.tray_view(self._status, self._settings)
        _fill(self.engine_menu, titles, view.engine, self._on_engine_chosen)
        if view.audio_note:
            self.engine_menu.addSeparator()
            self.engine_menu.addAction(view.audio_note).setEnabled(False)

    @Slot(QAction)
    def _on_engine_chosen(self, action: QAction) -> None:
        name = action.data()
        if problem := self._actions.settings.edit(lambda settings: select_engine(settings, name)):
            self._notify_problem(problem)

    @Slot()
    def _load_microphones(self) -> None:
        self._background.run(
            self._actions.settings.microphones, self._show_microphones, self._notify_problem
        )

    def _show_microphones(self, devices: Mapping[str, str]) -> None:
        selected = self._settings.microphone.device
        titles = {"": tr("System default")}
        if selected:
            titles[selected] = selected
        titles |= devices
        _fill(self.microphone_menu, titles, selected, self._on_microphone_chosen)

    @Slot(QAction)
    def _on_microphone_chosen(self, action: QAction) -> None:
        if problem := self._actions.settings.change("microphone.device", action.data()):
            self._notify_problem(problem)

    # Notifications, for users who have turned the indicator off

    def _notify(self, status: Status, previous: Status) -> None:
        title = tr("The text was not inserted")
        text = tr("The window changed. Insert or copy the text from the tray menu.")
        if status.recovered_spoken_at:
            title = messages.recovered_text(status.recovered_spoken_at, status.recovered_count)
            text = tr("Insert or copy it from the tray menu.")
            if status.recovered_count > 1:
                text = tr("Find their text in the history.")
        if status.problem and status.problem != previous.problem:
            self._notify_problem(status.problem)
        elif status.offers_held_text and status.held_text and not previous.offers_held_text:
            self.icon.showMessage(title, text, self.icon.icon())

    def _notify_problem(self, problem: Problem) -> None:
        title = messages.without_final_period(problem_message(problem))
        self.icon.showMessage(title, problem_remedy(problem), self.icon.icon())

    @Slot(QSystemTrayIcon.ActivationReason)
    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        """Open the menu on a left click, unless the panel has done so itself."""
        if reason == QSystemTrayIcon.ActivationReason.Trigger and not self.menu.isVisible():
            self.menu.popup(QCursor.pos())


def _fill(
    menu: QMenu, titles: Mapping[str, str], selected: str, on_chosen: Callable[[QAction], object]
) -> None:
    menu.clear()
    group = QActionGroup(menu)
    for value, title in titles.items():
        action = group.addAction(menu.addAction(_escaped(title)))
        action.setCheckable(True)
        action.setChecked(value == selected)
        action.setData(value)
    group.triggered.connect(on_chosen)


def _escaped(text: str) -> str:
    return text.replace("&", "&&")
