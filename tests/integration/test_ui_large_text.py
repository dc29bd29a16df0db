"""Windows and pill with text up to twice as large, on a screen of 800 x 800: nothing of them is
cut off, lies on another part or is out of sight.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import (
    QBitmap,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QImage,
    QPainter,
    QRegion,
)
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QStyleOptionComboBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from integration.settings_window import settings_window
from integration.ui_fakes import FakeApp
from sayso.core.dictation.history_entry import HistoryEntry
from sayso.core.dictation.status import Status
from sayso.core.settings.settings import Settings
from sayso.core.usage import DailyUsage, UsageTotal
from sayso.storage.archive import Archive
from sayso.storage.history import HistoryStore
from sayso.storage.recordings import Recordings
from sayso.ui.background import Background
from sayso.ui.history.empty import paint_empty
from sayso.ui.history.rows import ENTRY_ROLE, wrap_two_lines
from sayso.ui.history.window import DEFAULT_SIZE, MINIMUM_SIZE, HistoryWindow
from sayso.ui.indicator.overlay import Desk, Overlay
from sayso.ui.settings.page import Combo
from sayso.ui.settings.usage import UsagePage
from sayso.ui.settings.window import PAGES
from sayso.ui.widgets import theme
from sayso.ui.widgets.rows import Switch

SIZES = {"normal": 13, "half as large again": 20, "twice as large": 26}
LARGE = SIZES["twice as large"]
SMALLEST = QSize(1, 1)
"""As small as a window lets itself be made."""
WINDOWS = {"smallest": SMALLEST, "usual": DEFAULT_SIZE, "large": QSize(1400, 900)}
LONG = "Could you move the meeting to Thursday, because the second draft is ready? " * 4
PROGRAM = "org.example.a-program-with-a-name-that-is-long"
NOW = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
SAID = HistoryEntry(
    id="a",
    started=NOW,
    text=LONG,
    outcome="inserted",
    duration_s=8.2,
    program=PROGRAM,
    audio="a.flac",
)
LOST = attrs.evolve(SAID, id="b", text="", outcome="failed", error="The server did not answer.")


@pytest.fixture
def write(qapp: QApplication) -> Iterator[Callable[[int], None]]:
    """Set the system's text to so many pixels."""
    before = qapp.font()

    def to(pixels: int) -> None:
        large = QFont(before)
        large.setPixelSize(pixels)
        qapp.setFont(large)

    yield to
    qapp.setFont(before)


@pytest.fixture
def history(
    qtbot: QtBot, app: FakeApp, tmp_path: Path, write: Callable[[int], None]
) -> Iterator[Callable[[int], HistoryWindow]]:
    """The window with two dictations, in text of so many pixels."""
    background = Background()
    archive = Archive(
        Recordings(tmp_path / "takes"),
        HistoryStore(tmp_path / "history.db"),
        on_problem=lambda _: None,
    )
    for entry in (SAID, LOST):
        archive.history.put(entry)

    def opened(pixels: int) -> HistoryWindow:
        write(pixels)
        made = HistoryWindow(app.actions(), archive, background, Settings())
        qtbot.addWidget(made)
        made.open()
        qtbot.waitUntil(lambda: len(made.entries) == 2)
        return made

    yield opened
    background.stop(wait=True)
    archive.close()


def settle(window: QWidget, size: QSize) -> None:
    window.resize(size)
    for _ in range(5):
        QApplication.processEvents()


def parts(window: HistoryWindow) -> list[QWidget]:
    listed = [window.search, window.programs, window.view, window.message]
    buttons = [window.turn_on, window.undo, window.export, window.delete_all]
    return [part for part in (*listed, *buttons) if part.isVisible()]


def room_taken(part: QWidget) -> QSize:
    """What a part must have for its words to be seen."""
    if isinstance(part, QLabel):
        return QSize(part.minimumSizeHint().width(), part.heightForWidth(part.width()))
    if isinstance(part, QPushButton):
        return part.sizeHint()
    return QSize(100, part.fontMetrics().height())


@pytest.mark.parametrize("pixels", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("size", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("told", ["", "Deleted.", "It cannot be played. " * 4], ids=len)
def test_every_part_of_the_history_is_seen_whole_and_apart(
    history: Callable[[int], HistoryWindow], pixels: int, size: QSize, told: str
) -> None:
    window = history(pixels)
    settle(window, size)
    if told == "Deleted.":
        window.perform("delete", LOST, QPoint())
    window.show_message(told)
    settle(window, size)
    seen = parts(window)
    assert len(seen) >= 6
    for at, part in enumerate(seen):
        assert window.rect().contains(part.geometry()), part
        assert not any(part.geometry().intersects(other.geometry()) for other in seen[:at]), part
        taken = room_taken(part)
        assert part.width() >= taken.width(), part
        assert part.height() >= taken.height(), part
    placeholder = window.search.fontMetrics().horizontalAdvance(window.search.placeholderText())
    assert window.search.width() > placeholder


@pytest.mark.parametrize("pixels", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("busy", [False, True], ids=["at rest", "being recognised"])
@pytest.mark.parametrize("entry", [SAID, LOST], ids=["said", "lost"])
def test_what_can_be_done_with_a_row_lies_in_it_with_what_goes_on(
    history: Callable[[int], HistoryWindow], pixels: int, entry: HistoryEntry, busy: bool
) -> None:
    window = history(pixels)
    settle(window, SMALLEST)
    if busy:
        window.delegate.busy.add(entry.id)
    model = window.view.item_model
    indexes = [model.index(at, 0) for at in range(model.rowCount())]
    rect = next(
        window.view.visualRect(index) for index in indexes if index.data(ENTRY_ROLE) == entry
    )
    places = window.delegate.button_rects(rect, entry)
    words = [word for _, _, word in places]
    assert words[-2:] == ["More ▾", "Delete"]
    assert all(rect.contains(place) for _, place, _ in places)
    left = places[0][1].left() - rect.left()
    note = QFontMetrics(theme.font("caption")).horizontalAdvance("Recognising…")
    assert not busy or left > note
    assert busy or pixels != SIZES["normal"] or len(words) == (5 if entry.text else 4)


def test_words_without_a_space_are_broken_where_the_line_ends(qapp: QApplication) -> None:
    metrics = QFontMetrics(theme.font())
    lines = wrap_two_lines("a" * 400, theme.font(), 300)
    assert len(lines) == 2
    assert all(metrics.horizontalAdvance(line) <= 300 for line in lines)


EMPTY = {
    "nothing yet": ("Nothing said yet", "Hold Right Ctrl in any program and speak. " * 2),
    "not found": (f"“{'a word never said ' * 9}” was not found", "Try fewer words."),
}


@pytest.mark.parametrize("pixels", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("words", EMPTY.values(), ids=EMPTY)
def test_what_an_empty_history_says_stays_above_the_foot(
    history: Callable[[int], HistoryWindow], pixels: int, words: tuple[str, str]
) -> None:
    window = history(pixels)
    settle(window, SMALLEST)
    area = window.view.geometry()
    inked = drawn(window, area, words)
    assert inked.isValid()
    assert area.contains(inked)


def drawn(window: HistoryWindow, area: QRect, words: tuple[str, str]) -> QRect:
    """The pixels that are painted: drawing is not clipped to the area."""
    image = QImage(window.size(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    paint_empty(painter, window.rect(), area, window.scheme, words)
    painter.end()
    return QRegion(QBitmap.fromImage(image.createAlphaMask())).boundingRect()


def test_windows_grow_with_the_text_and_stay_on_the_screen(
    history: Callable[[int], HistoryWindow],
) -> None:
    normal, large = history(SIZES["normal"]), history(LARGE)
    assert (normal.minimumSize(), normal.size()) == (MINIMUM_SIZE, DEFAULT_SIZE)
    screen = QGuiApplication.primaryScreen().availableSize()
    assert large.size() == (DEFAULT_SIZE * 2).boundedTo(screen)
    assert large.minimumHeight() > MINIMUM_SIZE.height()
    assert history(200).minimumSize() == screen


# Settings


@pytest.fixture
def month(app: FakeApp) -> FakeApp:
    """With something to show on every page."""
    day = DailyUsage(
        day=dt.date.today().replace(day=1),
        endpoint="OpenAI",
        total=UsageTotal(takes=3, seconds=5400, cost_usd=10.11),
    )
    app.used = [day]
    return app


@pytest.mark.parametrize("pixels", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("page", [name for name, *_ in PAGES])
def test_no_part_of_a_page_of_the_settings_is_cut_off(
    month: FakeApp, qtbot: QtBot, write: Callable[[int], None], page: str, pixels: int
) -> None:
    write(pixels)
    with settings_window(month, qtbot) as window:
        window.open(page)
        settle(window, SMALLEST)
        area = window.stack.currentWidget()
        assert isinstance(area, QScrollArea)
        shown = area.widget()
        assert shown.width() <= area.viewport().width()
        seen = [part for part in shown.findChildren(QWidget) if part.isVisible()]
        for part in seen:
            assert part.parentWidget().rect().contains(part.geometry()), part
            if isinstance(part, QLabel):
                assert part.height() + 1 >= part.heightForWidth(part.width()), part.text()
            if isinstance(part, QPushButton):
                assert part.width() >= part.minimumSizeHint().width(), part.text()
        below = window.sidebar.visualItemRect(window.sidebar.item(len(PAGES) - 1)).bottom()
        assert below <= window.sidebar.viewport().height()


@pytest.mark.parametrize("pixels", SIZES.values(), ids=SIZES)
def test_lists_end_their_words_before_the_arrow(
    qtbot: QtBot, write: Callable[[int], None], pixels: int
) -> None:
    write(pixels)
    combo = Combo("")
    qtbot.addWidget(combo)
    combo.addItem("Whatever the program takes best")
    combo.setFixedWidth(pixels * 10)
    option = shown_in(combo)
    assert option.endswith("…")
    assert combo.fontMetrics().horizontalAdvance(option) < combo.width() - pixels
    combo.setFixedWidth(pixels * 30)
    assert shown_in(combo) == combo.currentText()


def shown_in(combo: QComboBox) -> str:
    option = QStyleOptionComboBox()
    combo.initStyleOption(option)
    return option.currentText


def test_every_list_of_the_settings_shows_its_words_whole_in_the_usual_size(
    month: FakeApp, qtbot: QtBot
) -> None:
    with settings_window(month, qtbot) as window:
        for name, *_ in PAGES:
            window.open(name)
            settle(window, SMALLEST)
            for combo in window.pages[name].findChildren(Combo):
                if combo.isVisible() and not combo.isEditable():
                    assert shown_in(combo) == combo.currentText()


def test_switches_grow_with_the_text(qtbot: QtBot, write: Callable[[int], None]) -> None:
    sizes = []
    for pixels in (SIZES["normal"], LARGE):
        write(pixels)
        switch = Switch(theme.scheme())
        qtbot.addWidget(switch)
        sizes.append(switch.size())
    assert sizes == [QSize(40, 24), QSize(80, 48)]


def test_the_line_above_the_chart_has_room_for_a_second_one(
    month: FakeApp, qtbot: QtBot, write: Callable[[int], None]
) -> None:
    lines = []
    for pixels in (SIZES["normal"], LARGE):
        write(pixels)
        with settings_window(month, qtbot) as window:
            window.open("usage")
            page = window.pages["usage"]
            assert isinstance(page, UsagePage)
            page.show_days(month.used)
            settle(window, SMALLEST)
            lines.append(round(page.chart.height() * SIZES["normal"] / pixels))
    assert lines == [150, 168]


# The pill


def test_the_pill_is_no_wider_than_a_screen_that_is_small_for_the_text(
    app: FakeApp, qtbot: QtBot, write: Callable[[int], None]
) -> None:
    write(LARGE)
    desk = Desk(composited=lambda: False, focus_point=lambda: None)
    pill = Overlay(app.actions(), desk)
    qtbot.addWidget(pill)
    pill.on_status(Status(take=1, held_text=LONG, offers_held_text=True))
    screen = QGuiApplication.primaryScreen().availableGeometry()
    seen = pill.mask().boundingRect().translated(pill.pos())
    assert seen.width() > screen.width() / 2
    assert screen.contains(seen)
    assert all(pill.mask().contains(button.geometry()) for button in pill.buttons)
