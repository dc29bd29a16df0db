"""Quality checks of decodes in short windows. Pure.

Whisper was trained on windows of 30 s. In shorter windows it may repeat itself, continue past the
end of the audio, or stop before it. Fluent hallucinations cannot be detected here.

| defect | meaning | reaction of `WhisperDecoder.decode_segment` |
|---|---|---|
| `token_limit` | reached the token limit | decode in a longer window |
| `repeated_tokens` | tokens or groups of tokens repeat | decode in a longer window |
| `repetitive` | the text compresses too well | decode in a longer window |
| `empty` | no text for audio with speech | decode in a longer window |
| `repeated_sentence` | a sentence occurs twice in a row | as above; kept if both windows have it |
| `too_few_tokens` | too little text for the loud part | as above; the longer text is used |
| `low_probability` | the model is uncertain | as above; the more probable text is used |

The first five make a hypothesis unusable. If the longer window gives an unusable result too, the
audio is decoded in the full window, except for `repeated_sentence`.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Literal

import attrs

from ..stitching import normalized_words

TOKENS_PER_S = 9
"""The fastest English has six tokens per second, not counting timestamps."""
EXTRA_TOKENS = 16
LIKELY_TOKENS_PER_S = 5
"""Usual limit, tried first. About 5 % of the segments that are cut inside a word make the decoder
loop, and this stops them early."""
MAX_COMPRESSION_RATIO = 2.4
"""Size of the text divided by its compressed size. Whisper's own threshold, as the next two."""
MIN_LOG_PROB = -1.0
NO_SPEECH_PROBABILITY = 0.6
MIN_TEXT_S = 0.8
"""Longer audio with speech always has some text."""
REPEATED_SENTENCE_WORDS = 4
MIN_TOKENS_PER_S = 2.0
"""With fewer tokens per second of loud audio, text is missing: of 818 decodes, four had 1.3 to 1.7
and lacked their last words; the next had 2.6."""
MIN_LOUD_S = 1.5

Defect = Literal[
    "",
    "token_limit",
    "repeated_tokens",
    "repetitive",
    "empty",
    "repeated_sentence",
    "too_few_tokens",
    "low_probability",
]


@attrs.frozen
class Hypothesis:
    """Result of one decode."""

    text: str
    """The text without words that were timed after the end of the audio."""
    tokens: tuple[int, ...] = ()
    token_count: int = 0
    token_limit: int = 2
    log_prob: float = 0.0
    """Mean per token."""
    no_speech_probability: float = 0.0
    duration_s: float = 0.0
    language: str = ""
    loud_s: float = 0.0

    @property
    def defect(self) -> Defect:
        """The most serious defect, or ''."""
        if self.token_count >= self.token_limit - 1:
            return "token_limit"
        if repeats_tokens(self.tokens):
            return "repeated_tokens"
        if is_repetitive(self.text):
            return "repetitive"
        silent = self.no_speech_probability >= NO_SPEECH_PROBABILITY
        if not self.text and not silent and self.duration_s > MIN_TEXT_S:
            return "empty"
        if repeats_sentence(self.text):
            return "repeated_sentence"
        if self.loud_s > MIN_LOUD_S and len(self.tokens) < MIN_TOKENS_PER_S * self.loud_s:
            return "too_few_tokens"
        return "low_probability" if self.log_prob < MIN_LOG_PROB else ""

    @property
    def is_looping(self) -> bool:
        """True if the text repeats itself, so that more tokens would not help."""
        return repeats_tokens(self.tokens) or repeats_sentence(self.text)

    @property
    def is_unusable(self) -> bool:
        return self.defect not in ("", "too_few_tokens", "low_probability")


def max_tokens(duration_s: float) -> int:
    """Return how many tokens speech of this length has at the most."""
    return int(EXTRA_TOKENS + TOKENS_PER_S * duration_s)


def likely_tokens(duration_s: float) -> int:
    """Return how many tokens speech of this length usually has at the most."""
    return int(EXTRA_TOKENS + LIKELY_TOKENS_PER_S * duration_s)


def repeats_tokens(tokens: Sequence[int]) -> bool:
    """Return whether a token occurs five times in a row, or a group three times."""
    for size in range(1, 16):
        times = 5 if size == 1 else 3
        for start in range(len(tokens) - times * size + 1):
            group = tuple(tokens[start : start + size])
            if tuple(tokens[start : start + times * size]) == group * times:
                return True
    return False


def repeats_sentence(text: str) -> bool:
    """Return whether `REPEATED_SENTENCE_WORDS` or more words occur twice in a row."""
    words = normalized_words(text)
    return any(
        words[start : start + size] == words[start + size : start + 2 * size]
        for size in range(REPEATED_SENTENCE_WORDS, len(words) // 2 + 1)
        for start in range(len(words) - 2 * size + 1)
    )


def is_repetitive(text: str) -> bool:
    """Return whether the text compresses better than any natural text."""
    raw = text.encode()
    return bool(raw) and len(raw) / len(zlib.compress(raw)) > MAX_COMPRESSION_RATIO
