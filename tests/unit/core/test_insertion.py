from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.insertion import (
    CHROMIUM_PROGRAMS,
    MAX_TYPED_CHARS,
    Target,
    choose_method,
    is_chromium,
)
from sayso.core.settings.settings import InsertionMethod

GEDIT = Target(7, "gedit")
CHROME = Target(7, "google-chrome")
LONG = "word " * 100


@pytest.mark.parametrize(
    ("text", "target", "method", "spare", "way"),
    [
        ("Hello.", GEDIT, "auto", 0, "type"),
        ("Zażółć.", GEDIT, "auto", 4, "type"),
        ("Hello.", Target(), "auto", 0, "type"),
        ("你好" * 50, GEDIT, "auto", None, "paste"),
        ("Hello.", CHROME, "auto", 0, "paste"),
        ("a" * MAX_TYPED_CHARS, GEDIT, "auto", 0, "type"),
        ("a" * (MAX_TYPED_CHARS + 1), GEDIT, "auto", 0, "paste"),
        (LONG, GEDIT, "type", 0, "type"),
        (LONG, CHROME, "type", None, "type"),
        ("Hello.", GEDIT, "paste", 0, "paste"),
        ("Hello.", CHROME, "copy", 0, "copy"),
        ("one\ntwo", GEDIT, "auto", 0, "paste"),
        ("one\ttwo", GEDIT, "auto", 0, "paste"),
        ("one\ntwo", GEDIT, "type", 0, "paste"),
        ("ls\x1b[A", GEDIT, "auto", 0, "copy"),
        ("ls\r", GEDIT, "type", 0, "copy"),
        ("ls\x00", GEDIT, "paste", 0, "copy"),
        ("ls\x9b", GEDIT, "paste", 0, "copy"),
        ("", GEDIT, "auto", 0, "type"),
    ],
)
def test_the_way_suits_text_and_target(
    text: str, target: Target, method: InsertionMethod, spare: int | None, way: str
) -> None:
    assert choose_method(text, target, method, spare).way == way


@pytest.mark.parametrize("method", ["auto", "type"])
def test_newline_and_tab_are_typed_where_that_is_allowed(method: InsertionMethod) -> None:
    assert choose_method("one\n\ttwo", GEDIT, method, 0, newlines=True).way == "type"


@pytest.mark.parametrize(
    ("program", "expected"),
    [*((name, True) for name in sorted(CHROMIUM_PROGRAMS)), ("chrome-abc__-default", True),
     ("crx_hnpfjngl", True), ("firefox", False), ("xterm", False), ("gnome-terminal", False),
     ("", False)],
)  # fmt: skip
def test_programs_built_on_chromium_are_known(program: str, expected: bool) -> None:
    assert is_chromium(Target(1, program)) is expected


def test_names_are_as_the_target_gives_them() -> None:
    assert {name for name in CHROMIUM_PROGRAMS if name != name.lower()} == set()


TARGETS = st.builds(
    Target, st.integers(0, 9), st.sampled_from([*CHROMIUM_PROGRAMS, "gedit", "xterm", ""])
)
SPARE = st.none() | st.integers(0, 40)


@given(st.text(), TARGETS, st.sampled_from(get_args(InsertionMethod)), SPARE, st.booleans())
def test_what_presses_keys_is_never_typed_unasked(
    text: str, target: Target, method: InsertionMethod, spare: int | None, newlines: bool
) -> None:
    chosen = choose_method(text, target, method, spare, newlines=newlines)
    assert chosen.chord == "shift+insert"
    if chosen.way == "type":
        assert newlines or not {"\n", "\t"} & set(text)
    if chosen.way != "copy":
        assert not any(ord(c) < 32 and c not in "\n\t" for c in text)


@given(st.text(), TARGETS, SPARE)
def test_unasked_only_what_is_exact_is_typed(text: str, target: Target, spare: int | None) -> None:
    if choose_method(text, target, "auto", spare).way == "type":
        assert spare is not None
        assert len(text) <= MAX_TYPED_CHARS
        assert not is_chromium(target)


@given(st.text(), TARGETS, st.sampled_from(get_args(InsertionMethod)), SPARE)
def test_a_method_that_is_set_is_kept_or_given_up_for_a_safer_one(
    text: str, target: Target, method: InsertionMethod, spare: int | None
) -> None:
    safer = {"type": ["type", "paste", "copy"], "paste": ["paste", "copy"], "copy": ["copy"]}
    assert choose_method(text, target, method, spare).way in safer.get(
        method, ["type", "paste", "copy"]
    )
