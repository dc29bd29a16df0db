"""The history window and its settings, offscreen, with a real history."""

import datetime as dt
import json

import attrs
import pytest
from PySide6.QtCore import QPoint, Qt

from integration.settings_window import select_item, settings_window
from integration.ui_fakes import FakeApp
from sayso.core.dictation.history_entry import HistoryEntry
from sayso.core.problems import untyped_problem
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Endpoint, Settings
from sayso.core.usage import UsageRecord
from sayso.storage.archive import Archive
from sayso.storage.history import HistoryStore
from sayso.storage.recordings import Recordings
from sayso.ui.background import Background
from sayso.ui.history import window as history_module
from sayso.ui.history.rows import ENTRY_ROLE, day_heading, details, row_actions, wrap_two_lines
from sayso.ui.history.window import HistoryWindow

LONG = "Could you move the meeting to Thursday, because the second draft is ready? " * 4
NOW = dt.datetime.now(dt.UTC)


def entry(id_, text="", minutes=0, **others):
    started = (NOW - dt.timedelta(minutes=minutes)).isoformat(timespec="milliseconds")
    values = {"outcome": "inserted", "duration_s": 8.2, "program": "editor"} | others
    return HistoryEntry(id=id_, started=started, text=text, **values)


ENTRIES = [
    entry("a", LONG),
    entry(
        "b",
        outcome="failed",
        audio="b.flac",
        minutes=1,
        error="The server did not answer.",
        program="browser",
    ),
    entry(
        "c",
        "Milk, two lemons.",
        minutes=3000,
        outcome="rescued",
        engine="Attic & more",
        usage=(UsageRecord(endpoint="OpenAI", seconds=9, cost_usd=0.00255),),
    ),
]


@pytest.fixture
def fake():
    return FakeApp()


@pytest.fixture
def archive(tmp_path):
    made = Archive(
        Recordings(tmp_path / "takes"),
        HistoryStore(tmp_path / "history.db"),
        on_problem=lambda _: None,
    )
    yield made
    made.close()


@pytest.fixture
def window(qtbot, archive, fake):
    background = Background()
    made = HistoryWindow(fake.actions(), archive, background, Settings())
    fake.on_settings_changed = made.on_settings
    qtbot.addWidget(made)
    yield made
    background.stop(wait=True)


@pytest.fixture
def full(qtbot, window, archive):
    for each in ENTRIES:
        archive.history.put(each)
    window.open()
    qtbot.waitUntil(lambda: len(window.entries) == 3)
    return window


def ids(window):
    return [each.id for each in window.entries]


def kept(archive):
    """What there is, once all that it was asked to do is done."""
    archive._executor.submit(int).result(5)
    return archive.history.ids()


def press(qtbot, window, id_, word):
    """Click a word of a row."""
    index = row(window, id_)
    rect = window.view.visualRect(index)
    places = {
        w: place for _, place, w in window.delegate.button_rects(rect, index.data(ENTRY_ROLE))
    }
    point: QPoint = places[word].center()
    qtbot.mouseClick(window.view.viewport(), Qt.MouseButton.LeftButton, pos=point)


def row(window, id_):
    rows = [window.view.item_model.index(at, 0) for at in range(window.view.item_model.rowCount())]
    return next(each for each in rows if each.data(ENTRY_ROLE) and each.data(ENTRY_ROLE).id == id_)


def choose_row(window, id_):
    window.view.setCurrentIndex(row(window, id_))


def menu(window, id_):
    """Its entries by their words, one level down as 'Recognise again > OpenAI'."""
    made = window.entry_menu(row(window, id_).data(ENTRY_ROLE), QPoint())
    found = {}
    for action in made.actions():
        if inner := action.menu():
            found |= {f"{action.text()} > {each.text()}": each for each in inner.actions()}
        elif action.text():
            found[action.text()] = action
    return found


def test_it_opens_with_the_newest_first_under_their_days_and_the_search_ready(qtbot, full):
    assert ids(full) == ["a", "b", "c"]
    first = full.view.item_model.index(0, 0)
    assert first.data() in ("Today", "Yesterday")
    assert full.search.hasFocus() or full.focusWidget() is full.search
    assert full.message.text() == "Kept for 7 days, only on this computer."


def test_the_search_finds_and_says_what_it_did_not_find(qtbot, full):
    full.search.setText("LEMON milk")
    qtbot.waitUntil(lambda: ids(full) == ["c"])
    full.search.setText("whale")
    qtbot.waitUntil(lambda: ids(full) == [])
    assert full.empty_text() == ("“whale” was not found", "Try fewer words.")
    assert not full.view.isVisible()


def test_type_again_hides_the_window_first(qtbot, full, fake):
    press(qtbot, full, "c", "Type again")
    assert not full.isVisible()
    assert fake.calls == [("reinsert", "c")]


def test_copy(qtbot, full, fake):
    press(qtbot, full, "c", "Copy")
    assert fake.calls == [("copy", "Milk, two lemons.")]
    assert full.message.text() == "Copied."


def test_delete_can_be_undone(qtbot, full, archive):
    press(qtbot, full, "a", "Delete")
    assert (ids(full), full.message.text()) == (["b", "c"], "Deleted.")
    assert full.undo.isVisible()
    full.undo.click()
    qtbot.waitUntil(lambda: ids(full) == ["a", "b", "c"])
    assert len(archive.history.ids()) == 3


def test_delete_is_done_when_the_time_is_over_or_the_window_closed(qtbot, full, archive):
    press(qtbot, full, "a", "Delete")
    full.undo_timer.timeout.emit()
    assert kept(archive) == {"b", "c"}
    press(qtbot, full, "b", "Delete")
    full.close()
    assert kept(archive) == {"c"}


def test_what_was_not_recognised_can_be_tried_again(qtbot, full, fake, archive):
    done = attrs.evolve(ENTRIES[1], text="Now it works.", outcome="rescued", error="")
    archive.history.put(done)
    press(qtbot, full, "b", "Try again")
    qtbot.waitUntil(lambda: [e.text for e in full.entries][1] == "Now it works.")
    assert fake.calls == [("transcribe_again", "b", "")]


def test_what_fails_again_is_told(qtbot, full, fake):
    fake.next_problem = untyped_problem("The server did not answer.", "Your recording is kept.")
    press(qtbot, full, "b", "Try again")
    qtbot.waitUntil(lambda: full.message.text() == fake.next_problem.sentence)
    assert fake.calls == [("transcribe_again", "b", "")]
    assert not full.delegate.busy


@pytest.mark.parametrize(
    ("key", "asked"),
    [(Qt.Key.Key_Return, ("reinsert", "c")), (Qt.Key.Key_C, ("copy", "Milk, two lemons."))],
    ids=["enter", "ctrl+c"],
)
def test_keys(qtbot, full, fake, key, asked):
    choose_row(full, "c")
    held = Qt.KeyboardModifier.ControlModifier
    with_ctrl = held if key == Qt.Key.Key_C else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(full.view, key, with_ctrl)
    assert fake.calls == [asked]


def test_the_delete_key(qtbot, full):
    choose_row(full, "a")
    qtbot.keyClick(full.view, Qt.Key.Key_Delete)
    assert ids(full) == ["b", "c"]


@pytest.mark.parametrize(("answer", "left"), [(True, set()), (False, {"a", "b", "c"})])
def test_delete_all_asks_once(qtbot, full, archive, monkeypatch, answer, left):
    asked = []
    monkeypatch.setattr(
        history_module, "confirm_delete", lambda parent, count: asked.append(count) or answer
    )
    full.delete_all.click()
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == [3]
    assert kept(archive) == left
    assert ids(full) == sorted(left)


def test_a_recording_is_played_and_stopped(qtbot, full, fake):
    press(qtbot, full, "b", "Play")
    assert fake.calls == [("play", "b")]
    press(qtbot, full, "b", "Stop")
    assert fake.calls[1:] == ["stop_playing"]
    fake.playback_ended(None)
    press(qtbot, full, "b", "Play")
    fake.playback_ended(untyped_problem("The recording cannot be played.", "See whether."))
    assert full.message.text() == "The recording cannot be played. See whether."
    assert full.delegate.playing == ""
    choose_row(full, "b")
    qtbot.keyClick(full.view, Qt.Key.Key_Space)
    assert full.delegate.playing == "b"
    qtbot.keyClick(full.view, Qt.Key.Key_Space)
    assert fake.calls[-2:] == [("play", "b"), "stop_playing"]
    full.close()
    assert fake.calls[-2:] == ["stop_playing", "stop_playing"]


def test_any_engine_can_recognise_again(qtbot, full, fake):
    endpoints = (Endpoint(), Endpoint(name="Attic & more", url="http://localhost:1/v1"))
    full.on_settings(attrs.evolve(Settings(), endpoints=endpoints))
    words = menu(full, "b")
    assert list(words) == [
        "Try again", "Play", "Recognise again > This computer", "Recognise again > OpenAI",
        "Recognise again > Attic && more", "Delete",
    ]  # fmt: skip
    words["Recognise again > Attic && more"].trigger()
    assert full.delegate.busy == {"b"}
    qtbot.waitUntil(lambda: fake.calls == [("transcribe_again", "b", "Attic & more")])
    qtbot.waitUntil(lambda: not full.delegate.busy)


def test_the_menu_does_what_the_words_do(qtbot, full, fake):
    assert list(menu(full, "c")) == ["Type again", "Copy", "Delete"]
    menu(full, "c")["Copy"].trigger()
    assert fake.calls == [("copy", "Milk, two lemons.")]
    menu(full, "c")["Delete"].trigger()
    assert ids(full) == ["a", "b"]


def test_the_dictations_of_one_program(qtbot, full, archive):
    listed = [full.programs.itemText(at) for at in range(full.programs.count())]
    assert listed == ["All programs", "Browser", "Editor"]
    full.programs.setCurrentIndex(1)
    full.programs.activated.emit(1)
    qtbot.waitUntil(lambda: ids(full) == ["b"])
    full.search.setText("milk")
    qtbot.waitUntil(lambda: ids(full) == [])
    full.search.clear()
    qtbot.waitUntil(lambda: ids(full) == ["b"])
    press(qtbot, full, "b", "Delete")
    full.apply_deletions()
    assert kept(archive) == {"a", "c"}
    assert full.empty_text() == ("Nothing from Browser", "Choose another program.")
    full.open()
    qtbot.waitUntil(lambda: ids(full) == ["a", "c"])
    assert full.program == ""


def test_export(qtbot, full, tmp_path):
    full.export_to(tmp_path / "all.json", "txt")
    qtbot.waitUntil(lambda: "3 dictations" in full.message.text())
    assert len(json.loads((tmp_path / "all.json").read_text())) == 3
    full.export_to(tmp_path / "no" / "all.txt", "txt")
    qtbot.waitUntil(lambda: "cannot be written" in full.message.text())


def test_empty_and_off(window, fake):
    window.open()
    assert window.empty_text()[0] == "Nothing said yet"
    assert "Right Ctrl" in window.empty_text()[1]
    assert not window.turn_on.isVisible()
    window.on_settings(s.put(Settings(), "history.keep", "never"))
    assert window.empty_text()[0] == "History is off"
    assert window.turn_on.isVisible()
    window.turn_on.click()
    assert fake.calls == [("history.keep", "7d")]


TODAY = dt.date(2026, 11, 21)
DAYS = {
    dt.date(2026, 11, 21): "Today",
    dt.date(2026, 11, 20): "Yesterday",
    dt.date(2026, 11, 19): "Thursday 19 November",
    dt.date(2025, 11, 19): "Wednesday 19 November 2025",
}


@pytest.mark.parametrize(("day", "name"), DAYS.items())
def test_days(day, name):
    assert day_heading(day, TODAY) == name


def test_rows(qapp):
    assert details(ENTRIES[2]).split("  ·  ")[1:] == [
        "Editor", "8 s", "Attic & more", "$0.0026", "Rescued after a restart",
    ]  # fmt: skip
    assert details(ENTRIES[1]).endswith("The server did not answer.")
    assert [word for _, word in row_actions(ENTRIES[1])] == [
        "Try again",
        "Play",
        "More ▾",
        "Delete",
    ]
    lines = wrap_two_lines(LONG, qapp.font(), 300)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert wrap_two_lines("short 👍", qapp.font(), 300) == ["short 👍"]


# Settings


@pytest.fixture
def page(qtbot, fake):
    with settings_window(fake, qtbot) as made:
        made.open("privacy")
        yield made.pages["privacy"]


ANSWERS = {"nothing goes": (0, False, "never"), "yes": (4, True, "never"), "no": (4, False, "7d")}


@pytest.mark.parametrize(("going", "answer", "kept"), ANSWERS.values(), ids=ANSWERS)
def test_a_shorter_time_is_asked_where_something_would_go(
    qtbot, page, fake, monkeypatch, going, answer, kept
):
    fake.expired_count, asked = going, []
    monkeypatch.setattr(
        "sayso.ui.settings.privacy.confirm_delete", lambda _, count: asked.append(count) or answer
    )
    combo = page.rows["history.keep"].control
    select_item(combo, "never")
    qtbot.waitUntil(lambda: fake.settings.history.keep == kept and combo.currentData() == kept)
    assert asked == ([going] if going else [])


def test_the_sound_can_be_left_out(qtbot, page, fake):
    combo = page.rows["history.sound_days"].control
    assert combo.currentText() == "7 days"
    combo.setCurrentIndex(0)
    combo.activated.emit(0)
    assert fake.calls == [("history.sound_days", 0)]


def test_the_history_is_deleted_after_a_question(qtbot, page, fake, monkeypatch):
    page.delete_button.click()
    note = page._delete_row.note.text
    qtbot.waitUntil(lambda: note.text() == "There is nothing to delete.")
    fake.expired_count = 2
    monkeypatch.setattr("sayso.ui.settings.privacy.confirm_delete", lambda _, count: count == 2)
    page.delete_button.click()
    qtbot.waitUntil(lambda: note.text() == "Deleted.")
    assert fake.calls == ["delete_all"]
