"""How many threads a decode gets: measured once for each model and processor, then remembered.

Two decodes may run at once, so one gets at most half of the processors, and more threads only
if they are worth it: on two shared cores two threads were no faster than one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from .record import read, write

WORTH = 0.85
"""More threads must take so much less time: what they do not gain, other programs lose."""
FILE = "threads.json"


def candidates(processors: int) -> tuple[int, ...]:
    """Numbers of threads worth trying."""
    return tuple(count for count in (1, 2, 4) if count == 1 or 2 * count <= processors)


def fewest(times_s: Mapping[int, float]) -> int:
    """The fewest threads that more would not make much faster."""
    chosen, *more = sorted(times_s)
    for count in more:
        if times_s[count] < WORTH * times_s[chosen]:
            chosen = count
    return chosen


def threads_for(model: str, processors: int, folder: Path, measure: Callable[[int], float]) -> int:
    """How many a model gets; blocks for some seconds the first time, if there is a choice.

    Args:
        model: Its name.
        processors: Of this computer.
        folder: Where the answer is remembered; where it cannot be, it is measured every time.
        measure: Seconds that a decode takes with so many threads.
    """
    counts = candidates(processors)
    if len(counts) == 1:
        return counts[0]
    key, known = f"{model} on {processors}", read(folder / FILE)
    if known.get(key) not in counts:
        known[key] = fewest({count: measure(count) for count in counts})
        write(folder / FILE, known)
    return int(known[key])
