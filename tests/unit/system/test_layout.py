from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.hotkey import keys as names
from sayso.system.x11.layout import Stroke, character, key_name, keysym, read_layout
from sayso.system.x11.xkb import KEYPAD, TWO_LEVEL, Key

TWO = bytes([TWO_LEVEL] * 4)


def key(*symbols: int, groups: int = 1, types: bytes = TWO) -> Key:
    return Key(types, groups, len(symbols) // groups, symbols)


@pytest.mark.parametrize(
    ("char", "symbol"),
    [("a", 0x61), ("ó", 0xF3), ("ł", 0x1000142), ("я", 0x100044F), ("👍", 0x101F44D),
     ("\n", 0xFF0D), ("\t", 0xFF09), ("€", 0x10020AC), ("\u200d", 0x100200D)],
)  # fmt: skip
def test_every_character_has_a_symbol(char: str, symbol: int) -> None:
    assert keysym(char) == symbol


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\r", "\x7f", "\x85", "\ud83d"])
def test_control_characters_and_surrogates_are_refused(char: str) -> None:
    with pytest.raises(ValueError, match="not on any key"):
        keysym(char)


@given(st.characters(exclude_categories=["Cc", "Cs"]))
def test_a_symbol_is_converted_back_to_its_character(char: str) -> None:
    assert character(keysym(char)) == char


@pytest.mark.parametrize(
    ("symbol", "char"),
    [(0x6C6, "ф"), (0x6E6, "Ф"), (0x6A3, "ё"), (0x6B3, "Ё"), (0x6A7, "ї"), (0x7E1, "α"),
     (0x7F3, "ς"), (0x7F2, "σ"), (0x7F4, "τ"), (0xCE0, "א"), (0x1B3, "ł"), (0x5C7, "ا"),
     (0x13BD, "œ"), (0x20AC, "€"), (0xDA1, "ก"), (0x6A1, ""), (0x7A1, ""), (0xFE51, ""),
     (0xFF0D, ""), (0xFFB1, ""), (0x1008FF11, ""), (0, "")],
)  # fmt: skip
def test_legacy_symbols_are_converted_by_their_8_bit_sets(symbol: int, char: str) -> None:
    assert character(symbol) == char


def test_the_first_two_levels_of_the_active_group_are_typed_directly() -> None:
    keys = {24: key(0x71, 0x51, 0x6CA, 0x6EA, groups=2), 10: key(0x31, 0x21), 36: key(0xFF0D)}
    first, second = read_layout(keys, 0, []), read_layout(keys, 1, [])
    assert first.direct[ord("Q")] == Stroke(24, True)
    assert keysym("й") not in first.direct
    assert second.direct[keysym("й")] == Stroke(24)
    assert second.direct[keysym("Й")] == Stroke(24, True)
    assert ord("q") not in second.direct
    assert second.direct[ord("!")] == Stroke(10, True), "a key with one group has it in all groups"
    assert first.direct[0xFF0D] == Stroke(36)


def test_third_levels_dead_keys_and_the_keypad_are_excluded() -> None:
    keys = {
        26: key(0x65, 0x45, 0x20AC, 0x20AC),
        34: key(0xFE51, 0xFE50),
        87: key(0xFF9C, 0xFFB1, types=bytes([KEYPAD] * 4)),
        88: key(0x32, 0x32, types=bytes([KEYPAD] * 4)),
        91: key(0xFF9F, 0x2C),
    }
    assert set(read_layout(keys, 0, []).direct) == {0x65, 0x45}


def test_unused_keys_have_no_symbols_and_are_not_modifiers() -> None:
    keys = {8: key(0), 93: Key(), 97: key(0, 0), 98: Key(), 38: key(0x61, 0x41)}
    assert read_layout(keys, 0, [98]).unused_keycodes == (93, 97)


@pytest.mark.parametrize(
    ("code", "symbols", "expected"),
    [
        (38, [0x61, 0x41], "a"), (29, [0x7A], "z"), (38, [0x6C6], "a"), (10, [0x5E1], "1"),
        (34, [0xFC, 0xDC], "ü"), (105, [0xFFE4], "ctrl_r"), (108, [0xFE03], "altgr"),
        (108, [0xFFEA], "alt_r"), (64, [0xFFE9, 0xFFE7], "alt_l"), (133, [0xFFEB], "super_l"),
        (75, [0xFFC6], "f9"), (65, [0x20], "space"), (66, [0xFFE5], "caps_lock"),
        (118, [0xFF63], "insert"), (79, [0xFF95], ""), (123, [0x1008FF13], ""), (93, [], ""),
        (93, [0, 0], ""), (51, [0x5C], "\\"), (20, [0x2D], "-"), (94, [0x6D2], ""),
        (104, [0xFF8D], "enter"),
    ],
)  # fmt: skip
def test_keys_are_named_by_their_symbols(code: int, symbols: list[int], expected: str) -> None:
    assert key_name(code, symbols) == expected


@given(st.integers(8, 255), st.lists(st.integers(0, 0x1010FFFF), max_size=4))
def test_every_name_is_a_valid_key_name(code: int, symbols: list[int]) -> None:
    found = key_name(code, symbols)
    assert found == "" or names.is_valid_key(found)
