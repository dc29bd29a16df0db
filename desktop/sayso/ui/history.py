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
    QShortcut,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..core.entry import Entry
from ..core.problems import Problem
from ..core.retention import described
from ..core.settings import Settings
from ..core.usage import ON_DEVICE, takes
from ..edges import exports
from ..edges.archive import Archive
from . import launcher, theme
from .actions import Actions
from .ask import may_delete
from .background import Background
from .history_empty import empty_words, paint_empty
from .history_list import HistoryList
from .history_menu import menu_of
from .history_rows import Does, Rows, program_title
from .settings import style
from .settings.page import Combo

SIZE, LEAST = QSize(700, 520), QSize(480, 360)
MOST = 1000
"""Entries listed; the search finds the others."""
UNDO_MS = 8000
KINDS: dict[str, exports.Kind] = {
    "Text (*.txt)": "txt",
    "Table (*.csv)": "csv",
    "JSON (*.json)": "json",
    "Everything with its sound (*.zip)": "zip",
}
EVERY_PROGRAM = "All programs"


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
        self.setWindowIcon(launcher.icon())
        self.setMinimumSize(LEAST)
        self.resize(SIZE)
        self.scheme = theme.scheme()
        self._build()
        self._undo_timer = QTimer(self, singleShot=True, interval=UNDO_MS)
        self._undo_timer.timeout.connect(self.flush)
        self._dress()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._dress)

    def open(self) -> None:
        self.search.clear()
        self.programs.setCurrentIndex(0)
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
                self._list_programs(found[1])
                self._list(found[0])

        def look() -> tuple[list[Entry], list[str]]:
            return history.entries(MOST, words, program), history.programs()

        self._background.run(look, show, self._problem)

    @property
    def program(self) -> str:
        """The one whose dictations are shown; '' for all."""
        return str(self.programs.currentData() or "")

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
        column.addLayout(self._make_head())
        self._rows = Rows(self.scheme)
        self.view = HistoryList(self._rows, self._do)
        column.addWidget(self.view, 1)
        self.turn_on = QPushButton("&Turn on")
        self.turn_on.clicked.connect(lambda: self._actions.change("history.keep", "7d"))
        column.addWidget(self.turn_on, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(self._make_foot())
        close = QShortcut(QKeySequence.StandardKey.Close, self)
        close.activated.connect(self.close)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self.close)
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.activated.connect(self.search.setFocus)
        QShortcut(QKeySequence.StandardKey.Undo, self.view).activated.connect(self._undo)

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(8)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search your words")
        self.search.setAccessibleName("Search your words")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.reload)
        head.addWidget(self.search, 1)
        self.programs = Combo(self.scheme.ink2 if style.fusion() else "")
        self.programs.setAccessibleName("Program")
        self.programs.setMinimumWidth(round(170 * theme.text_scale()))
        self.programs.addItem(EVERY_PROGRAM, "")
        self.programs.activated.connect(self.reload)
        head.addWidget(self.programs)
        return head

    def _make_foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setContentsMargins(0, 8, 0, 10)
        self.told = QLabel()
        self.told.setFont(theme.font("caption"))
        self.told.setWordWrap(True)
        foot.addWidget(self.told, 1)
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
            foot.addWidget(button)
        return foot

    def _list(self, entries: list[Entry]) -> None:
        self.entries = [entry for entry in entries if entry.id not in self._deleted]
        self.view.show_entries(self.entries, dt.datetime.now().astimezone().date())
        self._arrange()

    def _list_programs(self, programs: list[str]) -> None:
        """The chosen one stays listed although nothing of it is left."""
        chosen = self.program
        listed = sorted({*programs, chosen} - {""}, key=str.casefold)
        if listed == [self.programs.itemData(at) for at in range(1, self.programs.count())]:
            return
        self.programs.clear()
        self.programs.addItem(EVERY_PROGRAM, "")
        for program in listed:
            self.programs.addItem(program_title(program), program)
        self.programs.setCurrentIndex(self.programs.findData(chosen))

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
                self._play(entry)
            case "stop":
                self._actions.stop_playing()
            case "menu":
                self.menu_of(entry, place).popup(place)
            case "retry":
                self.recognise(entry)

    def menu_of(self, entry: Entry, place: QPoint) -> QMenu:
        return menu_of(
            self,
            entry,
            (ON_DEVICE, *(one.name for one in self._settings.endpoints)),
            playing=self._rows.playing,
            do=lambda does: self._do(does, entry, place),
            recognise=lambda name: self.recognise(entry, name),
        )

    def recognise(self, entry: Entry, engine: str = "") -> None:
        """Again, by this engine ('' for the chosen one); its words take the place of the old."""
        if entry.id in self._rows.busy:
            return
        self._rows.busy.add(entry.id)
        self.view.viewport().update()

        def over(_: object) -> None:
            self._rows.busy.discard(entry.id)
            self.reload()

        def failed(problem: Problem) -> None:
            over(None)
            self._problem(problem)

        again = self._actions.recognise_again
        self._background.run(lambda: again(entry.id, engine), over, failed)

    def _play(self, entry: Entry) -> None:
        self._actions.play(entry.id, lambda problem: self._played(entry.id, problem))
        self._show_playing(entry.id)

    def _played(self, id_: str, problem: Problem | None) -> None:
        if self._rows.playing == id_:
            self._show_playing("")
        if problem:
            self._problem(problem)

    def _show_playing(self, id_: str) -> None:
        self._rows.playing = id_
        self.view.viewport().update()

    @Slot()
    def _undo(self) -> None:
        self._undo_timer.stop()
        self._deleted.clear()
        self._say("")
        self.reload()

    @Slot()
    def _export(self) -> None:
        name, kind = QFileDialog.getSaveFileName(
            self, "Export", str(Path.home() / "dictations.txt"), ";;".join(KINDS)
        )
        if name:
            self.export_to(Path(name), KINDS.get(kind, "txt"))

    def export_to(self, path: Path, usual: exports.Kind) -> None:
        """Everything there is; its ending says how, where it is a known one."""
        suffix = path.suffix.lower().removeprefix(".")
        kind = next((kind for kind in exports.KINDS if kind == suffix), usual)

        def write() -> int:
            entries = self._archive.history.entries()
            exports.write(path, kind, entries, self._archive.spool)
            return len(entries)

        self._background.run(
            write, lambda count: self._say(f"{takes(count)} in {path.name}."), self._problem
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
        self.programs.arrow = self.scheme.ink2 if style.fusion() else ""
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

    def closeEvent(self, event: QCloseEvent) -> None:
        self.flush()
        if self._rows.playing:
            self._actions.stop_playing()
        self.hide()
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self.scheme.surface))
        painter.setPen(QPen(QColor(self.scheme.line), 1))
        y = self.export.y() - 9
        painter.drawLine(0, y, self.width(), y)
        if not self.entries:
            paint_empty(painter, self.rect(), self.scheme, self.empty_words())
