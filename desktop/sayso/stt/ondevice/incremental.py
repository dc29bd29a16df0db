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

from .decoding.quality import Draft
from .samples import LOUD_SAMPLES, RATE_HZ, Samples, loud

ANEW_S = 3.0
"""At least so much is decoded: shorter cuts are heard worse, and take as long."""
TWICE_S = 1.4
"""At least so much of it was decoded before: the last words of a decode are its worst."""
LOOK_S = 1.0
"""It begins at the quietest moment of so long: seldom inside a word."""
LEAST_BEFORE_S = 0.5
MOST_SHARE = 0.8
"""Where more of the whole is to be decoded, all of it is."""
BLOCK_SAMPLES = 512
LEAST_WORDS = 2
"""Both texts have so many in a row where they fit together, or ..."""
LONG_CHARS = 5
"""... one word so long, or one that ends the first and begins the second."""
OFF_WEIGHT = 1.5
"""A word off where it should be costs so many words of the row."""
MOST_OFF = 4.0
"""Rows farther off are none: of 377 that fitted, one in a hundred was 3.4 off."""
WORD_LETTERS = 5
LETTERS = 2
"""So many letters count as a word where there are no spaces."""
MOST_LAST = 3
"""Words after them in the first text: heard without their end ..."""
MOST_FIRST = 4
"""... and before them in the second: heard without their beginning."""


@attrs.frozen
class Known:
    """What was decoded before, from the same start."""

    samples: int
    draft: Draft


def grown(
    guess: Callable[[Samples], Draft],
    decode: Callable[[Samples], Draft],
    samples: Samples,
    known: Sequence[Known],
    *,
    spaced: bool = True,
) -> Draft:
    """The draft of all of the samples, of which the first may be known.

    Args:
        guess: Decodes some of the samples once; a flaw is no harm.
        decode: Decodes all of them, if it comes to that.
        samples: Of what is pending, from its beginning.
        known: What was decoded of it before.
        spaced: The language is written with spaces between words.
    """
    before = _longest(known, len(samples))
    begin = beginning(samples, before.samples) if before else None
    if before and begin is not None:
        rest = guess(samples[begin:])
        share = again(samples, begin, before.samples)
        text = None if rest.flaw else fitted(before.draft.text, rest.text, share, spaced=spaced)
        if text is not None:
            return attrs.evolve(rest, text=text, duration_s=len(samples) / RATE_HZ)
    return decode(samples)


def beginning(samples: Samples, known: int) -> int | None:
    """From which sample to decode, where the first `known` are; None if that gains too little."""
    stop = min(known - round(TWICE_S * RATE_HZ), len(samples) - round(ANEW_S * RATE_HZ))
    start = stop - round(LOOK_S * RATE_HZ)
    if start < LEAST_BEFORE_S * RATE_HZ:
        return None
    power = np.square(samples[start : stop + 2 * BLOCK_SAMPLES])
    sums = np.convolve(power, np.ones(3 * BLOCK_SAMPLES, np.float32), "valid")[::BLOCK_SAMPLES]
    begin = start + int(sums.argmin()) * BLOCK_SAMPLES + 3 * BLOCK_SAMPLES // 2
    return begin if len(samples) - begin <= MOST_SHARE * len(samples) else None


def again(samples: Samples, begin: int, known: int) -> float:
    """Which share of what is said in the first `known` samples is said from `begin` on."""
    speech = loud(samples[:known])
    return float(speech[begin // LOUD_SAMPLES :].sum() / max(1, speech.sum()))


def fitted(before: str, after: str, share: float, *, spaced: bool = True) -> str | None:
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
    scale, letters = (1, WORD_LETTERS) if spaced else (LETTERS, 1)
    sizes = [len(word) for word, _ in left]
    best: tuple[float, int, int, int] | None = None
    for first in range(min(scale * MOST_FIRST + 1, len(right))):
        for start in range(len(left)):
            count = _equal(left[start:], right[first:])
            last = len(left) - start - count
            near = first + last <= (1 if len(right[first][0]) >= LONG_CHARS else 0)
            enough = count >= scale * LEAST_WORDS or (count and spaced and near)
            if not enough or last > scale * MOST_LAST:
                continue
            off = abs(sum(sizes[max(0, start - first) :]) - share * sum(sizes)) / letters
            if off > scale * MOST_OFF:
                continue
            ends = left[start + count - 1][1], right[first + count - 1][1]
            row = (count - OFF_WEIGHT * off, -first - last, *ends)
            if best is None or row > best:
                best = row
    return before[: best[2]] + after[best[3] :] if best else None


def _words(text: str, spaced: bool) -> list[tuple[str, int]]:
    """In small letters, and where they end."""
    found = re.finditer(r"[\w']+" if spaced else r"\w", text)
    return [(match.group().lower(), match.end()) for match in found]


def _equal(left: list[tuple[str, int]], right: list[tuple[str, int]]) -> int:
    count = 0
    for (one, _), (other, _) in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _longest(known: Sequence[Known], samples: int) -> Known | None:
    """The one that can be trusted, and has nothing in it of what comes later."""
    fitting = [one for one in known if one.samples <= samples and not one.draft.flaw]
    return max(fitting, key=lambda one: one.samples, default=None)
