"""The initial prompt for Whisper, and detection of prompt leakage. Pure.

Whisper treats the prompt as text that was said before the audio. If nothing is said after it,
Whisper may return the prompt itself. Such audio is decoded again without the prompt. If the second
text is much shorter, it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

MIN_SHARED_CHARS = 20
"""Consecutive letters and digits that text and prompt have in common if the prompt leaked."""
MIN_LENGTH_SHARE = 0.5
MAX_EXTRA_CHARS = 16
"""The correct spelling of a name may be this much longer than the spelling without the prompt."""


def build_prompt(topic: str, keywords: Sequence[str]) -> str:
    """Join a topic and expected words; '' if there is neither.

    The keywords come last, because the end has the most influence and is never cut off. They are
    put into a sentence: after a plain list, Whisper returns a list.
    """
    listed = f"With {', '.join(keywords)}." if keywords else ""
    return " ".join(part for part in (topic.strip(), listed) if part)


def leaks_prompt(text: str, prompt: str) -> bool:
    """Return whether all of the text, or a long part of it, occurs in the prompt."""
    said, prompted = _normalize(text), _normalize(prompt)
    if not said or not prompted:
        return False
    if said in prompted:
        return True
    match = SequenceMatcher(None, prompted, said, autojunk=False).find_longest_match()
    return match.size >= MIN_SHARED_CHARS


def caused_by_prompt(text: str, unprompted: str) -> bool:
    """Return whether the text is much longer than the `unprompted` text of the same audio."""
    length, without = len(_normalize(text)), len(_normalize(unprompted))
    return without < MIN_LENGTH_SHARE * length or length - without >= MAX_EXTRA_CHARS


def _normalize(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
