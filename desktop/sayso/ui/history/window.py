"""The history window: search dictations, and insert, copy, play, export or delete them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QGuiApplication,
    QKeySequence,
    QPalette,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ...core.dictation.history_entry import HistoryEntry, describe_retention
from ...core.problems import Problem
from ...core.settings.endpoint import ON_DEVICE
from ...core.settings.settings import Settings
from ...core.usage import format_take_count
from ...storage.archive import Archive
from ...storage.export import ExportFormat
from ..actions import Actions
from ..background import Background
from ..translate import problem_sentence, tr
from ..widgets import style, theme
from ..widgets.confirm import confirm_delete
from ..widgets.icons import app_icon
from ..widgets.rows import NARROW_ROW_WIDTH
from ..widgets.sizing import scaled, set_window_size
from .actions import ask_export_path, entry_menu, export_all
from .empty import EmptyState, empty_text
from .list import HistoryList
from .rows import EntryDelegate, RowAction
from .search import SearchBar

DEFAULT_SIZE, MINIMUM_SIZE, CONTENT_SIZE = QSize(700, 520), QSize(480, 360), QSize(240, 280)
MAX_ENTRIES = 1000
UNDO_MS = 8000


class HistoryWindow(QWidget):
    """Closing hides the window. A deletion is carried out after `UNDO_MS` or when it closes."""

    def __init__(
        self, actions: Actions, archive: Archive, background: Background, settings: Settings
    ) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._actions, self._archive, self._background = actions, archive, background
        self._settings = settings
        self._query_number = 0
        self._pending_deletions: list[str] = []
        self.entries: list[HistoryEntry] = []
        self.setWindowTitle(tr("Sayso History"))
        self.setWindowIcon(app_icon())
        set_window_size(self, DEFAULT_SIZE, MINIMUM_SIZE, CONTENT_SIZE)
        self.scheme = theme.scheme()
        self._build()
        self.undo_timer = QTimer(self, singleShot=True, interval=UNDO_MS)
        self.undo_timer.timeout.connect(self.apply_deletions)
        self._apply_theme()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._apply_theme)

    def open(self) -> None:
        self.search_bar.reset()
        self.reload()
        self.show()
        self.raise_()
        self.activateWindow()
        self.search.setFocus()

    @Slot(object)
    def on_settings(self, settings: Settings) -> None:
        self._settings = settings
        self.show_message("")

    @Slot()
    def reload(self) -> None:
        """Query the history in the background. Only the result of the newest query is shown."""
        self._query_number += 1
        number, text, program = self._query_number, self.search.text(), self.search_bar.program
        history = self._archive.history

        def query() -> tuple[list[HistoryEntry], list[str]]:
            return history.entries(MAX_ENTRIES, text, program), history.programs()

        def show(result: tuple[list[HistoryEntry], list[str]]) -> None:
            if number == self._query_number:
                self.search_bar.show_programs(result[1])
                self._show_entries(result[0])

        self._background.run(query, show, self._show_problem)

    @Slot()
    def apply_deletions(self) -> None:
        """Delete what the user has deleted; it can no longer be undone."""
        self.undo_timer.stop()
        ids, self._pending_deletions = self._pending_deletions, []
        if ids:
            self._archive.delete(ids)
        self.show_message("")

    def show_message(self, text: str) -> None:
        """Show a message in the footer; '' shows how long dictations are kept."""
        self.message.setText(text or tr(describe_retention(self._settings.history)))
        self._update_visibility()

    # Parts

    def _build(self) -> None:
        self.search_bar = SearchBar(self.scheme)
        self.search_bar.changed.connect(self.reload)
        self.search, self.programs = self.search_bar.text_field, self.search_bar.program_list
        self.delegate = EntryDelegate(self.scheme)
        self.view = HistoryList(self.delegate, self.perform)
        self.empty = EmptyState(self.scheme)
        self.turn_on = QPushButton(tr("&Turn on"))
        self.turn_on.clicked.connect(lambda: self._actions.settings.change("history.keep", "7d"))
        column = QVBoxLayout()
        column.setContentsMargins(24, 20, 24, 12)
        column.setSpacing(12)
        column.addLayout(self.search_bar)
        column.addWidget(self.view, 1)
        column.addWidget(self.empty, 1)
        column.addWidget(self.turn_on, 0, Qt.AlignmentFlag.AlignHCenter)
        self._divider = QFrame()
        self._divider.setFixedHeight(1)
        self._divider.setAutoFillBackground(True)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(column)
        outer.addWidget(self._divider)
        self._footer = self._build_footer()
        outer.addLayout(self._footer)
        keys = QKeySequence.StandardKey
        for key, parent, act in (
            (keys.Close, self, self.close),
            (Qt.Key.Key_Escape, self, self.close),
            (keys.Find, self, self.search.setFocus),
            (keys.Undo, self.view, self._undo),
        ):
            QShortcut(QKeySequence(key), parent).activated.connect(act)

    def _build_footer(self) -> QBoxLayout:
        footer = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        footer.setContentsMargins(24, 8, 24, 10)
        self.message = QLabel()
        self.message.setFont(theme.font("caption"))
        self.message.setWordWrap(True)
        footer.addWidget(self.message, 1)
        buttons = QHBoxLayout()
        buttons.addStretch()
        footer.addLayout(buttons)
        self.undo = QPushButton(tr("&Undo"))
        self.export = QPushButton(tr("&Export…"))
        self.delete_all = QPushButton(tr("&Delete all…"))
        for button, act in (
            (self.undo, self._undo),
            (self.export, self._export),
            (self.delete_all, self._delete_all),
        ):
            button.setObjectName("flat")
            button.clicked.connect(act)
            buttons.addWidget(button)
        return footer

    def _show_entries(self, entries: list[HistoryEntry]) -> None:
        self.entries = [entry for entry in entries if entry.id not in self._pending_deletions]
        self.view.show_entries(self.entries, dt.datetime.now().astimezone().date())
        self._update_visibility()

    def _update_visibility(self) -> None:
        some, filtered = bool(self.entries), bool(self.search.text() or self.search_bar.program)
        self.view.setVisible(some)
        self.empty.setVisible(not some)
        program = self.search_bar.program
        self.empty.show_text(*empty_text(self.search.text(), program, self._settings))
        self.export.setEnabled(some)
        self.delete_all.setEnabled(some)
        self.programs.setVisible(self.programs.count() > 1)
        off = not some and not filtered and self._settings.history.keep == "never"
        self.turn_on.setVisible(off)
        self.undo.setVisible(bool(self._pending_deletions))

    def _show_problem(self, problem: Problem) -> None:
        self.show_message(problem_sentence(problem))

    # Actions

    def perform(self, action: RowAction, entry: HistoryEntry, position: QPoint) -> None:
        """Do what a row offers; `position` on the screen is where its menu opens."""
        match action:
            case "insert":
                window = int(self.winId())
                self.close()
                self._actions.history.reinsert(entry.id, window)
            case "copy":
                self._actions.history.copy(entry.text)
                self.show_message(tr("Copied."))
            case "delete":
                self._pending_deletions.append(entry.id)
                self.undo_timer.start()
                self._show_entries(self.entries)
                self.show_message(tr("Deleted."))
            case "play":
                self._actions.history.play(entry.id, lambda p: self._on_played(entry.id, p))
                self._set_playing(entry.id)
            case "stop":
                self._actions.history.stop_playing()
            case "menu":
                self.entry_menu(entry).popup(position)
            case "transcribe":
                self._transcribe(entry)

    def entry_menu(self, entry: HistoryEntry) -> QMenu:
        return entry_menu(
            self,
            entry,
            self.delegate.playing,
            (ON_DEVICE, *(endpoint.name for endpoint in self._settings.endpoints)),
            perform=lambda action: self.perform(action, entry, QPoint()),
            transcribe=lambda engine: self._transcribe(entry, engine),
        )

    def _on_played(self, id_: str, problem: Problem | None) -> None:
        if self.delegate.playing == id_:
            self._set_playing("")
        if problem:
            self._show_problem(problem)

    def _set_playing(self, id_: str) -> None:
        self.delegate.playing = id_
        self.view.viewport().update()

    def _transcribe(self, entry: HistoryEntry, engine: str = "") -> None:
        if entry.id in self.delegate.transcribing:
            return
        self.delegate.transcribing.add(entry.id)
        self.view.viewport().update()

        def done(problem: Problem | None) -> None:
            self.delegate.transcribing.discard(entry.id)
            self.reload()
            if problem:
                self._show_problem(problem)

        transcribe_again = self._actions.history.transcribe_again
        self._background.run(lambda: transcribe_again(entry.id, engine), lambda _: done(None), done)

    @Slot()
    def _undo(self) -> None:
        self.undo_timer.stop()
        self._pending_deletions.clear()
        self.show_message("")
        self.reload()

    @Slot()
    def _export(self) -> None:
        if chosen := ask_export_path(self):
            self.export_to(*chosen)

    def export_to(self, path: Path, default: ExportFormat) -> None:
        def done(count: int) -> None:
            text = tr("Exported {dictations} to {file}.")
            self.show_message(text.format(dictations=format_take_count(count), file=path.name))

        self._background.run(
            lambda: export_all(self._archive, path, default), done, self._show_problem
        )

    @Slot()
    def _delete_all(self) -> None:
        def ask(ids: set[str]) -> None:
            if ids and confirm_delete(self, len(ids)):
                self._archive.delete(ids)
                self._show_entries([])

        self._background.run(self._archive.history.ids, ask, self._show_problem)

    # Appearance

    @Slot()
    def _apply_theme(self) -> None:
        from_desktop = style.has_desktop_palette()
        self.scheme = theme.window_scheme(QGuiApplication.palette(), from_desktop)
        self.delegate.scheme = self.empty.scheme = self.scheme
        self.search_bar.apply_theme(self.scheme)
        plain = "#entries { background: transparent; border: 0; outline: 0; }"
        self.setStyleSheet(style.style_sheet(self.scheme) + plain if style.is_fusion() else "")
        self.setPalette(QPalette() if from_desktop else theme.palette(self.scheme))
        for widget, role, color in (
            (self, QPalette.ColorRole.Window, self.scheme.surface),
            (self.message, QPalette.ColorRole.WindowText, self.scheme.secondary_text),
            (self._divider, QPalette.ColorRole.Window, self.scheme.divider),
        ):
            palette = widget.palette()
            palette.setColor(role, QColor(color))
            widget.setPalette(palette)
        self.show_message("")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.ApplicationPaletteChange, QEvent.Type.ThemeChange):
            self._apply_theme()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        direction = QBoxLayout.Direction
        narrow = self.width() < scaled(NARROW_ROW_WIDTH)
        for layout in (self.search_bar, self._footer):
            layout.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
        super().resizeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.apply_deletions()
        if self.delegate.playing:
            self._actions.history.stop_playing()
        self.hide()
        event.ignore()
