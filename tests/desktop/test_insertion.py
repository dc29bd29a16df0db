"""Inserts text into real programs, with the inserter, typist and clipboard of the app."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from sayso.system.x11.temporary_keys import PROPERTY
from sayso.system.x11.xkb import Keyboard

from .editors import EDITORS, Editor, GtkEditor, JsonProgram, Xterm
from .processes import wait_until
from .x_server import Display

SAMPLES = {
    "ascii": 'Hello, "World" — or so: {1+2}=3 & ~/path\\ <ok> `x` #5 100%?'.replace("—", "-"),
    "polish": "Zażółć gęślą jaźń, proszę – „dobrze”!",
    "cyrillic": "Съешь ещё этих мягких булок.",
    "greek": "Ξεσκεπάζω την ψυχοφθόρα σας.",
    "cjk": "今天天气很好。日本語 한국어",
    "arabic": "مرحبا بالعالم ١٢٣",
    "hebrew": "שלום עולם, מה שלומך?",
    "emoji": "👍 ok 🎉 ❤️",
    "zwj": "👩‍👩‍👧‍👦 and 🏳️‍🌈 and 👍🏽 é́",
}
CONCEALED_FORMAT = "x-kde-passwordManagerHint"
SHORT_TEXT = "Zażółć, “OK” 5+3=8 – ёж 👍🏽"


class Inserter(JsonProgram):
    name = "the inserting program"
    script = "inserting.py"

    def insert(self, text: str, method: str = "auto") -> dict[str, Any]:
        answer: dict[str, Any] = self.ask({"text": text, "method": method})
        return answer

    def insert_into(self, editor: Editor, text: str, method: str = "auto") -> None:
        """Insert the text, which the editor must receive exactly."""
        assert self.insert(text, method)["problem"] == ""
        assert editor.wait_for(text) == text


class ClipboardProgram(JsonProgram):
    """A program that owns the clipboard before the paste."""

    name = "another program"
    script = "clipboard.py"

    def copy(self, formats: dict[str, str], mode: int = 0) -> None:
        self.ask({"mode": mode, "set": formats})

    def wait_until_restored(self, limit_s: float = 5) -> None:
        def back() -> bool:
            return not any(
                CONCEALED_FORMAT in self.ask({"mode": mode, "list": True}) for mode in (0, 1)
            )

        wait_until(back, "the clipboard is restored", limit_s)

    def read(self, mode: int = 0) -> dict[str, str]:
        return {
            name: data
            for name, data in self.ask({"mode": mode}).items()
            if name not in ("TARGETS", "MULTIPLE", "TIMESTAMP", "SAVE_TARGETS", "DELETE")
        }


@pytest.fixture(scope="module")
def display() -> Iterator[Display]:
    with Display() as display:
        yield display


@pytest.fixture(scope="module")
def inserting(display: Display) -> Iterator[Inserter]:
    with Inserter(display) as program:
        yield program


@pytest.fixture(scope="module", params=EDITORS, ids=[kind.name for kind in EDITORS])
def opened(request: pytest.FixtureRequest, display: Display) -> Iterator[Editor]:
    with request.param(display) as editor:
        yield editor


@pytest.fixture
def editor(opened: Editor, display: Display) -> Iterator[Editor]:
    """An empty editor. After the test, no key and no modifier may be pressed."""
    opened.clear()
    yield opened
    assert display.keys_down() == set()
    assert display.modifiers() == 0
    display.set_layout("us")


@pytest.fixture
def gtk(display: Display) -> Iterator[Editor]:
    with GtkEditor(display) as editor:
        yield editor


@pytest.mark.parametrize("method", ["auto", "type", "paste"])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_sentence_is_inserted_exactly(
    editor: Editor, inserting: Inserter, name: str, method: str
) -> None:
    text = SAMPLES[name]
    if editor.name == "Chromium" and method == "type":
        method = "paste"  # the app does not type into Chromium
    inserting.insert_into(editor, text, method)


def test_two_thousand_mixed_characters_are_inserted_exactly_ten_times(
    editor: Editor, inserting: Inserter
) -> None:
    text = " ".join(itertools.islice(itertools.cycle(SAMPLES.values()), 100))[:2000]
    for _ in range(10):
        inserting.insert_into(editor, text)
        editor.clear()


@pytest.mark.parametrize("kind", EDITORS[:3], ids=lambda kind: kind.name)
def test_two_thousand_characters_are_typed_exactly(inserting: Inserter, kind: type[Editor]) -> None:
    text = " ".join(itertools.islice(itertools.cycle([SHORT_TEXT, SAMPLES["polish"]]), 100))[:2000]
    with kind(inserting.display) as editor:
        done = inserting.insert(text, "type")
        assert (done["way"], done["problem"]) == ("type", "")
        assert editor.wait_for(text, 30) == text


@pytest.mark.parametrize("layout", ["de", "fr", "ru", "us,ru"])
def test_the_layout_does_not_change_the_text(
    editor: Editor, inserting: Inserter, layout: str
) -> None:
    inserting.display.set_layout(layout)
    if "," in layout:
        inserting.display.next_group()
    for text in (SHORT_TEXT, SAMPLES["ascii"], "Привет, yz AZ!", "q@€ 1^~"):
        inserting.insert_into(editor, text)
        editor.clear()


def test_caps_lock_does_not_change_the_text_and_stays_on(
    editor: Editor, inserting: Inserter
) -> None:
    inserting.display.tap("Caps_Lock")
    try:
        for method in ("auto", "paste"):
            inserting.insert_into(editor, SHORT_TEXT, method)
            editor.clear()
        assert inserting.display.caps_lock_is_on()
    finally:
        inserting.display.tap("Caps_Lock")


@pytest.mark.parametrize("key", ["Control_R", "Shift_L"])
@pytest.mark.parametrize("method", ["auto", "paste"])
def test_a_modifier_that_stays_pressed_is_released(
    editor: Editor, inserting: Inserter, key: str, method: str
) -> None:
    inserting.display.press(key)
    inserting.insert_into(editor, SHORT_TEXT, method)
    assert inserting.display.keys_down() == set()


def test_typing_waits_until_a_key_is_released(editor: Editor, inserting: Inserter) -> None:
    inserting.display.press("Super_L")
    inserting.send({"text": SHORT_TEXT, "method": "auto"})
    inserting.display.release("Super_L")
    assert inserting.receive()["problem"] == ""
    assert editor.wait_for(SHORT_TEXT) == SHORT_TEXT


def test_consecutive_texts_with_different_characters_are_inserted_exactly(
    editor: Editor, inserting: Inserter
) -> None:
    texts = [SAMPLES[name] + " " for name in ("polish", "cyrillic", "greek", "zwj", "hebrew")]
    for text in texts:
        assert inserting.insert(text)["problem"] == ""
    assert editor.wait_for("".join(texts)) == "".join(texts)


def test_newline_and_tab_are_typed_if_the_setting_allows_it(
    gtk: Editor, inserting: Inserter
) -> None:
    assert inserting.insert("one\n\ttwo", "type")["way"] == "type"
    assert gtk.wait_for("one\n\ttwo") == "one\n\ttwo"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain", True), ("łó łó", True), ("Привет", True), ("\ud83d", False), ("a" * 151, False),
     ("".join(map(chr, range(0x4E00, 0x4E90))), False)],
    ids=["ASCII", "Polish", "Russian", "surrogate", "long", "more characters than free keys"],
)  # fmt: skip
def test_typing_is_offered_if_all_characters_fit_on_the_keyboard(
    inserting: Inserter, text: str, expected: bool
) -> None:
    assert inserting.ask({"can_type": text}) is expected


def test_a_text_with_more_characters_than_free_keys_is_typed_in_parts(inserting: Inserter) -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E50)))
    with Xterm(inserting.display) as editor:
        inserting.insert_into(editor, text, "type")


def test_control_characters_are_never_typed_or_pasted(editor: Editor, inserting: Inserter) -> None:
    for method in ("auto", "type", "paste"):
        assert inserting.insert("ls\x1b[A\r", method)["way"] == "copy"
    inserting.insert_into(editor, "x", "type")


def test_the_target_is_the_focused_window_and_its_program(inserting: Inserter) -> None:
    with Xterm(inserting.display) as editor:
        assert inserting.ask("target") == {"window": editor.window, "program": "xterm"}


def test_the_keyboard_map_is_restored_some_seconds_later(inserting: Inserter, gtk: Editor) -> None:
    wait_until(lambda: not has_temporary_keys(inserting.display), "no temporary keys", 20)
    before = Keyboard(inserting.display.connection).read_keys()
    inserting.insert(SHORT_TEXT, "type")
    assert has_temporary_keys(inserting.display)
    assert Keyboard(inserting.display.connection).read_keys() != before
    wait_until(
        lambda: not has_temporary_keys(inserting.display), "the temporary keys are removed", 6
    )
    assert Keyboard(inserting.display.connection).read_keys() == before


def test_temporary_keys_of_a_crashed_run_are_removed(inserting: Inserter, gtk: Editor) -> None:
    wait_until(lambda: not has_temporary_keys(inserting.display), "no temporary keys", 20)
    before = Keyboard(inserting.display.connection).read_keys()
    with Inserter(inserting.display) as crashing:
        assert crashing.insert(SHORT_TEXT, "type")["problem"] == ""
    assert has_temporary_keys(inserting.display)
    with Inserter(inserting.display) as later:
        assert later.ask({"can_type": "a"})
        assert not has_temporary_keys(inserting.display)
        assert Keyboard(inserting.display.connection).read_keys() == before


@pytest.mark.parametrize(
    "formats",
    [
        {"text/plain": "naïve".encode().hex(), "text/html": b"<b>na</b>".hex()},
        {"image/png": "image"},
        {"text/uri-list": b"file:///tmp/a".hex(), "application/x-own": bytes(range(256)).hex()},
        {"text/plain": b"x".hex() * 300_000},
    ],
    ids=["text and html", "image", "files and a format of its own", "300 kB"],
)
def test_the_previous_content_of_the_clipboard_is_restored(
    editor: Editor, inserting: Inserter, formats: dict[str, str]
) -> None:
    with ClipboardProgram(inserting.display) as other:
        other.copy(formats)
        other.copy({"text/plain": b"selected".hex()}, mode=1)
        before = other.read()
        inserting.insert_into(editor, SHORT_TEXT, "paste")
        other.wait_until_restored()
        after = other.read()
        assert {n: after.get(n) for n in formats} == {n: before[n] for n in formats}
        assert other.read(1)["text/plain"] == b"selected".hex()


def test_two_pastes_in_a_row_restore_the_content_before_both(
    editor: Editor, inserting: Inserter
) -> None:
    with ClipboardProgram(inserting.display) as other:
        other.copy({"text/plain": b"original".hex()})
        inserting.insert("one ", "paste")
        inserting.insert("two", "paste")
        assert editor.wait_for("one two") == "one two"
        other.wait_until_restored()
        assert other.read()["text/plain"] == b"original".hex()


def test_the_clipboard_is_restored_while_a_program_reads_it_all_the_time(
    inserting: Inserter, gtk: Editor
) -> None:
    with ClipboardProgram(inserting.display) as other:
        other.copy({"text/plain": b"before".hex()})
        assert inserting.insert(SHORT_TEXT, "paste")["problem"] == ""
        wait_until(
            lambda: other.read()["text/plain"] == b"before".hex(), "the clipboard is restored", 5
        )
        assert gtk.wait_for(SHORT_TEXT) == SHORT_TEXT


def test_content_that_another_program_copies_in_the_meantime_is_kept(
    editor: Editor, inserting: Inserter
) -> None:
    with ClipboardProgram(inserting.display) as other:
        other.copy({"text/plain": b"before".hex()})
        inserting.insert_into(editor, SHORT_TEXT, "paste")
        other.copy({"text/plain": b"meanwhile".hex()})
        # The second paste begins after the clipboard of the first has been restored.
        assert inserting.insert(" again", "paste")["problem"] == ""
        other.wait_until_restored()
        assert other.read()["text/plain"] == b"meanwhile".hex()


def test_a_text_that_is_not_fetched_stays_on_the_clipboard_and_is_reported() -> None:
    with Display() as empty, Inserter(empty) as inserting, ClipboardProgram(empty) as other:
        done = inserting.insert(SHORT_TEXT, "paste")
        assert done["problem"] == (
            "The window did not take the text. Your text is copied: press Ctrl+V."
        )
        assert other.read()["text/plain"] == SHORT_TEXT.encode().hex()
        assert CONCEALED_FORMAT not in other.read()


def has_temporary_keys(display: Display) -> bool:
    """Return whether Sayso has mapped characters to unused keys."""
    atom = display.connection.intern_atom(PROPERTY)
    return display.connection.screen().root.get_property(atom, 0, 0, 1) is not None
