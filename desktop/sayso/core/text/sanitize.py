"""Removes everything from a text that must not be inserted. Pure.

A newline would press Enter in the focused program, an escape sequence would control a terminal,
and a bidirectional override would show another text than is there.
"""

from __future__ import annotations

import re
import unicodedata

MAX_CHARS = 50_000
"""About an hour of speech; a take lasts ten minutes at most."""

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = "\ufeff\u00ad\u2060-\u2064\u206a-\u206f\ufff0-\uffff\ufdd0-\ufdef"
_FORBIDDEN = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_BIDI}{_INVISIBLE}\ud800-\udfff]")
_FLAG_OR_TAG = re.compile("(\U0001f3f4[\U000e0061-\U000e007a]+\U000e007f)|[\U000e0000-\U000e0fff]")
"""Tag characters are invisible and could hide text; only flags made of them are kept."""
_LINE_BREAKS = re.compile(r"\r\n|[\n\r\u2028\u2029\x85]")


def sanitize(text: str, *, keep_newlines: bool) -> str:
    """Return the text without characters that must not be inserted.

    Args:
        keep_newlines: Keep newlines and tabs; otherwise each becomes a space.
    """
    lines = (line.strip(" \t") for line in _LINE_BREAKS.split(text))
    text = ("\n" if keep_newlines else " ").join(lines)
    if not keep_newlines:
        text = text.replace("\t", " ")
    text = _FORBIDDEN.sub("", text)
    text = _FLAG_OR_TAG.sub(lambda match: match[1] or "", text)
    return unicodedata.normalize("NFC", text)[:MAX_CHARS].strip()


def join_with_space(before: str, text: str) -> str:
    """Return `text`, with a space in front if one is needed after `before`."""
    if not before or not text or before[-1].isspace() or _is_unspaced(before[-1]):
        return text
    return text if _is_unspaced(text[0]) else f" {text}"


def count_words(text: str) -> int:
    """Count words; in scripts without spaces each character counts."""
    unspaced = sum(_is_unspaced(c) and c.isalpha() for c in text)
    spaced = "".join(" " if _is_unspaced(c) else c for c in text)
    return unspaced + sum(any(c.isalnum() for c in word) for word in spaced.split())


def _is_unspaced(character: str) -> bool:
    """Chinese, Japanese, Thai and Lao do not separate words with spaces."""
    return bool(re.match(r"[\u0e00-\u0eff\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]", character))
