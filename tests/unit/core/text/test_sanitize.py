# ruff: noqa: E501  a row of a table is a line
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.text.sanitize import MAX_CHARS, count_words, join_with_space, sanitize

CASES = {
    "plain": ("Hello, world.", "Hello, world."),
    "newlines": ("one\ntwo\r\nthree", "one two three"),
    "tabs": ("one\ttwo", "one two"),
    "line separators": ("one\u2028two\u2029three", "one two three"),
    "escape sequences": ("rm \x1b[2J-rf\x07", "rm [2J-rf"),
    "delete and C1": ("a\x7fb\x9bc", "abc"),
    "bidi overrides": ("a\u202eb\u2066c\u2069", "abc"),
    "lone surrogates": ("a\ud800b", "ab"),
    "byte order mark and soft hyphen": ("\ufeffsoft\u00adhyphen", "softhyphen"),
    "joiners are kept": ("👩\u200d👩\u200d👧 می\u200cخواهم", "👩\u200d👩\u200d👧 می\u200cخواهم"),
    "a flag made of tags is kept": ("🏴\U000e0067\U000e0062\U000e007f!", "🏴\U000e0067\U000e0062\U000e007f!"),
    "hidden tags": ("hi\U000e0068\U000e0069\U000e007f", "hi"),
    "right-to-left text is kept": ("שלום עולם", "שלום עולם"),
    "composed characters": ("e\u0301", "é"),
    "spaces around": ("  hello ", "hello"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "sanitized"), CASES.values(), ids=CASES)
def test_forbidden_characters_are_removed(text, sanitized):
    assert sanitize(text, keep_newlines=False) == sanitized


def test_newlines_and_tabs_are_kept_on_request():
    assert sanitize("one \r\n two\tthree", keep_newlines=True) == "one\ntwo\tthree"


def test_very_long_text_is_cut():
    assert len(sanitize("a" * 10**6, keep_newlines=False)) == MAX_CHARS


@given(st.text(st.characters()))
def test_no_control_character_remains(text):
    for character in sanitize(text, keep_newlines=False):
        assert unicodedata.category(character) not in ("Cc", "Cs")
        assert character not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.text(st.characters()))
def test_sanitizing_twice_changes_nothing(text):
    once = sanitize(text, keep_newlines=False)
    assert sanitize(once, keep_newlines=False) == once


JOINS = {
    "no text before": ("", "Hello", "Hello"),
    "a sentence before": ("Hello.", "World", " World"),
    "a space before": ("Hello. ", "World", "World"),
    "chinese": ("你好。", "世界", "世界"),
    "chinese then english": ("你好", "world", "world"),
    "english then chinese": ("hello", "世界", "世界"),
    "no text after": ("Hello.", "", ""),
}


@pytest.mark.parametrize(("before", "text", "expected"), JOINS.values(), ids=JOINS)
def test_text_is_joined_with_a_space_if_needed(before, text, expected):
    assert join_with_space(before, text) == expected


COUNTS = {
    "words": ("Could you move the meeting?", 5),
    "punctuation": ("Yes — no.", 2),
    "characters": ("你好世界", 4),
    "mixed": ("hello 世界", 3),
    "empty": ("", 0),
}


@pytest.mark.parametrize(("text", "count"), COUNTS.values(), ids=COUNTS)
def test_words_are_counted(text, count):
    assert count_words(text) == count
