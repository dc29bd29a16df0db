"""From what was recognised to what may be inserted. Nothing is typed that was not said.

A newline would press Enter in whatever has the focus, an escape sequence would command a
terminal, and a bidi override would show another text than the one that stands there.
"""

from __future__ import annotations

import re
import unicodedata

MAX_CHARS = 50_000
"""About an hour of speech. A take is at most ten minutes; more was not said."""

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = "\ufeff\u00ad\u2060-\u2064\u206a-\u206f\ufff0-\uffff\ufdd0-\ufdef"
_FORBIDDEN = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_BIDI}{_INVISIBLE}\ud800-\udfff]")
_FLAG_OR_TAG = re.compile("(\U0001f3f4[\U000e0061-\U000e007a]+\U000e007f)|[\U000e0000-\U000e0fff]")
"""Tag characters are invisible and could hide a text; only the flags made of them stay."""
_LINE_BREAKS = re.compile(r"\r\n|[\n\r\u2028\u2029\x85]")


def sanitize(text: str, *, keep_newlines: bool) -> str:
    """The text with everything taken out that must never be typed.

    Args:
        text: What an engine returned.
        newlines: Whether newline and tab stay; otherwise each is a space.
    """
    lines = (line.strip(" \t") for line in _LINE_BREAKS.split(text))
    text = ("\n" if keep_newlines else " ").join(lines)
    if not keep_newlines:
        text = text.replace("\t", " ")
    text = _FORBIDDEN.sub("", text)
    text = _FLAG_OR_TAG.sub(lambda found: found[1] or "", text)
    return unicodedata.normalize("NFC", text)[:MAX_CHARS].strip()


def join_with_space(before: str, text: str) -> str:
    """`text` with a space in front where it goes on after `before` in the same place."""
    if not before or not text or before[-1].isspace() or _is_unspaced(before[-1]):
        return text
    return text if _is_unspaced(text[0]) else f" {text}"


def count_words(text: str) -> int:
    """How many words a person would count; scripts without spaces count by character."""
    close = sum(_is_unspaced(c) and c.isalpha() for c in text)
    apart = "".join(" " if _is_unspaced(c) else c for c in text)
    return close + sum(any(c.isalnum() for c in word) for word in apart.split())


def _is_unspaced(character: str) -> bool:
    """Chinese, Japanese and Thai put no spaces between sentences or words."""
    return bool(re.match(r"[\u0e00-\u0eff\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]", character))
