"""The history window, offscreen, with a real history."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from integration.ui_fakes import FakeApp
from sayso.core.dictation.history_entry import HistoryEntry
from sayso.core.problems import ProblemKind
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Endpoint, Settings
from sayso.core.usage import UsageRecord
from sayso.storage.archive import Archive
from sayso.storage.history import HistoryStore
from sayso.storage.recordings import Recordings
from sayso.ui.background import Background
from sayso.ui.history import window as window_module
from sayso.ui.history.rows import ENTRY_ROLE, day_heading, details, row_actions, wrap_two_lines
from sayso.ui.history.window import HistoryWindow

LONG = "Could you move the meeting to Thursday, because the second draft is ready? " * 4
NOW = dt.datetime.now(dt.UTC)
NO_ANSWER = ProblemKind("test.example", "The server did not answer.", "Try again later.")()


def entry(id_: str, text: str = "", minutes: int = 0, **others: Any) -> HistoryEntry:
    started = (NOW - dt.timedelta(minutes=minutes)).isoformat(timespec="milliseconds")
    values = {"outcome": "inserted", "duration_s": 8.2, "program": "editor"} | others
    return HistoryEntry(id=id_, started=started, text=text, **values)


LONG_TEXT = entry("a", LONG)
FAILED = entry(
    "b",
    outcome="failed",
    audio="b.flac",
    minutes=1,
    error="The server did not answer.",
    program="browser",
)
RECOVERED = entry(
    "c",
    "Milk, two lemons.",
    minutes=3000,
    outcome="rescued",
    engine="Attic & more",
    usage=(UsageRecord(endpoint="OpenAI", seconds=9, cost_usd=0.00255),),
)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(
        Recordings(tmp_path / "takes"),
        HistoryStore(tmp_path / "history.db"),
        on_problem=lambda _: None,
    )
    yield made
    made.close()


@pytest.fixture
def empty(qtbot: QtBot, archive: Archive, app: FakeApp) -> Iterator[HistoryWindow]:
    background = Background()
    made = HistoryWindow(app.actions(), archive, background, Settings())
    app.on_settings_changed = made.on_settings
    qtbot.addWidget(made)
    yield made
    background.stop(wait=True)


@pytest.fixture
def window(qtbot: QtBot, empty: HistoryWindow, archive: Archive) -> HistoryWindow:
    for each in (LONG_TEXT, FAILED, RECOVERED):
        archive.history.put(each)
    empty.open()
    qtbot.waitUntil(lambda: len(empty.entries) == 3)
    return empty


def ids(window: HistoryWindow) -> list[str]:
    return [each.id for each in window.entries]


def stored(archive: Archive) -> set[str]:
    """Return the ids in the history after all earlier jobs of the archive."""
    archive.interrupted().result(5)
    return archive.history.ids()


def row(window: HistoryWindow, id_: str) -> QModelIndex:
    model = window.view.item_model
    rows = [model.index(i, 0) for i in range(model.rowCount())]
    return next(each for each in rows if each.data(ENTRY_ROLE) and each.data(ENTRY_ROLE).id == id_)


def click(qtbot: QtBot, window: HistoryWindow, id_: str, label: str) -> None:
    index = row(window, id_)
    buttons = window.delegate.button_rects(window.view.visualRect(index), index.data(ENTRY_ROLE))
    rect = next(rect for _, rect, text in buttons if text == label)
    qtbot.mouseClick(window.view.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())


def press(qtbot: QtBot, window: HistoryWindow, id_: str, key: Qt.Key, ctrl: bool = False) -> None:
    """Press a key while the row of the entry is selected."""
    window.view.setCurrentIndex(row(window, id_))
    modifiers = Qt.KeyboardModifier
    held = modifiers.ControlModifier if ctrl else modifiers.NoModifier
    qtbot.keyClick(window.view, key, held)


def menu(window: HistoryWindow, id_: str) -> dict[str, QAction]:
    """Return the entries of a row's menu; those of a submenu as "Transcribe again > OpenAI"."""
    found = {}
    for action in window.entry_menu(row(window, id_).data(ENTRY_ROLE)).actions():
        if submenu := action.menu():
            found |= {f"{action.text()} > {each.text()}": each for each in submenu.actions()}
        elif action.text():
            found[action.text()] = action
    return found


def test_it_opens_with_the_newest_first_and_the_search_focused(window: HistoryWindow) -> None:
    assert ids(window) == ["a", "b", "c"]
    assert window.view.item_model.index(0, 0).data() in ("Today", "Yesterday")
    assert window.focusWidget() is window.search
    assert window.message.text() == "Kept for 7 days, only on this computer."


def test_the_search_finds_text_and_reports_what_it_did_not_find(
    qtbot: QtBot, window: HistoryWindow
) -> None:
    window.search.setText("LEMON milk")
    qtbot.waitUntil(lambda: ids(window) == ["c"])
    window.search.setText("whale")
    qtbot.waitUntil(lambda: ids(window) == [])
    assert window.empty.title == "“whale” was not found"
    assert (window.view.isVisible(), window.empty.isVisible()) == (False, True)


def test_insert_again_hides_the_window_first(
    qtbot: QtBot, window: HistoryWindow, app: FakeApp
) -> None:
    click(qtbot, window, "c", "Insert again")
    assert not window.isVisible()
    assert app.calls == [("reinsert", "c")]


def test_the_text_of_an_entry_is_copied(qtbot: QtBot, window: HistoryWindow, app: FakeApp) -> None:
    click(qtbot, window, "c", "Copy")
    assert app.calls == [("copy", "Milk, two lemons.")]
    assert window.message.text() == "Copied."


def test_a_deletion_can_be_undone(qtbot: QtBot, window: HistoryWindow, archive: Archive) -> None:
    click(qtbot, window, "a", "Delete")
    assert (ids(window), window.message.text()) == (["b", "c"], "Deleted.")
    assert window.undo.isVisible()
    window.undo.click()
    qtbot.waitUntil(lambda: ids(window) == ["a", "b", "c"])
    assert len(archive.history.ids()) == 3


def test_a_deletion_is_carried_out_after_a_while_or_when_the_window_closes(
    qtbot: QtBot, window: HistoryWindow, archive: Archive
) -> None:
    click(qtbot, window, "a", "Delete")
    window.undo_timer.timeout.emit()
    assert stored(archive) == {"b", "c"}
    click(qtbot, window, "b", "Delete")
    window.close()
    assert stored(archive) == {"c"}


def test_a_failed_take_can_be_transcribed_again(
    qtbot: QtBot, window: HistoryWindow, app: FakeApp, archive: Archive
) -> None:
    archive.history.put(attrs.evolve(FAILED, text="Now it works.", outcome="rescued", error=""))
    click(qtbot, window, "b", "Try again")
    qtbot.waitUntil(lambda: window.entries[1].text == "Now it works.")
    assert app.calls == [("transcribe_again", "b", "")]


def test_another_failure_is_reported(qtbot: QtBot, window: HistoryWindow, app: FakeApp) -> None:
    app.next_problem = NO_ANSWER
    click(qtbot, window, "b", "Try again")
    qtbot.waitUntil(lambda: window.message.text() == NO_ANSWER.sentence)
    assert app.calls == [("transcribe_again", "b", "")]
    assert not window.delegate.transcribing


def test_keys_act_on_the_selected_row(qtbot: QtBot, window: HistoryWindow, app: FakeApp) -> None:
    press(qtbot, window, "c", Qt.Key.Key_C, ctrl=True)
    press(qtbot, window, "a", Qt.Key.Key_Delete)
    assert ids(window) == ["b", "c"]
    press(qtbot, window, "c", Qt.Key.Key_Return)
    assert app.calls == [("copy", "Milk, two lemons."), ("reinsert", "c")]


@pytest.mark.parametrize(("answer", "left"), [(True, set()), (False, {"a", "b", "c"})])
def test_delete_all_asks_once(
    qtbot: QtBot,
    window: HistoryWindow,
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    answer: bool,
    left: set[str],
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(
        window_module, "confirm_delete", lambda parent, count: asked.append(count) or answer
    )
    window.delete_all.click()
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == [3]
    assert stored(archive) == left
    assert ids(window) == sorted(left)


def test_a_recording_is_played_and_stopped(
    qtbot: QtBot, window: HistoryWindow, app: FakeApp
) -> None:
    click(qtbot, window, "b", "Play")
    click(qtbot, window, "b", "Stop")
    assert app.calls == [("play", "b"), "stop_playing"]
    app.playback_ended(None)
    click(qtbot, window, "b", "Play")
    app.playback_ended(NO_ANSWER)
    assert window.message.text() == NO_ANSWER.sentence
    assert window.delegate.playing == ""
    press(qtbot, window, "b", Qt.Key.Key_Space)
    assert window.delegate.playing == "b"
    press(qtbot, window, "b", Qt.Key.Key_Space)
    assert app.calls[-2:] == [("play", "b"), "stop_playing"]
    window.close()
    assert app.calls[-2:] == ["stop_playing", "stop_playing"]


def test_every_engine_can_transcribe_again(
    qtbot: QtBot, window: HistoryWindow, app: FakeApp
) -> None:
    attic = Endpoint(name="Attic & more", url="http://localhost:1/v1")
    window.on_settings(attrs.evolve(Settings(), endpoints=(Endpoint(), attic)))
    entries = menu(window, "b")
    assert list(entries) == [
        "Try again", "Play", "Transcribe again > This computer", "Transcribe again > OpenAI",
        "Transcribe again > Attic && more", "Delete",
    ]  # fmt: skip
    entries["Transcribe again > Attic && more"].trigger()
    assert window.delegate.transcribing == {"b"}
    qtbot.waitUntil(lambda: app.calls == [("transcribe_again", "b", "Attic & more")])
    qtbot.waitUntil(lambda: not window.delegate.transcribing)


def test_the_menu_has_the_actions_of_the_row(window: HistoryWindow, app: FakeApp) -> None:
    assert list(menu(window, "c")) == ["Insert again", "Copy", "Delete"]
    menu(window, "c")["Copy"].trigger()
    assert app.calls == [("copy", "Milk, two lemons.")]
    menu(window, "c")["Delete"].trigger()
    assert ids(window) == ["a", "b"]


def test_the_dictations_of_one_program_can_be_shown(
    qtbot: QtBot, window: HistoryWindow, archive: Archive
) -> None:
    listed = [window.programs.itemText(i) for i in range(window.programs.count())]
    assert listed == ["All programs", "Browser", "Editor"]
    window.programs.setCurrentIndex(1)
    window.programs.activated.emit(1)
    qtbot.waitUntil(lambda: ids(window) == ["b"])
    window.search.setText("milk")
    qtbot.waitUntil(lambda: ids(window) == [])
    window.search.clear()
    qtbot.waitUntil(lambda: ids(window) == ["b"])
    click(qtbot, window, "b", "Delete")
    window.apply_deletions()
    assert stored(archive) == {"a", "c"}
    assert window.empty.title == "Nothing from Browser"
    window.open()
    qtbot.waitUntil(lambda: ids(window) == ["a", "c"])
    assert window.search_bar.program == ""


def test_the_history_is_exported(qtbot: QtBot, window: HistoryWindow, tmp_path: Path) -> None:
    window.export_to(tmp_path / "all.json", "txt")
    qtbot.waitUntil(lambda: window.message.text() == "Exported 3 dictations to all.json.")
    assert len(json.loads((tmp_path / "all.json").read_text())) == 3
    window.export_to(tmp_path / "no" / "all.txt", "txt")
    qtbot.waitUntil(lambda: "all.txt" in window.message.text())


def test_an_empty_history_explains_itself_and_can_be_turned_on(
    empty: HistoryWindow, app: FakeApp
) -> None:
    empty.open()
    assert empty.empty.title == "No dictations yet"
    assert "Right Ctrl" in empty.empty.sentence
    assert not empty.turn_on.isVisible()
    empty.on_settings(s.put(Settings(), "history.keep", "never"))
    assert empty.empty.title == "History is off"
    assert empty.turn_on.isVisible()
    empty.turn_on.click()
    assert app.calls == [("history.keep", "7d")]


@pytest.mark.parametrize(
    ("day", "heading"),
    [
        (dt.date(2026, 11, 21), "Today"),
        (dt.date(2026, 11, 20), "Yesterday"),
        (dt.date(2026, 11, 19), "Thursday 19 November"),
        (dt.date(2025, 11, 19), "Wednesday 19 November 2025"),
    ],
)
def test_a_day_is_named_relative_to_today_or_by_its_date(day: dt.date, heading: str) -> None:
    assert day_heading(day, dt.date(2026, 11, 21)) == heading


def test_details_name_program_duration_engine_cost_and_outcome() -> None:
    assert details(RECOVERED).split("  ·  ")[1:] == [
        "Editor", "8 s", "Attic & more", "$0.0026", "Recovered after a restart",
    ]  # fmt: skip
    assert details(FAILED).endswith("The server did not answer.")
    assert [text for _, text in row_actions(FAILED)] == ["Try again", "Play", "More ▾", "Delete"]


def test_long_text_is_wrapped_into_two_lines(qapp: QApplication) -> None:
    lines = wrap_two_lines(LONG, qapp.font(), 300)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert wrap_two_lines("short 👍", qapp.font(), 300) == ["short 👍"]
