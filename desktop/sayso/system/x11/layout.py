"""Conversion between characters, key symbols and keys, and names of keys. Pure.

Key symbols: X11 protocol, appendix A. The symbol of a Latin-1 character is its code point; that
of any other character is 0x01000000 plus its code point. Older layouts use symbols that follow
8-bit character sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from ...core.resources import load_toml
from .xkb import KEYPAD, Key

UNICODE = 0x01000000
RETURN, TAB = 0xFF0D, 0xFF09
_KEYPAD_SYMBOLS = range(0xFF80, 0xFFBE)

DATA = load_toml("x11.toml")
_LEGACY_CHARSETS, _GREEK_EXCEPTIONS, _KEY_NAMES = (
    {int(code, 16): str(value) for code, value in DATA[table].items()}
    for table in ("legacy_charsets", "greek_exceptions", "key_names")
)
_US_CHARACTERS: dict[int, str] = {
    int(first) + n: char for first, row in DATA["us_rows"].items() for n, char in enumerate(row)
}
_KOI8_LETTERS = {*range(0x6C0, 0x700)} | {
    *(0x6A3, 0x6A4, 0x6A6, 0x6A7, 0x6AD, 0x6B3, 0x6B4, 0x6B6, 0x6B7, 0x6BD)
}


@attrs.frozen
class Stroke:
    """One key, with or without Shift."""

    keycode: int
    shift: bool = False


@attrs.frozen
class Layout:
    """The symbols that the keyboard map gives, and the keys without symbols."""

    direct: Mapping[int, Stroke]
    """Strokes by key symbol."""
    unused_keycodes: tuple[int, ...]


def keysym(character: str) -> int:
    """Return the symbol of a character; raises `ValueError` if no key can give it."""
    code = ord(character)
    if character == "\n":
        return RETURN
    if character == "\t":
        return TAB
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000:
        raise ValueError(f"U+{code:04X} is not on any key")
    return code if code < 0x100 else UNICODE + code


def character(symbol: int) -> str:
    """Return the character of a symbol; empty for dead keys, function keys and the keypad."""
    if 0x20 <= symbol <= 0x7E or 0xA0 <= symbol <= 0xFF or 0x20A0 <= symbol <= 0x20AC:
        return chr(symbol)
    if UNICODE <= symbol <= UNICODE + 0x10FFFF:
        return chr(symbol - UNICODE)
    if symbol in _GREEK_EXCEPTIONS:
        return _GREEK_EXCEPTIONS[symbol]
    high, low = symbol >> 8, symbol & 0xFF
    if high not in _LEGACY_CHARSETS or low < 0xA1:
        return ""
    if high == 0x6 and symbol not in _KOI8_LETTERS:
        return ""
    if high == 0x7 and not 0xC1 <= low <= 0xF9:
        return ""
    return bytes([low]).decode(_LEGACY_CHARSETS[high], errors="ignore")


def read_layout(keys: Mapping[int, Key], group: int, modifiers: Iterable[int]) -> Layout:
    """Return the symbols on the first two levels of the group in force, and the unused keys.

    Keys of the keypad are excluded, because NumLock changes them.
    """
    modifiers = set(modifiers)
    direct: dict[int, Stroke] = {}
    unused = []
    for code, key in keys.items():
        if code in modifiers:
            continue
        if not any(key.symbols):
            if code > 8:
                unused.append(code)
            continue
        column = group % key.groups
        levels = key.symbols[column * key.width : (column + 1) * key.width][:2]
        if key.types[column] == KEYPAD or any(s in _KEYPAD_SYMBOLS for s in levels):
            continue
        for level, symbol in enumerate(levels):
            if typed := _typed_symbol(symbol, level):
                direct.setdefault(typed, Stroke(code, bool(level)))
    return Layout(direct, tuple(unused))


def _typed_symbol(symbol: int, level: int) -> int:
    """Return the symbol for which the key is used; 0 if it is not used."""
    if symbol in (RETURN, TAB):
        return symbol if level == 0 else 0
    char = character(symbol)
    return keysym(char) if char and (char >= " " and char != "\x7f") else 0


def key_name(keycode: int, symbols: Sequence[int]) -> str:
    """Return the name of a key by the symbols of its first group; empty if it has none.

    A key with a character of another alphabet has the name of the same key on a US keyboard, so
    that a chord means the same keys on every layout.
    """
    if not symbols:
        return ""
    if symbols[0] in _KEY_NAMES:
        return _KEY_NAMES[symbols[0]]
    char = character(symbols[0]).lower()
    if char and char.isprintable() and not char.isspace() and ord(char[0]) < 0x250:
        return char[0]
    return _US_CHARACTERS.get(keycode, "") if char else ""
