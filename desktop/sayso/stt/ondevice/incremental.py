"""How the text of what is pending grows: only what is new is decoded, and a little before it.

The words decoded twice say where the two texts fit together; where they do not, all is decoded
again. Of 7 s that were decoded to their sixth this leaves 3 s, in half of the time, and there
are no more errors for it (docs/on-device.md has the figures).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import attrs
import numpy as np

from .decoding.quality import Hypothesis
from .samples import LOUD_BLOCK_SAMPLES, RATE_HZ, Samples, loud_blocks

MIN_DECODE_S = 3.0
"""At least so much is decoded: shorter cuts are heard worse, and take as long."""
MIN_OVERLAP_S = 1.4
"""At least so much of it was decoded before: the last words of a decode are its worst."""
SEARCH_S = 1.0
"""It begins at the quietest moment of so long: seldom inside a word."""
MIN_START_S = 0.5
MAX_SHARE = 0.8
"""Where more of the whole is to be decoded, all of it is."""
BLOCK_SAMPLES = 512
MIN_COMMON_WORDS = 2
"""Both texts have so many in a row where they fit together, or ..."""
LONG_WORD_CHARS = 5
"""... one word so long, or one that ends the first and begins the second."""
OFFSET_WEIGHT = 1.5
"""A word off where it should be costs so many words of the row."""
MAX_OFFSET_WORDS = 4.0
"""Rows farther off are none: of 377 that fitted, one in a hundred was 3.4 off."""
CHARS_PER_WORD = 5
CHARS_AS_WORD = 2
"""So many letters count as a word where there are no spaces."""
MAX_REPLACED_WORDS = 3
"""Words after them in the first text: heard without their end ..."""
MAX_SKIPPED_WORDS = 4
"""... and before them in the second: heard without their beginning."""


@attrs.frozen
class PriorDecode:
    """What was decoded before, from the same start."""

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
    """The draft of all of the samples, of which the first may be known.

    Args:
        guess: Decodes some of the samples once; a flaw is no harm.
        decode: Decodes all of them, if it comes to that.
        samples: Of what is pending, from its beginning.
        known: What was decoded of it before.
        spaced: The language is written with spaces between words.
    """
    before = _longest_prior(priors, len(samples))
    begin = overlap_start(samples, before.sample_count) if before else None
    if before and begin is not None:
        rest = decode_rest(samples[begin:])
        share = overlap_share(samples, begin, before.sample_count)
        text = (
            None if rest.defect else align(before.hypothesis.text, rest.text, share, spaced=spaced)
        )
        if text is not None:
            return attrs.evolve(rest, text=text, duration_s=len(samples) / RATE_HZ)
    return decode_all(samples)


def overlap_start(samples: Samples, known: int) -> int | None:
    """From which sample to decode, where the first `known` are; None if that gains too little."""
    stop = min(known - round(MIN_OVERLAP_S * RATE_HZ), len(samples) - round(MIN_DECODE_S * RATE_HZ))
    start = stop - round(SEARCH_S * RATE_HZ)
    if start < MIN_START_S * RATE_HZ:
        return None
    power = np.square(samples[start : stop + 2 * BLOCK_SAMPLES])
    sums = np.convolve(power, np.ones(3 * BLOCK_SAMPLES, np.float32), "valid")[::BLOCK_SAMPLES]
    begin = start + int(sums.argmin()) * BLOCK_SAMPLES + 3 * BLOCK_SAMPLES // 2
    return begin if len(samples) - begin <= MAX_SHARE * len(samples) else None


def overlap_share(samples: Samples, begin: int, known: int) -> float:
    """Which share of what is said in the first `known` samples is said from `begin` on."""
    speech = loud_blocks(samples[:known])
    return float(speech[begin // LOUD_BLOCK_SAMPLES :].sum() / max(1, speech.sum()))


def align(before: str, after: str, share: float, *, spaced: bool = True) -> str | None:
    """One text of two that have words in common at the end and the beginning; None without.

    The longer a row of such words the better, and the better the nearer it is to where it should
    be by time: somebody may say the same again. Before the end of the row the first text is right,
    after it the second.

    Args:
        before: What was known.
        after: What was decoded anew.
        share: Of `before`, that which is said in `after` again.
        spaced: There are spaces between words; else letters are taken for words.
    """
    left, right = _words(before, spaced), _words(after, spaced)
    scale, letters = (1, CHARS_PER_WORD) if spaced else (CHARS_AS_WORD, 1)
    sizes = [len(word) for word, _ in left]
    best: tuple[float, int, int, int] | None = None
    for first in range(min(scale * MAX_SKIPPED_WORDS + 1, len(right))):
        for start in range(len(left)):
            count = _common_prefix_length(left[start:], right[first:])
            last = len(left) - start - count
            near = first + last <= (1 if len(right[first][0]) >= LONG_WORD_CHARS else 0)
            enough = count >= scale * MIN_COMMON_WORDS or (count and spaced and near)
            if not enough or last > scale * MAX_REPLACED_WORDS:
                continue
            off = abs(sum(sizes[max(0, start - first) :]) - share * sum(sizes)) / letters
            if round(off, 6) > scale * MAX_OFFSET_WORDS:
                continue
            ends = left[start + count - 1][1], right[first + count - 1][1]
            row = (count - OFFSET_WEIGHT * off, -first - last, *ends)
            if best is None or row > best:
                best = row
    return before[: best[2]] + after[best[3] :] if best else None


def _words(text: str, spaced: bool) -> list[tuple[str, int]]:
    """In small letters, and where they end."""
    found = re.finditer(r"[\w']+" if spaced else r"\w", text)
    return [(match.group().lower(), match.end()) for match in found]


def _common_prefix_length(left: list[tuple[str, int]], right: list[tuple[str, int]]) -> int:
    count = 0
    for (one, _), (other, _) in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _longest_prior(known: Sequence[PriorDecode], samples: int) -> PriorDecode | None:
    """The one that can be trusted, and has nothing in it of what comes later."""
    fitting = [one for one in known if one.sample_count <= samples and not one.hypothesis.defect]
    return max(fitting, key=lambda one: one.sample_count, default=None)
