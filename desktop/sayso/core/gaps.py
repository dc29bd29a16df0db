"""What was not heard of a take, in words."""

from __future__ import annotations

import attrs

from .problems import Problem
from .take import BYTES_PER_SAMPLE

LEAST_MS = 200.0
"""Shorter than most syllables: not told."""
_REMEDY = "Say again what is missing."


@attrs.frozen
class Gap:
    """Time in which a person spoke and no microphone listened."""

    ms: float = 0.0
    slept: bool = False
    """The computer slept meanwhile."""

    def __add__(self, other: Gap) -> Gap:
        return Gap(self.ms + other.ms, self.slept or other.slept)

    @property
    def is_worth_telling(self) -> bool:
        return self.ms >= LEAST_MS


class Lateness:
    """How late the blocks of one stream are: what came late is lost unless it still comes."""

    def __init__(self, rate_hz: int) -> None:
        self._bytes_per_ms = rate_hz * BYTES_PER_SAMPLE / 1000
        self._first_ms: float | None = None
        self._got_bytes = 0
        self.ms = 0.0
        """At the last block, against the first."""

    def block(self, now_ms: float, size_bytes: int) -> None:
        if self._first_ms is None:
            self._first_ms = now_ms
        self.ms = now_ms - self._first_ms - self._got_bytes / self._bytes_per_ms
        self._got_bytes += size_bytes


def not_heard(gap: Gap, at_end: bool = False) -> Problem:
    """`at_end`: the microphone was not back when the take was over."""
    many = _long(gap.ms / 1000)
    if gap.slept:
        return Problem(f"{many} were not heard while the computer slept.", _REMEDY)
    if at_end:
        return Problem(f"The last {many} were not heard.", f"The microphone was gone. {_REMEDY}")
    return Problem(f"{many} were not heard when the microphone changed.", _REMEDY)


def _long(seconds: float) -> str:
    """0.8 s, 12 s, 40 min, 3 h."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{round(minutes / 60)} h"
