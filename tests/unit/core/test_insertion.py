from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.insertion import choose_method, has_control_characters
from sayso.core.settings.settings import InsertionMethod

METHODS = st.sampled_from(get_args(InsertionMethod))


@pytest.mark.parametrize(
    ("text", "setting", "can_type", "newlines", "method"),
    [
        ("Hello.", "auto", True, False, "type"),
        ("Hello.", "auto", False, False, "paste"),
        ("Hello.", "type", False, False, "type"),
        ("Hello.", "paste", True, False, "paste"),
        ("Hello.", "copy", True, False, "copy"),
        ("", "auto", True, False, "type"),
        ("one\ntwo", "auto", True, False, "paste"),
        ("one\ttwo", "auto", True, False, "paste"),
        ("one\ntwo", "type", True, False, "paste"),
        ("one\n\ttwo", "auto", True, True, "type"),
        ("one\n\ttwo", "type", False, True, "type"),
        ("ls\x1b[A", "auto", True, False, "copy"),
        ("ls\r", "type", True, False, "copy"),
        ("ls\x00", "paste", True, False, "copy"),
        ("ls\x9b", "paste", True, True, "copy"),
    ],
)
def test_the_method_suits_the_text(
    text: str, setting: InsertionMethod, can_type: bool, newlines: bool, method: str
) -> None:
    assert choose_method(text, setting, can_type=can_type, newlines=newlines) == method


@given(st.text(), METHODS, st.booleans(), st.booleans())
def test_characters_that_press_keys_are_not_typed_unless_the_user_allows_it(
    text: str, setting: InsertionMethod, can_type: bool, newlines: bool
) -> None:
    method = choose_method(text, setting, can_type=can_type, newlines=newlines)
    if method == "type":
        assert newlines or not {"\n", "\t"} & set(text)
    if method != "copy":
        assert not has_control_characters(text)


@given(st.text(), METHODS, st.booleans(), st.booleans())
def test_the_method_of_the_settings_is_used_or_a_safer_one(
    text: str, setting: InsertionMethod, can_type: bool, newlines: bool
) -> None:
    allowed = {"paste": ["paste", "copy"], "copy": ["copy"]}.get(setting, ["type", "paste", "copy"])
    assert choose_method(text, setting, can_type=can_type, newlines=newlines) in allowed
