"""The history window: what was said, to be found, typed again, copied, taken along, deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QSize, Qt, QTimer, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QShortcut,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..core.chord import Chord
from ..core.entry import Entry, Format, exported
from ..core.problems import Problem, ProblemError
from ..core.retention import described
from ..core.settings import Settings
from ..edges.archive import Archive
from . import glyph, theme
from .actions import Actions
from .ask import may_delete
from .background import Background
from .history_rows import ENTRY, Does, Rows, fill
from .settings import style

SIZE, LEAST = QSize(700, 520), QSize(480, 360)
MOST = 1000
"""Entries listed; the search finds the others."""
UNDO_MS = 8000
FOOT = 56
KINDS: dict[str, Format] = {"Text (*.txt)": "txt", "Table (*.csv)": "csv", "JSON (*.json)": "json"}


class _List(QListView):
    """Clicks on the words of a row, and keys for the row that is chosen."""

    def __init__(self, rows: Rows, does: Callable[[Does, Entry], None]) -> None:
        super().__init__()
        self._rows, self._does = rows, does
        self.setAccessibleName("Dictations")
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(rows)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and (does := self._hit(event)):
            self._does(*does)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        hand = Qt.CursorShape.PointingHandCursor
        self.viewport().setCursor(hand if self._hit(event) else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        entry = self.currentIndex().data(ENTRY)
        keys: dict[int, Does] = {Qt.Key.Key_Delete: "delete"}
        if entry and entry.text:
            keys |= {Qt.Key.Key_Return: "type", Qt.Key.Key_Enter: "type"}
        elif entry and entry.audio:
            keys |= {Qt.Key.Key_Return: "retry", Qt.Key.Key_Enter: "retry"}
        if entry and event.matches(QKeySequence.StandardKey.Copy):
            self._does("copy", entry)
        elif entry and event.key() in keys:
            self._does(keys[event.key()], entry)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()  # words break elsewhere

    def _hit(self, event: QMouseEvent) -> tuple[Does, Entry] | None:
        point: QPoint = event.position().toPoint()
        index = self.indexAt(point)
        if not (entry := index.data(ENTRY)):
            return None
        does = self._rows.hit(self.visualRect(index), entry, point)
        return (does, entry) if does else None


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
        self.setWindowIcon(glyph.launcher_icon())
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
        asked, words = self._asked, self.search.text()

        def show(entries: list[Entry]) -> None:
            if asked == self._asked:
                self._list(entries)

        history = self._archive.history
        self._background.run(lambda: history.entries(MOST, words), show, self._problem)

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
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search your words")
        self.search.setAccessibleName("Search your words")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.reload)
        column.addWidget(self.search)
        self._rows = Rows(self.scheme)
        self.model = QStandardItemModel(self)
        self.view = _List(self._rows, self._do)
        self.view.setModel(self.model)
        keeps_place = self.view.sizePolicy()
        keeps_place.setRetainSizeWhenHidden(True)
        self.view.setSizePolicy(keeps_place)
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
        chosen = self.view.currentIndex().data(ENTRY)
        at = self.view.verticalScrollBar().value()
        fill(self.model, self.entries, dt.datetime.now().astimezone().date())
        if chosen:
            self._choose(chosen.id)
        self.view.verticalScrollBar().setValue(at)
        self._arrange()

    def _choose(self, id_: str) -> None:
        for at in range(self.model.rowCount()):
            index: QModelIndex = self.model.index(at, 0)
            entry = index.data(ENTRY)
            if entry and entry.id == id_:
                self.view.setCurrentIndex(index)

    def _arrange(self) -> None:
        some = bool(self.entries)
        self.view.setVisible(some)
        self.export.setEnabled(some)
        self.delete_all.setEnabled(some)
        off = not some and not self.search.text() and self._settings.history.keep == "never"
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

    def _do(self, does: Does, entry: Entry) -> None:
        if does == "type":
            window = int(self.winId())
            self.close()
            self._actions.type_again(entry.id, window)
        elif does == "copy":
            self._actions.copy(entry.text)
            self._say("Copied.")
        elif does == "delete":
            self._deleted.append(entry.id)
            self._undo_timer.start()
            self._list(self.entries)
            self._say("Deleted.")
        elif entry.id not in self._rows.busy:
            self._try_again(entry)

    def _try_again(self, entry: Entry) -> None:
        self._rows.busy.add(entry.id)
        self.view.viewport().update()

        def over(_: object) -> None:
            self._rows.busy.discard(entry.id)
            self.reload()

        def failed(problem: Problem) -> None:
            over(None)
            self._problem(problem)

        self._background.run(lambda: self._actions.recognise_again(entry.id), over, failed)

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

    def export_to(self, path: Path, usual: Format) -> None:
        """Everything there is; its ending says how, where it is a known one."""
        known = {f".{format_}": format_ for format_ in KINDS.values()}
        format_ = known.get(path.suffix.lower(), usual)

        def write() -> int:
            entries = self._archive.history.entries()
            try:
                path.write_text(exported(entries, format_), "utf-8", newline="")
            except OSError as error:
                what = f"{path.name} cannot be written: {error.strerror}."
                raise ProblemError(Problem(what, "Choose another place.")) from error
            return len(entries)

        self._background.run(
            write, lambda count: self._say(f"{count} dictations are in {path.name}."), self._problem
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
        plain = "QListView { background: transparent; border: 0; outline: 0; }"
        self.setStyleSheet(style.sheet(self.scheme) + plain if style.fusion() else "")
        colours = self.told.palette()
        colours.setColor(QPalette.ColorRole.WindowText, QColor(self.scheme.ink2))
        self.told.setPalette(colours)
        self._say("")

    def empty_words(self) -> tuple[str, str]:
        """Title and sentence where nothing is listed."""
        if words := self.search.text():
            return f"“{words}” was not found", "Try fewer words."
        if self._settings.history.keep == "never":
            return "History is off", "Turn it on to find your words again."
        key = Chord.parse(self._settings.hotkey.chord).shown
        rest = "in any program and speak. Your words will be listed here."
        return "Nothing said yet", f"Hold {key} {rest}"

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.ApplicationPaletteChange, QEvent.Type.ThemeChange):
            self._dress()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.flush()
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
            self._paint_empty(painter)

    def _paint_empty(self, painter: QPainter) -> None:
        title, sentence = self.empty_words()
        middle = self.height() // 2 - 34
        painter.save()
        painter.translate(self.width() / 2 - 32, middle - 44)
        painter.scale(2, 2)
        outline = self.scheme.outline
        glyph.paint(painter, "idle", 32, {"ink": outline, "voice": outline, "red": outline})
        painter.restore()
        area = self.rect().adjusted(24, middle + 36, -24, 0)
        centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.setPen(QColor(self.scheme.ink))
        painter.setFont(theme.font("title"))
        painter.drawText(area, centre, title)
        painter.setPen(QColor(self.scheme.ink2))
        painter.setFont(theme.font())
        below = area.adjusted(0, round(28 * theme.text_scale()), 0, 0)
        painter.drawText(below, centre | Qt.TextFlag.TextWordWrap, sentence)
