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

from ...core.dictation.history_entry import Entry
from ...core.dictation.retention import described
from ...core.problems import Problem
from ...core.settings.settings import Settings
from ...core.usage import ON_DEVICE, takes
from ...storage.archive import Archive
from ...storage.export import Kind
from ..actions import Actions
from ..background import Background
from ..widgets import app_icon, style, theme
from ..widgets.confirm import may_delete
from ..widgets.rows import NARROW, scaled
from ..widgets.sizing import extend
from .actions import Recordings
from .empty import empty_words, paint_empty
from .export import ask_where, write_all
from .list import HistoryList
from .menu import menu_of
from .rows import Does, Rows
from .search import HistorySearch

SIZE, LEAST, NEEDS = QSize(700, 520), QSize(480, 360), QSize(240, 280)
MOST = 1000
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
        self._asked = 0
        self._deleted: list[str] = []
        """Gone from the list, not yet from the disk."""
        self.entries: list[Entry] = []
        self.setWindowTitle("Sayso History")
        self.setWindowIcon(app_icon.icon())
        extend(self, SIZE, LEAST, NEEDS)
        self.scheme = theme.scheme()
        self._build()
        self._undo_timer = QTimer(self, singleShot=True, interval=UNDO_MS)
        self._undo_timer.timeout.connect(self.flush)
        self._dress()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._dress)

    def open(self) -> None:
        self.head.start_over()
        self.reload()
        self.show()
        self.raise_()
        self.activateWindow()
        self.search.setFocus()

    @Slot(object)
    def use(self, settings: Settings) -> None:
        self._settings = settings
        self._say("")
        self.update()

    @Slot()
    def reload(self) -> None:
        """Look again, in the background; only the newest answer counts."""
        self._asked += 1
        asked, words, program = self._asked, self.search.text(), self.program
        history = self._archive.history

        def show(found: tuple[list[Entry], list[str]]) -> None:
            if asked == self._asked:
                self.head.list_programs(found[1])
                self._list(found[0])

        def look() -> tuple[list[Entry], list[str]]:
            return history.entries(MOST, words, program), history.programs()

        self._background.run(look, show, self._problem)

    @property
    def program(self) -> str:
        return self.head.program

    @Slot()
    def flush(self) -> None:
        """What was deleted cannot be undone any more."""
        self._undo_timer.stop()
        gone, self._deleted = self._deleted, []
        if gone:
            self._archive.remove(gone)
        self._say("")

    # Parts

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 0)
        column.setSpacing(12)
        self.head = HistorySearch(self.scheme)
        self.head.changed.connect(self.reload)
        self.search, self.programs = self.head.words, self.head.programs
        column.addLayout(self.head)
        self._rows = Rows(self.scheme)
        self.view = HistoryList(self._rows, self._do)
        column.addWidget(self.view, 1)
        self._recordings = Recordings(
            self._actions,
            self._background,
            self._rows,
            repaint=self.view.viewport().update,
            recognised=self.reload,
            failed=self._problem,
        )
        self.turn_on = QPushButton("&Turn on")
        self.turn_on.clicked.connect(lambda: self._actions.change("history.keep", "7d"))
        column.addWidget(self.turn_on, 0, Qt.AlignmentFlag.AlignHCenter)
        self._foot = self._make_foot()
        column.addLayout(self._foot)
        close = QShortcut(QKeySequence.StandardKey.Close, self)
        close.activated.connect(self.close)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self.close)
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.activated.connect(self.search.setFocus)
        QShortcut(QKeySequence.StandardKey.Undo, self.view).activated.connect(self._undo)

    def _make_foot(self) -> QBoxLayout:
        foot = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        foot.setContentsMargins(0, 8, 0, 10)
        self.told = QLabel()
        self.told.setFont(theme.font("caption"))
        self.told.setWordWrap(True)
        foot.addWidget(self.told, 1)
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

    def _list(self, entries: list[Entry]) -> None:
        self.entries = [entry for entry in entries if entry.id not in self._deleted]
        self.view.show_entries(self.entries, dt.datetime.now().astimezone().date())
        self._arrange()

    def _arrange(self) -> None:
        some = bool(self.entries)
        self.view.setVisible(some)
        self.export.setEnabled(some)
        self.delete_all.setEnabled(some)
        self.programs.setVisible(self.programs.count() > 1)
        filtered = self.search.text() or self.program
        off = not some and not filtered and self._settings.history.keep == "never"
        self.turn_on.setVisible(off)
        self.undo.setVisible(bool(self._deleted))
        self.update()

    def _say(self, text: str) -> None:
        """In the foot; '' says how long things are kept."""
        self.told.setText(text or described(self._settings.history))
        self._arrange()

    def _problem(self, problem: Problem) -> None:
        self._say(problem.sentence)

    # What can be done

    def _do(self, does: Does, entry: Entry, place: QPoint) -> None:
        match does:
            case "type":
                window = int(self.winId())
                self.close()
                self._actions.type_again(entry.id, window)
            case "copy":
                self._actions.copy(entry.text)
                self._say("Copied.")
            case "delete":
                self._deleted.append(entry.id)
                self._undo_timer.start()
                self._list(self.entries)
                self._say("Deleted.")
            case "play":
                self._recordings.play(entry)
            case "stop":
                self._recordings.stop()
            case "menu":
                self.menu_of(entry, place).popup(place)
            case "retry":
                self._recordings.recognise(entry)

    def menu_of(self, entry: Entry, place: QPoint) -> QMenu:
        return menu_of(
            self,
            entry,
            (ON_DEVICE, *(one.name for one in self._settings.endpoints)),
            playing=self._rows.playing,
            do=lambda does: self._do(does, entry, place),
            recognise=lambda name: self._recordings.recognise(entry, name),
        )

    @Slot()
    def _undo(self) -> None:
        self._undo_timer.stop()
        self._deleted.clear()
        self._say("")
        self.reload()

    @Slot()
    def _export(self) -> None:
        if chosen := ask_where(self):
            self.export_to(*chosen)

    def export_to(self, path: Path, usual: Kind) -> None:
        self._background.run(
            lambda: write_all(self._archive, path, usual),
            lambda count: self._say(f"{takes(count)} in {path.name}."),
            self._problem,
        )

    @Slot()
    def _delete_all(self) -> None:
        def ask(ids: set[str]) -> None:
            if ids and may_delete(self, len(ids)):
                self._archive.remove(ids)
                self._list([])

        self._background.run(self._archive.history.ids, ask, self._problem)

    # Looks

    @Slot()
    def _dress(self) -> None:
        given = style.palette_given()
        self.scheme = self._rows.scheme = theme.for_windows(QGuiApplication.palette(), given)
        if not given:
            self.setPalette(theme.palette(self.scheme))
        self.head.dress(self.scheme)
        plain = "#entries { background: transparent; border: 0; outline: 0; }"
        self.setStyleSheet(style.sheet(self.scheme) + plain if style.fusion() else "")
        colours = self.told.palette()
        colours.setColor(QPalette.ColorRole.WindowText, QColor(self.scheme.ink2))
        self.told.setPalette(colours)
        self._say("")

    def empty_words(self) -> tuple[str, str]:
        return empty_words(self.search.text(), self.program, self._settings)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.ApplicationPaletteChange, QEvent.Type.ThemeChange):
            self._dress()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        way = QBoxLayout.Direction
        narrow = self.width() < scaled(NARROW)
        for part in (self.head, self._foot):
            part.setDirection(way.TopToBottom if narrow else way.LeftToRight)
        super().resizeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.flush()
        if self._rows.playing:
            self._recordings.stop()
        self.hide()
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self.scheme.surface))
        painter.setPen(QPen(QColor(self.scheme.line), 1))
        y = self._foot.contentsRect().top() - 9
        painter.drawLine(0, y, self.width(), y)
        if not self.entries:
            paint_empty(painter, self.rect(), self.view.geometry(), self.scheme, self.empty_words())
