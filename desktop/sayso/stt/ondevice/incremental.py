"""Incremental decoding: decode only new audio and a short overlap, and align the two texts.

The words of the overlap show how the texts fit together. If they do not fit, all of the audio is
decoded. When 7 s are decoded after the first 6 s, this decodes 3 s in half the time without more
errors (see docs/benchmarks.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import attrs
import numpy as np

from .decoding.quality import Hypothesis
from .samples import FRAME_SAMPLES, RATE_HZ, Samples, loud_frames

MIN_DECODE_S = 3.0
"""Minimum length to decode: shorter audio is less accurate and takes as long."""
MIN_OVERLAP_S = 1.4
"""Minimum length that is decoded twice: the last words of a decode are the least accurate."""
SEARCH_S = 1.0
"""The overlap starts at the quietest moment within this length, which is seldom inside a word."""
MIN_START_S = 0.5
MAX_SHARE = 0.8
"""If a larger share of the audio has to be decoded, all of it is decoded."""

MIN_COMMON_WORDS = 2
"""The texts fit together where they have this many consecutive words in common, or ..."""
LONG_WORD_CHARS = 5
"""... one word of this length, or one word that ends the first and begins the second text."""
OFFSET_WEIGHT = 1.5
"""Cost, in words, of each word between the expected and the actual position of a match."""
MAX_OFFSET_WORDS = 4.0
"""A match farther from the expected position is ignored; of 377 correct ones 1 % were 3.4 off."""
CHARS_PER_WORD = 5
CHARS_AS_WORD = 2
"""Characters that count as one word in languages without spaces."""
MAX_REPLACED_WORDS = 3
"""Words after the match in the first text that may be dropped: they were decoded without their
end."""
MAX_SKIPPED_WORDS = 4
"""Words before the match in the second text that may be dropped: they were decoded without their
beginning."""


@attrs.frozen
class PriorDecode:
    """Result of decoding the first `sample_count` samples."""

    sample_count: int
    hypothesis: Hypothesis


def extend(
    decode_rest: Callable[[Samples], Hypothesis],
    decode_all: Callable[[Samples], Hypothesis],
    samples: Samples,
    priors: Sequence[PriorDecode],
    *,
    spaced: bool = True,
) -> Hypothesis:
    """Return the hypothesis for all samples, based on a prior decode if possible.

    Args:
        decode_rest: Decodes the end of the samples; a result with a defect is not used.
        decode_all: Decodes all samples if there is no usable prior decode.
        samples: The audio from the start of the segment.
        priors: Earlier decodes from the same start.
        spaced: Whether the language is written with spaces between words.
    """
    usable = [p for p in priors if p.sample_count <= len(samples) and not p.hypothesis.defect]
    prior = max(usable, key=lambda prior: prior.sample_count, default=None)
    start = overlap_start(samples, prior.sample_count) if prior else None
    if prior and start is not None:
        rest = decode_rest(samples[start:])
        share = overlap_share(samples, start, prior.sample_count)
        if not rest.defect:
            text = align(prior.hypothesis.text, rest.text, share, spaced=spaced)
            if text is not None:
                return attrs.evolve(rest, text=text, duration_s=len(samples) / RATE_HZ)
    return decode_all(samples)


def overlap_start(samples: Samples, prior_samples: int) -> int | None:
    """Return the sample at which to start decoding, or None if too little time is saved."""
    stop = min(prior_samples - round(MIN_OVERLAP_S * RATE_HZ),
               len(samples) - round(MIN_DECODE_S * RATE_HZ))  # fmt: skip
    start = stop - round(SEARCH_S * RATE_HZ)
    if start < MIN_START_S * RATE_HZ:
        return None
    power = np.square(samples[start : stop + 2 * FRAME_SAMPLES])
    sums = np.convolve(power, np.ones(3 * FRAME_SAMPLES, np.float32), "valid")[::FRAME_SAMPLES]
    found = start + int(sums.argmin()) * FRAME_SAMPLES + 3 * FRAME_SAMPLES // 2
    return found if len(samples) - found <= MAX_SHARE * len(samples) else None


def overlap_share(samples: Samples, start: int, prior_samples: int) -> float:
    """Return which share of the speech in the prior decode is decoded again from `start` on."""
    speech = loud_frames(samples[:prior_samples])
    return float(speech[start // FRAME_SAMPLES :].sum() / max(1, speech.sum()))


def align(before: str, after: str, share: float, *, spaced: bool = True) -> str | None:
    """Join two overlapping texts at their common words; return None if they do not fit.

    A long match is better than a short one, and a match near the expected position is better than
    a distant one, because the same words may be said twice. The text before the end of the match
    is taken from `before`, the rest from `after`.

    Args:
        before: Text of the prior decode.
        after: Text of the new decode.
        share: Share of `before` that is expected to be in `after`, 0 to 1.
        spaced: Whether there are spaces between words; if not, characters are compared.
    """
    left, right = _words(before, spaced), _words(after, spaced)
    scale, chars_per_word = (1, CHARS_PER_WORD) if spaced else (CHARS_AS_WORD, 1)
    lengths = [len(word) for word, _ in left]
    expected = share * sum(lengths)
    best: tuple[float, int, int, int] | None = None
    for skipped in range(min(scale * MAX_SKIPPED_WORDS + 1, len(right))):
        for start in range(len(left)):
            count = _common_prefix_length(left[start:], right[skipped:])
            replaced = len(left) - start - count
            allowed = 1 if len(right[skipped][0]) >= LONG_WORD_CHARS else 0
            near = skipped + replaced <= allowed
            enough = count >= scale * MIN_COMMON_WORDS or (count and spaced and near)
            if not enough or replaced > scale * MAX_REPLACED_WORDS:
                continue
            offset = abs(sum(lengths[max(0, start - skipped) :]) - expected) / chars_per_word
            if round(offset, 6) > scale * MAX_OFFSET_WORDS:
                continue
            ends = left[start + count - 1][1], right[skipped + count - 1][1]
            candidate = (count - OFFSET_WEIGHT * offset, -skipped - replaced, *ends)
            if best is None or candidate > best:
                best = candidate
    return before[: best[2]] + after[best[3] :] if best else None


def _words(text: str, spaced: bool) -> list[tuple[str, int]]:
    found = re.finditer(r"[\w']+" if spaced else r"\w", text)
    return [(match.group().lower(), match.end()) for match in found]


def _common_prefix_length(left: list[tuple[str, int]], right: list[tuple[str, int]]) -> int:
    count = 0
    for (one, _), (other, _) in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
