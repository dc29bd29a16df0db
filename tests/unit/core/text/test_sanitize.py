# ruff: noqa: E501  a row of a table is a line
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.text.sanitize import MAX_CHARS, count_words, join_with_space, sanitize

CASES = {
    "plain": ("Hello, world.", "Hello, world."),
    "a newline would press Enter": ("one\ntwo\r\nthree", "one two three"),
    "a tab would leave the field": ("one\ttwo", "one two"),
    "line separators": ("one\u2028two\u2029three", "one two three"),
    "escape sequences": ("rm \x1b[2J-rf\x07", "rm [2J-rf"),
    "delete and C1": ("a\x7fb\x9bc", "abc"),
    "bidi overrides": ("a\u202eb\u2066c\u2069", "abc"),
    "lone surrogates": ("a\ud800b", "ab"),
    "byte order mark and soft hyphen": ("\ufeffsoft\u00adhyphen", "softhyphen"),
    "joiners stay": ("👩\u200d👩\u200d👧 می\u200cخواهم", "👩\u200d👩\u200d👧 می\u200cخواهم"),
    "a flag made of tags stays": ("🏴\U000e0067\U000e0062\U000e007f!", "🏴\U000e0067\U000e0062\U000e007f!"),
    "hidden tags go": ("hi\U000e0068\U000e0069\U000e007f", "hi"),
    "right to left text stays": ("שלום עולם", "שלום עולם"),
    "composed": ("e\u0301", "é"),
    "spaces around": ("  hello ", "hello"),
}  # fmt: skip


@pytest.mark.parametrize(("heard", "typed"), CASES.values(), ids=CASES)
def test_what_may_be_typed(heard, typed):
    assert sanitize(heard, keep_newlines=False) == typed


def test_newlines_and_tabs_stay_where_the_setting_allows_them():
    assert sanitize("one \r\n two\tthree", keep_newlines=True) == "one\ntwo\tthree"


def test_a_text_is_never_longer_than_an_hour_of_speech():
    assert len(sanitize("a" * 10**6, keep_newlines=False)) == MAX_CHARS


@given(st.text(st.characters()))
def test_no_text_becomes_a_control_character(text):
    for character in sanitize(text, keep_newlines=False):
        assert unicodedata.category(character) not in ("Cc", "Cs")
        assert character not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.text(st.characters()))
def test_cleaning_twice_changes_nothing(text):
    once = sanitize(text, keep_newlines=False)
    assert sanitize(once, keep_newlines=False) == once


JOINS = {
    "nothing before": ("", "Hello", "Hello"),
    "a sentence before": ("Hello.", "World", " World"),
    "a space is there": ("Hello. ", "World", "World"),
    "chinese": ("你好。", "世界", "世界"),
    "chinese then english": ("你好", "world", "world"),
    "english then chinese": ("hello", "世界", "世界"),
    "nothing to add": ("Hello.", "", ""),
}


@pytest.mark.parametrize(("before", "text", "expected"), JOINS.values(), ids=JOINS)
def test_going_on_in_the_same_place(before, text, expected):
    assert join_with_space(before, text) == expected


COUNTS = {
    "words": ("Could you move the meeting?", 5),
    "punctuation alone is none": ("Yes — no.", 2),
    "characters": ("你好世界", 4),
    "mixed": ("hello 世界", 3),
    "none": ("", 0),
}


@pytest.mark.parametrize(("text", "count"), COUNTS.values(), ids=COUNTS)
def test_words_as_a_person_counts(text, count):
    assert count_words(text) == count
