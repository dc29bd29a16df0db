"""Whether what a short window gave can be trusted; pure.

Whisper was trained on windows of 30 s. In shorter ones it may run on: repeat itself, go on
after the end of the audio, or stop before it. What cannot be seen here is fluent invention.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Literal

import attrs

from ..stitching import plain_words

TOKENS_PER_S = 9
TOKENS_BESIDE = 16
"""English at its fastest has six tokens a second, and timestamps come on top."""
LIKELY_PER_S = 5
"""Who runs on is stopped here first: one decode in twenty of what is cut in mid-word runs on."""
MOST_REPETITIVE = 2.4
"""Size of a text by its compressed size: Whisper's own threshold."""
LEAST_LOG_PROB = -1.0
NO_SPEECH = 0.6
"""Whisper's own thresholds."""
WORTH_TEXT_S = 0.8
"""Audio longer than this, with speech in it, gives some text."""

TWICE_WORDS = 4
SPARSE_PER_S = 2.0
"""With fewer tokens in a second something was left out: of 818 decodes four had 1.3 to 1.7, and had
not written what was said last; the next had 2.6."""
WORTH_TOKENS_S = 1.5

Flaw = Literal["", "capped", "repeats", "repetitive", "empty", "twice", "sparse", "unsure"]


@attrs.frozen
class Draft:
    """What one decode of a segment gave."""

    text: str
    """Without what was timed after the end of the audio."""
    tokens: tuple[int, ...]
    """Those of words."""
    length: int
    """Of these tokens, timestamps among them."""
    most: int
    """Tokens it was allowed."""
    log_prob: float
    """Mean per token."""
    no_speech: float
    """How likely there is none, 0 to 1."""
    duration_s: float
    """Of the audio."""
    language: str
    """Whisper's code."""
    loud_s: float = 0.0
    """Of the audio, so much is loud."""

    @property
    def flaw(self) -> Flaw:
        """Why it cannot be trusted, '' if it can."""
        if self.length >= self.most - 1:
            return "capped"
        if repeats(self.tokens):
            return "repeats"
        if repetitive(self.text):
            return "repetitive"
        if not self.text and self.no_speech < NO_SPEECH and self.duration_s > WORTH_TEXT_S:
            return "empty"
        if twice(self.text):
            return "twice"
        if self.loud_s > WORTH_TOKENS_S and len(self.tokens) < SPARSE_PER_S * self.loud_s:
            return "sparse"
        return "unsure" if self.log_prob < LEAST_LOG_PROB else ""

    @property
    def loops(self) -> bool:
        """It says the same again, so more tokens would change nothing."""
        return repeats(self.tokens) or twice(self.text)

    @property
    def broken(self) -> bool:
        return self.flaw not in ("", "sparse", "unsure")


def most_tokens(duration_s: float) -> int:
    """How many tokens so much speech can have."""
    return int(TOKENS_BESIDE + TOKENS_PER_S * duration_s)


def likely_tokens(duration_s: float) -> int:
    """How many it mostly has at the most."""
    return int(TOKENS_BESIDE + LIKELY_PER_S * duration_s)


def repeats(tokens: Sequence[int]) -> bool:
    """A token five times in a row, or a group of two or more three times."""
    for size in range(1, 16):
        times = 5 if size == 1 else 3
        for start in range(len(tokens) - times * size + 1):
            group = tuple(tokens[start : start + size])
            stop = start + times * size
            if tuple(tokens[start:stop]) == group * times:
                return True
    return False


def twice(text: str) -> bool:
    """Four words or more said twice in a row: somebody may, a decoder in a short window does."""
    words = plain_words(text)
    return any(
        words[start : start + size] == words[start + size : start + 2 * size]
        for size in range(TWICE_WORDS, len(words) // 2 + 1)
        for start in range(len(words) - 2 * size + 1)
    )


def repetitive(text: str) -> bool:
    raw = text.encode()
    return bool(raw) and len(raw) / len(zlib.compress(raw)) > MOST_REPETITIVE
