"""Joins the texts of consecutive segments. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from .segmenter import Boundary

MAX_OVERLAP_WORDS = 12
MIN_OVERLAP_WORDS = 3
"""This many equal words on both sides of a boundary inside speech were said once: the decoder
continued past the end of its segment. At a pause there is no speech of the other side, so the words
were said twice."""
UNSPACED_LANGUAGES = frozenset({"ja", "lo", "my", "th", "yue", "zh"})
"""Whisper codes of languages that are written without spaces."""


@attrs.frozen
class TextPart:
    """Text of a segment, or of several that were decoded together."""

    text: str
    boundary: Boundary = "pause"


def join(parts: Iterable[TextPart], *, spaced: bool = True) -> str:
    """Join the parts; inside speech, adapt punctuation and case, and drop repeated words."""
    text = ""
    boundary: Boundary = "pause"
    for part in parts:
        added = part.text.strip()
        if not added:
            continue
        if spaced and text:
            text, added = _fit_at_boundary(text, added, boundary)
        text = f"{text} {added}" if spaced and text else text + added
        boundary = part.boundary
    return text


def overlap_words(before: str, after: str) -> int:
    """Return how many words end one text and begin the other; 0 if they are too few."""
    left, right = normalized_words(before), normalized_words(after)
    for count in range(min(MAX_OVERLAP_WORDS, len(left), len(right)), MIN_OVERLAP_WORDS - 1, -1):
        if left[-count:] == right[:count]:
            return count
    return 0


def normalized_words(text: str) -> list[str]:
    """Split into lower-case words without punctuation; as many as `str.split` returns."""
    return [re.sub(r"[^\w']", "", word.lower()) for word in text.split()]


def _fit_at_boundary(text: str, added: str, boundary: Boundary) -> tuple[str, str]:
    count = overlap_words(text, added) if boundary != "pause" else 0
    if count:
        # The first copy has the correct beginning, the second the correct end.
        return " ".join(text.split()[:-1]), " ".join(added.split()[count - 1 :])
    if boundary == "hard":  # there is no pause, so period and capital letter are wrong
        text = re.sub(r"\s*(\.\.\.|…|[.,])$", "", text)
        if not re.match(r"I\b|[A-Z]{2}", added):
            added = added[0].lower() + added[1:]
    return text, added
