"""Windows and indicator with text up to twice as large, on a screen of 800 x 800: no part is cut
off, overlaps another one or is off the screen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QBitmap, QFont, QFontMetrics, QGuiApplication, QImage, QPainter, QRegion
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
from integration.ui_fakes import FakeApp, FakeScreen
from sayso.core.dictation.history_entry import HistoryEntry
from sayso.core.dictation.status import Status
from sayso.core.settings.settings import Settings
from sayso.core.usage import DailyUsage, UsageTotal
from sayso.storage.archive import Archive
from sayso.storage.history import HistoryStore
from sayso.storage.recordings import Recordings
from sayso.ui.background import Background
from sayso.ui.history.empty import EmptyState
from sayso.ui.history.rows import ENTRY_ROLE, wrap_two_lines
from sayso.ui.history.window import DEFAULT_SIZE, MINIMUM_SIZE, HistoryWindow
from sayso.ui.indicator.overlay import Overlay
from sayso.ui.settings.usage import UsagePage
from sayso.ui.settings.window import PAGES
from sayso.ui.widgets import theme
from sayso.ui.widgets.controls import Combo, Switch
from sayso.ui.widgets.theme import LIGHT

SIZES = {"100 %": 13, "150 %": 20, "200 %": 26}
NORMAL, LARGE = SIZES["100 %"], SIZES["200 %"]
SMALLEST = QSize(1, 1)
"""Windows are resized to their minimum size."""
WINDOWS = {"smallest": SMALLEST, "usual": DEFAULT_SIZE, "large": QSize(1400, 900)}
LONG = "Could you move the meeting to Thursday, because the second draft is ready? " * 4
PROGRAM = "org.example.a-program-with-a-name-that-is-long"
NOW = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
INSERTED = HistoryEntry(
    id="a",
    started=NOW,
    text=LONG,
    outcome="inserted",
    duration_s=8.2,
    program=PROGRAM,
    audio="a.flac",
)
FAILED = attrs.evolve(
    INSERTED, id="b", text="", outcome="failed", error="The server did not answer."
)


@pytest.fixture
def set_text_size(qapp: QApplication) -> Iterator[Callable[[int], None]]:
    """Set the system's text size in pixels."""
    original = qapp.font()

    def set_size(pixels: int) -> None:
        font = QFont(original)
        font.setPixelSize(pixels)
        qapp.setFont(font)

    yield set_size
    qapp.setFont(original)


@pytest.fixture
def history(
    qtbot: QtBot, app: FakeApp, tmp_path: Path, set_text_size: Callable[[int], None]
) -> Iterator[Callable[[int], HistoryWindow]]:
    """Open the window with two dictations, at a text size in pixels."""
    background = Background()
    archive = Archive(
        Recordings(tmp_path / "takes"),
        HistoryStore(tmp_path / "history.db"),
        on_problem=lambda _: None,
    )
    for entry in (INSERTED, FAILED):
        archive.history.put(entry)

    def opened(pixels: int) -> HistoryWindow:
        set_text_size(pixels)
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
    for _ in range(10):
        QApplication.processEvents()


def parts(window: HistoryWindow) -> list[QWidget]:
    listed = [window.search, window.programs, window.view, window.message]
    buttons = [window.turn_on, window.undo, window.export, window.delete_all]
    return [part for part in (*listed, *buttons) if part.isVisible()]


def needed_size(part: QWidget) -> QSize:
    """Return the size that a part needs to show its text."""
    if isinstance(part, QLabel):
        return QSize(part.minimumSizeHint().width(), part.heightForWidth(part.width()))
    if isinstance(part, QPushButton):
        return part.sizeHint()
    return QSize(100, part.fontMetrics().height())


@pytest.mark.parametrize("pixels", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("size", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("message", ["", "Deleted.", "It cannot be played. " * 4], ids=len)
def test_parts_of_the_history_are_complete_and_do_not_overlap(
    history: Callable[[int], HistoryWindow], pixels: int, size: QSize, message: str
) -> None:
    window = history(pixels)
    settle(window, size)
    if message == "Deleted.":
        window.perform("delete", FAILED, QPoint())
    window.show_message(message)
    settle(window, size)
    visible = parts(window)
    assert len(visible) >= 6
    for i, part in enumerate(visible):
        assert window.rect().contains(part.geometry()), part
        assert not any(part.geometry().intersects(other.geometry()) for other in visible[:i]), part
        needed = needed_size(part)
        assert part.width() >= needed.width(), part
        assert part.height() >= needed.height(), part
    placeholder = window.search.fontMetrics().horizontalAdvance(window.search.placeholderText())
    assert window.search.width() > placeholder


@pytest.mark.parametrize("pixels", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("transcribing", [False, True], ids=["at rest", "transcribing"])
@pytest.mark.parametrize("entry", [INSERTED, FAILED], ids=["inserted", "failed"])
def test_actions_of_a_row_fit_beside_its_progress(
    history: Callable[[int], HistoryWindow], pixels: int, entry: HistoryEntry, transcribing: bool
) -> None:
    window = history(pixels)
    settle(window, SMALLEST)
    if transcribing:
        window.delegate.transcribing.add(entry.id)
    model = window.view.item_model
    indexes = [model.index(i, 0) for i in range(model.rowCount())]
    rect = next(window.view.visualRect(i) for i in indexes if i.data(ENTRY_ROLE) == entry)
    buttons = window.delegate.button_rects(rect, entry)
    labels = [label for _, _, label in buttons]
    assert labels[-2:] == ["More ▾", "Delete"]
    assert all(rect.contains(button) for _, button, _ in buttons)
    left = buttons[0][1].left() - rect.left()
    note = QFontMetrics(theme.font("caption")).horizontalAdvance("Transcribing…")
    assert not transcribing or left > note
    assert transcribing or pixels != NORMAL or len(labels) == (5 if entry.text else 4)


def test_text_without_spaces_is_wrapped_too(qapp: QApplication) -> None:
    metrics = QFontMetrics(theme.font())
    lines = wrap_two_lines("a" * 400, theme.font(), 300)
    assert len(lines) == 2
    assert all(metrics.horizontalAdvance(line) <= 300 for line in lines)


EMPTY = {
    "nothing yet": ("No dictations yet", "Hold Right Ctrl in any program and speak. " * 2),
    "not found": (f"“{'a word never said ' * 9}” was not found", "Try fewer words."),
}


@pytest.mark.parametrize("pixels", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("text", EMPTY.values(), ids=EMPTY)
def test_the_text_of_an_empty_history_is_not_cut_off(
    history: Callable[[int], HistoryWindow], pixels: int, text: tuple[str, str]
) -> None:
    window = history(pixels)
    settle(window, SMALLEST)
    empty = EmptyState(window.scheme)
    empty.show_text(*text)
    empty.resize(window.view.size())
    margin = 200
    image = QImage(empty.size() + 2 * QSize(margin, margin), QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.translate(margin, margin)
    empty.draw(painter)
    painter.end()
    painted = QRegion(QBitmap.fromImage(image.createAlphaMask())).boundingRect()
    assert painted.isValid()
    assert QRect(QPoint(margin, margin), empty.size()).contains(painted)


def test_windows_grow_with_the_text_and_stay_on_the_screen(
    history: Callable[[int], HistoryWindow],
) -> None:
    normal, large = history(NORMAL), history(LARGE)
    assert (normal.minimumSize(), normal.size()) == (MINIMUM_SIZE, DEFAULT_SIZE)
    screen = QGuiApplication.primaryScreen().availableSize()
    assert large.size() == (DEFAULT_SIZE * 2).boundedTo(screen)
    assert large.minimumHeight() > MINIMUM_SIZE.height()
    assert history(200).minimumSize() == screen


# Settings


@pytest.fixture
def month(app: FakeApp) -> FakeApp:
    """The stand-in with usage to show."""
    day = DailyUsage(
        day=dt.date.today().replace(day=1),
        endpoint="OpenAI",
        total=UsageTotal(takes=3, seconds=5400, cost_usd=10.11),
    )
    app.usage_days = [day]
    return app


@pytest.mark.parametrize("pixels", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("page", [name for name, *_ in PAGES])
def test_parts_of_the_settings_pages_are_not_cut_off(
    month: FakeApp, qtbot: QtBot, set_text_size: Callable[[int], None], page: str, pixels: int
) -> None:
    set_text_size(pixels)
    with settings_window(month, qtbot) as window:
        window.open(page)
        shown_page = window.pages[page]
        if isinstance(shown_page, UsagePage):
            qtbot.waitUntil(lambda: shown_page.days == month.usage_days)
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
def test_text_of_a_list_is_elided_before_the_arrow(
    qtbot: QtBot, set_text_size: Callable[[int], None], pixels: int
) -> None:
    set_text_size(pixels)
    combo = Combo(LIGHT)
    qtbot.addWidget(combo)
    combo.addItem("Automatic, whichever works in the program")
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


def test_no_list_of_the_settings_is_elided_at_normal_text_size(
    month: FakeApp, qtbot: QtBot
) -> None:
    with settings_window(month, qtbot) as window:
        for name, *_ in PAGES:
            window.open(name)
            settle(window, SMALLEST)
            for combo in window.pages[name].findChildren(Combo):
                if combo.isVisible() and not combo.isEditable():
                    assert shown_in(combo) == combo.currentText()


def test_switches_grow_with_the_text(qtbot: QtBot, set_text_size: Callable[[int], None]) -> None:
    sizes = []
    for pixels in (NORMAL, LARGE):
        set_text_size(pixels)
        switch = Switch(theme.scheme())
        qtbot.addWidget(switch)
        sizes.append(switch.size())
    assert sizes == [QSize(40, 24), QSize(80, 48)]


def test_the_caption_above_the_chart_gets_a_second_line(
    month: FakeApp, qtbot: QtBot, set_text_size: Callable[[int], None]
) -> None:
    lines = []
    for pixels in (NORMAL, LARGE):
        set_text_size(pixels)
        with settings_window(month, qtbot) as window:
            window.open("usage")
            page = window.pages["usage"]
            assert isinstance(page, UsagePage)
            page.show_days(month.usage_days)
            settle(window, SMALLEST)
            lines.append(round(page.chart.height() * NORMAL / pixels))
    assert lines == [150, 168]


# The indicator


def test_the_indicator_is_not_wider_than_the_screen(
    app: FakeApp, qtbot: QtBot, set_text_size: Callable[[int], None]
) -> None:
    set_text_size(LARGE)
    overlay = Overlay(app.actions(), FakeScreen())
    qtbot.addWidget(overlay)
    overlay.on_status(Status(take=1, held_text=LONG, offers_held_text=True))
    screen = QGuiApplication.primaryScreen().availableGeometry()
    visible = overlay.mask().boundingRect().translated(overlay.pos())
    assert visible.width() > screen.width() / 2
    assert screen.contains(visible)
    for button in overlay.body.buttons:
        assert overlay.body.rect().contains(button.geometry())
