"""The history window: what was said, to be found, typed again, copied, taken along, deleted."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QGuiApplication,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ...core.dictation.history_entry import HistoryEntry
from ...core.dictation.retention import describe_retention
from ...core.problems import Problem
from ...core.settings.settings import Settings
from ...core.usage import ON_DEVICE, format_take_count
from ...storage.archive import Archive
from ...storage.export import ExportFormat
from ..actions import Actions
from ..background import Background
from ..widgets import style, theme
from ..widgets.confirm import confirm_delete
from ..widgets.icons import app_icon
from ..widgets.rows import NARROW_ROW_WIDTH, scaled
from ..widgets.sizing import set_window_size
from .actions import RecordingActions
from .empty import empty_text, paint_empty
from .export import ask_export_path, export_all
from .list import HistoryList
from .menu import entry_menu
from .rows import EntryDelegate, RowAction
from .search import SearchBar

DEFAULT_SIZE, MINIMUM_SIZE, CONTENT_SIZE = QSize(700, 520), QSize(480, 360), QSize(240, 280)
MAX_ENTRIES = 1000
"""Entries listed; the search finds the others."""
UNDO_MS = 8000


class HistoryWindow(QWidget):
    """Closing hides it."""

    def __init__(
        self, actions: Actions, archive: Archive, background: Background, settings: Settings
    ) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._actions, self._archive, self._background = actions, archive, background
        self._settings = settings
        self._query_number = 0
        self._pending_deletions: list[str] = []
        """Gone from the list, not yet from the disk."""
        self.entries: list[HistoryEntry] = []
        self.setWindowTitle("Sayso History")
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
        self.update()

    @Slot()
    def reload(self) -> None:
        """Look again, in the background; only the newest answer counts."""
        self._query_number += 1
        asked, words, program = self._query_number, self.search.text(), self.program
        history = self._archive.history

        def show(found: tuple[list[HistoryEntry], list[str]]) -> None:
            if asked == self._query_number:
                self.search_bar.show_programs(found[1])
                self._show_entries(found[0])

        def look() -> tuple[list[HistoryEntry], list[str]]:
            return history.entries(MAX_ENTRIES, words, program), history.programs()

        self._background.run(look, show, self._show_problem)

    @property
    def program(self) -> str:
        return self.search_bar.program

    @Slot()
    def apply_deletions(self) -> None:
        """What was deleted cannot be undone any more."""
        self.undo_timer.stop()
        gone, self._pending_deletions = self._pending_deletions, []
        if gone:
            self._archive.delete(gone)
        self.show_message("")

    # Parts

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 0)
        column.setSpacing(12)
        self.search_bar = SearchBar(self.scheme)
        self.search_bar.changed.connect(self.reload)
        self.search, self.programs = self.search_bar.text_field, self.search_bar.program_list
        column.addLayout(self.search_bar)
        self.delegate = EntryDelegate(self.scheme)
        self.view = HistoryList(self.delegate, self.perform)
        column.addWidget(self.view, 1)
        self._recording_actions = RecordingActions(
            self._actions,
            self._background,
            self.delegate,
            repaint=self.view.viewport().update,
            on_transcribed=self.reload,
            on_problem=self._show_problem,
        )
        self.turn_on = QPushButton("&Turn on")
        self.turn_on.clicked.connect(lambda: self._actions.settings.change("history.keep", "7d"))
        column.addWidget(self.turn_on, 0, Qt.AlignmentFlag.AlignHCenter)
        self._footer = self._build_footer()
        column.addLayout(self._footer)
        close = QShortcut(QKeySequence.StandardKey.Close, self)
        close.activated.connect(self.close)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self.close)
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.activated.connect(self.search.setFocus)
        QShortcut(QKeySequence.StandardKey.Undo, self.view).activated.connect(self._undo)

    def _build_footer(self) -> QBoxLayout:
        foot = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        foot.setContentsMargins(0, 8, 0, 10)
        self.message = QLabel()
        self.message.setFont(theme.font("caption"))
        self.message.setWordWrap(True)
        foot.addWidget(self.message, 1)
        buttons = QHBoxLayout()
        buttons.addStretch()
        foot.addLayout(buttons)
        self.undo = QPushButton("&Undo")
        self.export = QPushButton("&Export…")
        self.delete_all = QPushButton("&Delete all…")
        for button, act in (
            (self.undo, self._undo),
            (self.export, self._export),
            (self.delete_all, self._delete_all),
        ):
            button.setObjectName("flat")
            button.clicked.connect(act)
            buttons.addWidget(button)
        return foot

    def _show_entries(self, entries: list[HistoryEntry]) -> None:
        self.entries = [entry for entry in entries if entry.id not in self._pending_deletions]
        self.view.show_entries(self.entries, dt.datetime.now().astimezone().date())
        self._update_visibility()

    def _update_visibility(self) -> None:
        some = bool(self.entries)
        self.view.setVisible(some)
        self.export.setEnabled(some)
        self.delete_all.setEnabled(some)
        self.programs.setVisible(self.programs.count() > 1)
        filtered = self.search.text() or self.program
        off = not some and not filtered and self._settings.history.keep == "never"
        self.turn_on.setVisible(off)
        self.undo.setVisible(bool(self._pending_deletions))
        self.update()

    def show_message(self, text: str) -> None:
        """In the foot; '' says how long things are kept."""
        self.message.setText(text or describe_retention(self._settings.history))
        self._update_visibility()

    def _show_problem(self, problem: Problem) -> None:
        self.show_message(problem.sentence)

    # What can be done

    def perform(self, action: RowAction, entry: HistoryEntry, position: QPoint) -> None:
        match action:
            case "type":
                window = int(self.winId())
                self.close()
                self._actions.history.reinsert(entry.id, window)
            case "copy":
                self._actions.history.copy(entry.text)
                self.show_message("Copied.")
            case "delete":
                self._pending_deletions.append(entry.id)
                self.undo_timer.start()
                self._show_entries(self.entries)
                self.show_message("Deleted.")
            case "play":
                self._recording_actions.play(entry)
            case "stop":
                self._recording_actions.stop()
            case "menu":
                self.entry_menu(entry, position).popup(position)
            case "retry":
                self._recording_actions.transcribe(entry)

    def entry_menu(self, entry: HistoryEntry, position: QPoint) -> QMenu:
        return entry_menu(
            self,
            entry,
            (ON_DEVICE, *(one.name for one in self._settings.endpoints)),
            playing=self.delegate.playing,
            perform=lambda does: self.perform(does, entry, position),
            transcribe=lambda name: self._recording_actions.transcribe(entry, name),
        )

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

    def export_to(self, path: Path, default_type: ExportFormat) -> None:
        self._background.run(
            lambda: export_all(self._archive, path, default_type),
            lambda count: self.show_message(f"{format_take_count(count)} in {path.name}."),
            self._show_problem,
        )

    @Slot()
    def _delete_all(self) -> None:
        def ask(ids: set[str]) -> None:
            if ids and confirm_delete(self, len(ids)):
                self._archive.delete(ids)
                self._show_entries([])

        self._background.run(self._archive.history.ids, ask, self._show_problem)

    # Looks

    @Slot()
    def _apply_theme(self) -> None:
        given = style.has_desktop_palette()
        self.scheme = self.delegate.scheme = theme.window_scheme(QGuiApplication.palette(), given)
        if not given:
            self.setPalette(theme.palette(self.scheme))
        self.search_bar.apply_theme(self.scheme)
        plain = "#entries { background: transparent; border: 0; outline: 0; }"
        self.setStyleSheet(style.style_sheet(self.scheme) + plain if style.is_fusion() else "")
        colours = self.message.palette()
        colours.setColor(QPalette.ColorRole.WindowText, QColor(self.scheme.secondary_text))
        self.message.setPalette(colours)
        self.show_message("")

    def empty_text(self) -> tuple[str, str]:
        return empty_text(self.search.text(), self.program, self._settings)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.ApplicationPaletteChange, QEvent.Type.ThemeChange):
            self._apply_theme()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        way = QBoxLayout.Direction
        narrow = self.width() < scaled(NARROW_ROW_WIDTH)
        for part in (self.search_bar, self._footer):
            part.setDirection(way.TopToBottom if narrow else way.LeftToRight)
        super().resizeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.apply_deletions()
        if self.delegate.playing:
            self._recording_actions.stop()
        self.hide()
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self.scheme.surface))
        painter.setPen(QPen(QColor(self.scheme.divider), 1))
        y = self._footer.contentsRect().top() - 9
        painter.drawLine(0, y, self.width(), y)
        if not self.entries:
            paint_empty(painter, self.rect(), self.view.geometry(), self.scheme, self.empty_text())
