"""How the texts of segments become one; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from .segmenter import Seam

MOST_WORDS = 12
LEAST_WORDS = 3
"""So many words on both sides of a seam inside speech were said once: a decoder ran on past its
cut. Across a pause it cannot hear the other side, and somebody really said them twice."""
UNSPACED = frozenset({"ja", "lo", "my", "th", "yue", "zh"})
"""Languages written without spaces, by Whisper's codes."""


@attrs.frozen
class Piece:
    """The text of a segment, or of several that were decoded together."""

    text: str
    seam: Seam = "pause"
    """What it ends in."""


def joined(pieces: Iterable[Piece], *, spaced: bool = True) -> str:
    """One text; at a pause the punctuation stands, inside speech it is made to fit."""
    text = ""
    seam: Seam = "pause"
    for piece in pieces:
        more = piece.text.strip()
        if not more:
            continue
        if spaced and text:
            text, more = _fitted(text, more, seam)
        text = f"{text} {more}" if spaced and text else text + more
        seam = piece.seam
    return text


def overlap(before: str, after: str) -> int:
    """How many last words of one text are the first of the next; 0 if too few."""
    left, right = plain_words(before), plain_words(after)
    for count in range(min(MOST_WORDS, len(left), len(right)), LEAST_WORDS - 1, -1):
        if left[-count:] == right[:count]:
            return count
    return 0


def plain_words(text: str) -> list[str]:
    """The words without their signs, in small letters; as many as `split` gives."""
    return [re.sub(r"[^\w']", "", word.lower()) for word in text.split()]


def _fitted(text: str, more: str, seam: Seam) -> tuple[str, str]:
    count = overlap(text, more) if seam != "pause" else 0
    if count:
        # The first copy has the right beginning, the second the right end.
        return " ".join(text.split()[:-1]), " ".join(more.split()[count - 1 :])
    if seam == "hard":  # nobody paused: the full stop and the capital are the model's
        text = re.sub(r"\s*(\.\.\.|…|[.,])$", "", text)
        if not re.match(r"I\b|[A-Z]{2}", more):
            more = more[0].lower() + more[1:]
    return text, more
