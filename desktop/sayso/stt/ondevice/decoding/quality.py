"""Whether what a short window gave can be trusted; pure.

Whisper was trained on windows of 30 s. In shorter ones it may run on: repeat itself, go on
after the end of the audio, or stop before it. What cannot be seen here is fluent invention.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Literal

import attrs

from ..stitching import normalized_words

TOKENS_PER_S = 9
EXTRA_TOKENS = 16
"""English at its fastest has six tokens a second, and timestamps come on top."""
LIKELY_TOKENS_PER_S = 5
"""Who runs on is stopped here first: one decode in twenty of what is cut in mid-word runs on."""
MAX_COMPRESSION_RATIO = 2.4
"""Size of a text by its compressed size: Whisper's own threshold."""
MIN_LOG_PROB = -1.0
NO_SPEECH_PROBABILITY = 0.6
"""Whisper's own thresholds."""
MIN_TEXT_S = 0.8
"""Audio longer than this, with speech in it, gives some text."""

REPEATED_SENTENCE_WORDS = 4
MIN_TOKENS_PER_S = 2.0
"""With fewer tokens in a second something was left out: of 818 decodes four had 1.3 to 1.7, and had
not written what was said last; the next had 2.6."""
MIN_LOUD_S = 1.5

Defect = Literal["", "capped", "repeats", "repetitive", "empty", "twice", "sparse", "unsure"]


@attrs.frozen
class Hypothesis:
    """What one decode of a segment gave."""

    text: str
    """Without what was timed after the end of the audio."""
    tokens: tuple[int, ...]
    """Those of words."""
    token_count: int
    """Of these tokens, timestamps among them."""
    token_limit: int
    """Tokens it was allowed."""
    log_prob: float
    """Mean per token."""
    no_speech_probability: float
    """How likely there is none, 0 to 1."""
    duration_s: float
    """Of the audio."""
    language: str
    """Whisper's code."""
    loud_s: float = 0.0
    """Of the audio, so much is loud."""

    @property
    def defect(self) -> Defect:
        """Why it cannot be trusted, '' if it can."""
        if self.token_count >= self.token_limit - 1:
            return "capped"
        if repeats_tokens(self.tokens):
            return "repeats"
        if is_repetitive(self.text):
            return "repetitive"
        if (
            not self.text
            and self.no_speech_probability < NO_SPEECH_PROBABILITY
            and self.duration_s > MIN_TEXT_S
        ):
            return "empty"
        if repeats_sentence(self.text):
            return "twice"
        if self.loud_s > MIN_LOUD_S and len(self.tokens) < MIN_TOKENS_PER_S * self.loud_s:
            return "sparse"
        return "unsure" if self.log_prob < MIN_LOG_PROB else ""

    @property
    def is_looping(self) -> bool:
        """It says the same again, so more tokens would change nothing."""
        return repeats_tokens(self.tokens) or repeats_sentence(self.text)

    @property
    def is_unusable(self) -> bool:
        return self.defect not in ("", "sparse", "unsure")


def max_tokens(duration_s: float) -> int:
    """How many tokens so much speech can have."""
    return int(EXTRA_TOKENS + TOKENS_PER_S * duration_s)


def likely_tokens(duration_s: float) -> int:
    """How many it mostly has at the most."""
    return int(EXTRA_TOKENS + LIKELY_TOKENS_PER_S * duration_s)


def repeats_tokens(tokens: Sequence[int]) -> bool:
    """A token five times in a row, or a group of two or more three times."""
    for size in range(1, 16):
        times = 5 if size == 1 else 3
        for start in range(len(tokens) - times * size + 1):
            group = tuple(tokens[start : start + size])
            stop = start + times * size
            if tuple(tokens[start:stop]) == group * times:
                return True
    return False


def repeats_sentence(text: str) -> bool:
    """Four words or more said twice in a row: somebody may, a decoder in a short window does."""
    words = normalized_words(text)
    return any(
        words[start : start + size] == words[start + size : start + 2 * size]
        for size in range(REPEATED_SENTENCE_WORDS, len(words) // 2 + 1)
        for start in range(len(words) - 2 * size + 1)
    )


def is_repetitive(text: str) -> bool:
    raw = text.encode()
    return bool(raw) and len(raw) / len(zlib.compress(raw)) > MAX_COMPRESSION_RATIO
