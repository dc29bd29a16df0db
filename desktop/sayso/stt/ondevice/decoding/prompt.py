"""What Whisper is told beforehand, and whether a text is no more than that said back. Pure.

Whisper takes words to expect as if they had been said before. Where nothing is said after them
it may write them down itself: such text is decoded once more without them, and where that finds
much less, less was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

MIN_SHARED_CHARS = 20
"""Letters and digits that hint and text share, one after the other, before it is looked into."""
MIN_LENGTH_SHARE = 0.5
MAX_EXTRA_CHARS = 16
"""A name spelled right may be twice as long as what was written for it, but not a phrase longer."""


def build_prompt(prompt: str, keywords: Sequence[str]) -> str:
    """A sentence and words to expect, as one text; '' where there is neither.

    The words come last: what comes last counts most, and is not cut off. They are made a
    sentence: after a bare list Whisper goes on to list what it hears.
    """
    words = f"With {', '.join(keywords)}." if keywords else ""
    return " ".join(part for part in (prompt.strip(), words) if part)


def leaks_prompt(text: str, prompt: str) -> bool:
    """Whether all of a text, or a long part of it, stands in the hint."""
    said, told = _normalize(text), _normalize(prompt)
    if not said or not told:
        return False
    if said in told:
        return True
    match = SequenceMatcher(None, told, said, autojunk=False).find_longest_match()
    return match.size >= MIN_SHARED_CHARS


def caused_by_prompt(text: str, unprompted: str) -> bool:
    """Whether text came only of the hint: decoded `without` it, much less was heard."""
    said, heard = len(_normalize(text)), len(_normalize(unprompted))
    return heard < MIN_LENGTH_SHARE * said or said - heard >= MAX_EXTRA_CHARS


def _normalize(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
