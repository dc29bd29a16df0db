"""The tray icon and its menu. Sayso works without a tray; it waits for one that comes later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QAction, QActionGroup, QCursor
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from ..core.dictation.events import InsertHeld, Start, Stop
from ..core.dictation.status import Status
from ..core.problems import Problem
from ..core.settings.endpoint import ON_DEVICE
from ..core.settings.engine_choice import select_engine
from ..core.settings.settings import Settings
from . import messages
from .actions import Actions
from .background import Background
from .bridge import Bridge
from .widgets.icons import tray_icon

POLL_INTERVAL_MS = 2000
"""How often a tray is looked for at the start; panels may begin after the program does."""
POLL_TIMEOUT_MS = 60_000
SYSTEM_DEFAULT_LABEL = "System default"


class Tray(QObject):
    """Icon, tooltip and menu. A click opens the menu and never starts a dictation:
    that would take the focus from the window to be typed in."""

    def __init__(self, actions: Actions, background: Background) -> None:
        super().__init__()
        self._actions, self._background = actions, background
        self._status, self._settings = Status(), Settings()
        self._icons = {state: tray_icon(state) for state in get_args(messages.TrayState)}
        self._current_icon = ""
        self._waited_ms = 0
        self.menu = QMenu()
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
        """Show the icon as soon as there is a tray, for up to a minute."""
        if not self._show_when_available():
            self.poll_timer.start()

    @Slot(object)
    def on_status(self, status: Status) -> None:
        before, self._status = self._status, status
        self._refresh()
        if self._settings.pill == "never":
            self._notify(status, before)

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
        if view.icon != self._current_icon:  # panels redraw slowly and flicker
            self._current_icon = view.icon
            self.icon.setIcon(self._icons[view.icon])
        self.icon.setToolTip(view.tooltip)
        self.status_line.setText(view.status_line.replace("&", "&&"))
        self.toggle.setText(view.toggle_label)
        self.insert_held.setVisible(view.has_held_text)
        self.copy_text.setEnabled(view.has_text)
        self._update_engine_menu(view)

    # The menu

    def _build_menu(self) -> None:
        menu, actions = self.menu, self._actions
        self.status_line = menu.addAction("")
        self.status_line.setEnabled(False)
        menu.addSeparator()
        self.toggle = menu.addAction("")
        self.toggle.triggered.connect(self._on_toggle)
        self.insert_held = menu.addAction("Type the held words")
        self.insert_held.triggered.connect(lambda: actions.dictation.post(InsertHeld()))
        self.copy_text = menu.addAction("Copy the last words")
        self.copy_text.triggered.connect(lambda: actions.dictation.copy_text())
        menu.addSeparator()
        self.microphone_menu = menu.addMenu("Microphone")
        self.microphone_menu.aboutToShow.connect(self._load_microphones)
        self._show_microphones({})
        menu.addMenu(self._build_engine_menu())
        menu.addSeparator()
        self.history = menu.addAction("History…")
        self.history.triggered.connect(lambda: actions.windows.open_history())
        self.settings = menu.addAction("Settings…")
        self.settings.setMenuRole(QAction.MenuRole.PreferencesRole)
        self.settings.triggered.connect(lambda: actions.windows.open_settings(""))
        self.quit = menu.addAction("Quit")
        self.quit.setMenuRole(QAction.MenuRole.QuitRole)
        self.quit.triggered.connect(lambda: actions.windows.quit())

    def _build_engine_menu(self) -> QMenu:
        self.engine_menu = QMenu("Recognise", self.menu)
        self._engine_group = QActionGroup(self)
        self._engine_group.triggered.connect(self._on_engine_chosen)
        self._listed_engines: tuple[str, ...] = ()
        self.engine_menu.addSeparator()
        self._audio_note = self.engine_menu.addAction("")
        self._audio_note.setEnabled(False)
        return self.engine_menu

    def _update_engine_menu(self, view: messages.TrayView) -> None:
        """Radio entries, made anew when there are others."""
        names = (ON_DEVICE, *(endpoint.name for endpoint in self._settings.endpoints))
        if names != self._listed_engines:
            self._listed_engines = names
            for action in self._engine_group.actions():
                self._engine_group.removeAction(action)
                self.engine_menu.removeAction(action)
                action.deleteLater()
            before = self.engine_menu.actions()[0]
            for name in names:
                title = "On this computer" if name == ON_DEVICE else name.replace("&", "&&")
                action = QAction(title, self._engine_group)
                action.setCheckable(True)
                action.setData(name)
                self.engine_menu.insertAction(before, action)
        for action in self._engine_group.actions():
            action.setChecked(action.data() == view.engine)
        self._audio_note.setText(view.audio_note)
        self._audio_note.setVisible(bool(view.audio_note))

    @Slot()
    def _on_toggle(self) -> None:
        view = messages.tray_view(self._status, self._settings)
        if view.listening:
            self._actions.dictation.post(Stop())
        else:
            self._actions.dictation.post(Start(hands_free=True))

    @Slot(QAction)
    def _on_engine_chosen(self, action: QAction) -> None:
        name = action.data()
        if problem := self._actions.settings.edit(lambda settings: select_engine(settings, name)):
            self._notify_problem(problem)
        self._refresh()

    @Slot()
    def _load_microphones(self) -> None:
        self._background.run(
            self._actions.settings.microphones, self._show_microphones, self._notify_problem
        )

    def _show_microphones(self, devices: Mapping[str, str]) -> None:
        """Radio entries; a chosen one that is not there now stays listed."""
        menu, chosen = self.microphone_menu, self._settings.microphone.device
        menu.clear()
        group = QActionGroup(menu)
        for name, shown in {
            "": SYSTEM_DEFAULT_LABEL,
            chosen: chosen or SYSTEM_DEFAULT_LABEL,
            **devices,
        }.items():
            action = menu.addAction(shown.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(name == chosen)
            action.setData(name)
            group.addAction(action)
        group.triggered.connect(self._on_microphone_chosen)

    @Slot(QAction)
    def _on_microphone_chosen(self, action: QAction) -> None:
        if problem := self._actions.settings.change("microphone.device", action.data()):
            self._notify_problem(problem)

    # What the pill cannot say

    def _notify(self, status: Status, previous: Status) -> None:
        if status.problem and status.problem != previous.problem:
            self._notify_problem(status.problem)
        elif (
            status.offers_held_text and status.recovered_spoken_at and not previous.offers_held_text
        ):
            several = status.recovered_count > 1
            self.icon.showMessage(
                messages.recovered_count_text(status.recovered_count)
                if several
                else f"Words from {status.recovered_spoken_at} are back",
                "Sayso finished what was interrupted. They are in the history."
                if several
                else "Sayso finished what was interrupted. They wait in the tray menu.",
                self.icon.icon(),
            )
        elif status.offers_held_text and status.held_text and not previous.offers_held_text:
            self.icon.showMessage(
                "Words held",
                "The window changed before they could be typed. They wait in the tray menu.",
                self.icon.icon(),
            )

    def _notify_problem(self, problem: Problem) -> None:
        self.icon.showMessage(
            messages.without_final_period(problem.message), problem.remedy, self.icon.icon()
        )

    @Slot(QSystemTrayIcon.ActivationReason)
    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        """The right button opens the menu by itself; so does the left where panels do it."""
        if reason == QSystemTrayIcon.ActivationReason.Trigger and not self.menu.isVisible():
            self.menu.popup(QCursor.pos())
