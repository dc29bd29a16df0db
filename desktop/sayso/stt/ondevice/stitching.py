"""How the texts of segments become one; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from .segmenter import Boundary

MAX_OVERLAP_WORDS = 12
MIN_OVERLAP_WORDS = 3
"""So many words on both sides of a seam inside speech were said once: a decoder ran on past its
cut. Across a pause it cannot hear the other side, and somebody really said them twice."""
UNSPACED_LANGUAGES = frozenset({"ja", "lo", "my", "th", "yue", "zh"})
"""Languages written without spaces, by Whisper's codes."""


@attrs.frozen
class TextPart:
    """The text of a segment, or of several that were decoded together."""

    text: str
    boundary: Boundary = "pause"
    """What it ends in."""


def join(parts: Iterable[TextPart], *, spaced: bool = True) -> str:
    """One text; at a pause the punctuation stands, inside speech it is made to fit."""
    text = ""
    seam: Boundary = "pause"
    for piece in parts:
        more = piece.text.strip()
        if not more:
            continue
        if spaced and text:
            text, more = _fit_at_boundary(text, more, seam)
        text = f"{text} {more}" if spaced and text else text + more
        seam = piece.boundary
    return text


def overlap_words(before: str, after: str) -> int:
    """How many last words of one text are the first of the next; 0 if too few."""
    left, right = normalized_words(before), normalized_words(after)
    for count in range(min(MAX_OVERLAP_WORDS, len(left), len(right)), MIN_OVERLAP_WORDS - 1, -1):
        if left[-count:] == right[:count]:
            return count
    return 0


def normalized_words(text: str) -> list[str]:
    """The words without their signs, in small letters; as many as `split` gives."""
    return [re.sub(r"[^\w']", "", word.lower()) for word in text.split()]


def _fit_at_boundary(text: str, more: str, boundary: Boundary) -> tuple[str, str]:
    count = overlap_words(text, more) if boundary != "pause" else 0
    if count:
        # The first copy has the right beginning, the second the right end.
        return " ".join(text.split()[:-1]), " ".join(more.split()[count - 1 :])
    if boundary == "hard":  # nobody paused: the full stop and the capital are the model's
        text = re.sub(r"\s*(\.\.\.|…|[.,])$", "", text)
        if not re.match(r"I\b|[A-Z]{2}", more):
            more = more[0].lower() + more[1:]
    return text, more
