"""What Whisper is told beforehand, and whether a text is no more than that said back. Pure.

Whisper takes words to expect as if they had been said before. Where nothing is said after them
it may write them down itself: such text is decoded once more without them, and where that finds
much less, less was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

LONG_CHARS = 20
"""Letters and digits that hint and text share, one after the other, before it is looked into."""
LEAST_SHARE = 0.5
MOST_MORE_CHARS = 16
"""A name spelled right may be twice as long as what was written for it, but not a phrase longer."""


def hint(prompt: str, keywords: Sequence[str]) -> str:
    """A sentence and words to expect, as one text; '' where there is neither.

    The words come last: what comes last counts most, and is not cut off. They are made a
    sentence: after a bare list Whisper goes on to list what it hears.
    """
    words = f"With {', '.join(keywords)}." if keywords else ""
    return " ".join(part for part in (prompt.strip(), words) if part)


def echoes(text: str, hint: str) -> bool:
    """Whether all of a text, or a long part of it, stands in the hint."""
    said, told = _plain(text), _plain(hint)
    if not said or not told:
        return False
    if said in told:
        return True
    match = SequenceMatcher(None, told, said, autojunk=False).find_longest_match()
    return match.size >= LONG_CHARS


def added(text: str, without: str) -> bool:
    """Whether text came only of the hint: decoded `without` it, much less was heard."""
    said, heard = len(_plain(text)), len(_plain(without))
    return heard < LEAST_SHARE * said or said - heard >= MOST_MORE_CHARS


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
