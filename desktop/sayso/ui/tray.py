"""The tray icon and its menu. Sayso works without a tray; it waits for one that comes later."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QAction, QActionGroup, QCursor, QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from ..core.dictation.status import Status
from ..core.problems import Problem
from ..core.settings.endpoint import ON_DEVICE
from ..core.settings.engine_choice import in_use
from ..core.settings.settings import Settings
from . import messages
from .actions import Actions
from .background import Background
from .bridge import Bridge
from .widgets import tray_icon

LOOK_AGAIN_MS = 2000
"""How often a tray is looked for at the start; panels may begin after the program does."""
LONGEST_WAIT_MS = 60_000
SYSTEM_DEFAULT = "System default"


class Tray(QObject):
    """Icon, tooltip and menu. A click opens the menu and never starts a dictation:
    that would take the focus from the window to be typed in."""

    def __init__(self, actions: Actions, background: Background) -> None:
        super().__init__()
        self._actions, self._background = actions, background
        self._status, self._settings = Status(), Settings()
        self._icons: dict[str, QIcon] = {}
        self._icon_shown = ""
        self._waited_ms = 0
        self.menu = QMenu()
        self._build_menu()
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._activated)
        self._look = QTimer(self)
        self._look.setInterval(LOOK_AGAIN_MS)
        self._look.timeout.connect(self._look_for_tray)
        self._show()

    def follow(self, bridge: Bridge) -> None:
        bridge.status.connect(self.show_status)
        bridge.settings.connect(self.use)

    def start(self) -> None:
        """Show the icon as soon as there is a tray, for up to a minute."""
        if not self._look_for_tray():
            self._look.start()

    @Slot(object)
    def show_status(self, status: Status) -> None:
        before, self._status = self._status, status
        self._show()
        if self._settings.pill == "never":
            self._notify(status, before)

    @Slot(object)
    def use(self, settings: Settings) -> None:
        self._settings = settings
        self._show()

    @Slot()
    def _look_for_tray(self) -> bool:
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._look.stop()
            self.icon.show()
            return True
        self._waited_ms += LOOK_AGAIN_MS
        if self._waited_ms > LONGEST_WAIT_MS:
            self._look.stop()
        return False

    def _show(self) -> None:
        view = messages.tray_view(self._status, self._settings)
        if view.icon != self._icon_shown:  # panels redraw slowly and flicker
            self._icon_shown = view.icon
            self.icon.setIcon(self._picture(view.icon))
        self.icon.setToolTip(view.tooltip)
        self.line.setText(view.line.replace("&", "&&"))
        self.toggle.setText(view.toggle)
        self.insert.setVisible(view.has_held)
        self.copy.setEnabled(view.has_words)
        self._list_engines(view)

    def _picture(self, shape: messages.Icon) -> QIcon:
        """The theme's symbolic icon, which the panel recolours; ours where not installed."""
        if shape not in self._icons:
            name = f"sayso-{shape}-symbolic"
            installed = QIcon.hasThemeIcon(name)
            self._icons[shape] = QIcon.fromTheme(name) if installed else tray_icon.tray_icon(shape)
        return self._icons[shape]

    # The menu

    def _build_menu(self) -> None:
        menu, actions = self.menu, self._actions
        self.line = menu.addAction("")
        self.line.setEnabled(False)
        menu.addSeparator()
        self.toggle = menu.addAction("")
        self.toggle.triggered.connect(self._toggle)
        self.insert = menu.addAction("Type the held words")
        self.insert.triggered.connect(lambda: actions.insert_held())
        self.copy = menu.addAction("Copy the last words")
        self.copy.triggered.connect(lambda: actions.copy_words())
        menu.addSeparator()
        self.microphones = menu.addMenu("Microphone")
        self.microphones.aboutToShow.connect(self._fill_microphones)
        self._list_microphones({})
        menu.addMenu(self._engine_menu())
        menu.addSeparator()
        self.history = menu.addAction("History…")
        self.history.triggered.connect(lambda: actions.open_history())
        self.settings = menu.addAction("Settings…")
        self.settings.setMenuRole(QAction.MenuRole.PreferencesRole)
        self.settings.triggered.connect(lambda: actions.open_settings(""))
        self.quit = menu.addAction("Quit")
        self.quit.setMenuRole(QAction.MenuRole.QuitRole)
        self.quit.triggered.connect(lambda: actions.quit())

    def _engine_menu(self) -> QMenu:
        self.recognise = QMenu("Recognise", self.menu)
        self._engines = QActionGroup(self)
        self._engines.triggered.connect(self._choose_engine)
        self._listed: tuple[str, ...] = ()
        self.recognise.addSeparator()
        self._leaves = self.recognise.addAction("")
        self._leaves.setEnabled(False)
        return self.recognise

    def _list_engines(self, view: messages.TrayView) -> None:
        """Radio entries, made anew when there are others."""
        names = (ON_DEVICE, *(endpoint.name for endpoint in self._settings.endpoints))
        if names != self._listed:
            self._listed = names
            for action in self._engines.actions():
                self._engines.removeAction(action)
                self.recognise.removeAction(action)
                action.deleteLater()
            before = self.recognise.actions()[0]
            for name in names:
                title = "On this computer" if name == ON_DEVICE else name.replace("&", "&&")
                action = QAction(title, self._engines)
                action.setCheckable(True)
                action.setData(name)
                self.recognise.insertAction(before, action)
        for action in self._engines.actions():
            action.setChecked(action.data() == view.engine)
        self._leaves.setText(view.sends)
        self._leaves.setVisible(bool(view.sends))

    @Slot()
    def _toggle(self) -> None:
        view = messages.tray_view(self._status, self._settings)
        if view.listening:
            self._actions.finish()
        else:
            self._actions.start_hands_free()

    @Slot(QAction)
    def _choose_engine(self, action: QAction) -> None:
        name = action.data()
        if problem := self._actions.edit(lambda settings: in_use(settings, name)):
            self._tell(problem)
        self._show()

    @Slot()
    def _fill_microphones(self) -> None:
        self._background.run(self._actions.microphones, self._list_microphones, self._tell)

    def _list_microphones(self, named: Mapping[str, str]) -> None:
        """Radio entries; a chosen one that is not there now stays listed."""
        menu, chosen = self.microphones, self._settings.microphone.device
        menu.clear()
        group = QActionGroup(menu)
        for name, shown in {"": SYSTEM_DEFAULT, chosen: chosen or SYSTEM_DEFAULT, **named}.items():
            action = menu.addAction(shown.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(name == chosen)
            action.setData(name)
            group.addAction(action)
        group.triggered.connect(self._choose_microphone)

    @Slot(QAction)
    def _choose_microphone(self, action: QAction) -> None:
        if problem := self._actions.change("microphone.device", action.data()):
            self._tell(problem)

    # What the pill cannot say

    def _notify(self, status: Status, before: Status) -> None:
        if status.problem and status.problem != before.problem:
            self._tell(status.problem)
        elif status.asks and status.rescued and not before.asks:
            several = status.rescued_count > 1
            self.icon.showMessage(
                messages.several(status.rescued_count)
                if several
                else f"Words from {status.rescued} are back",
                "Sayso finished what was interrupted. They are in the history."
                if several
                else "Sayso finished what was interrupted. They wait in the tray menu.",
                self.icon.icon(),
            )
        elif status.asks and status.held and not before.asks:
            self.icon.showMessage(
                "Words held",
                "The window changed before they could be typed. They wait in the tray menu.",
                self.icon.icon(),
            )

    def _tell(self, problem: Problem) -> None:
        self.icon.showMessage(messages.bare(problem.what), problem.remedy, self.icon.icon())

    @Slot(QSystemTrayIcon.ActivationReason)
    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        """The right button opens the menu by itself; so does the left where panels do it."""
        if reason == QSystemTrayIcon.ActivationReason.Trigger and not self.menu.isVisible():
            self.menu.popup(QCursor.pos())
