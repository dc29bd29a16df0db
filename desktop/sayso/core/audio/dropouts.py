"""What was not heard of a take, in words."""

from __future__ import annotations

import attrs

from ..dictation.take import BYTES_PER_SAMPLE
from ..problems import Problem

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


SLEPT_MS = 1000.0
"""A clock that counts sleep gains less than this against one that does not in between two looks."""


class Hearing:
    """When something was heard of a stream that is watched, and what was not when it broke.

    Times are of a clock that stands still while the computer sleeps.
    """

    def __init__(self) -> None:
        self.any = False
        """Any block has come since it is watched."""
        self._heard_ms = 0.0
        """When the last one came, or should have."""
        self._sound_ms = 0.0
        """When the last one that was not of zeros did."""
        self._asleep_ms = self._slept_ms = 0.0
        """Until now in all; in this gap."""
        self._lateness = Lateness(1)
        self._late_ms = 0.0
        """When it broke."""

    def begin(self, now_ms: float, asleep_ms: float) -> None:
        """Watch from now on."""
        self.any = False
        self._heard_ms = self._sound_ms = now_ms
        self._asleep_ms, self._slept_ms = asleep_ms, 0.0

    def opened(self, rate_hz: int) -> None:
        """Its blocks are those of a new stream."""
        self._lateness = Lateness(rate_hz)

    def came(self, now_ms: float, size_bytes: int) -> None:
        """A block of the stream."""
        self._lateness.block(now_ms, size_bytes)

    def heard(self, now_ms: float, zeros: bool) -> None:
        """The same block; not before a gap has been asked for."""
        self._heard_ms, self.any = now_ms, True
        if not zeros:
            self._sound_ms = now_ms

    def slept(self, asleep_ms: float) -> bool:
        """Whether the computer has slept since this was asked last."""
        more_ms, self._asleep_ms = asleep_ms - self._asleep_ms, asleep_ms
        if more_ms <= SLEPT_MS:
            return False
        self._slept_ms += more_ms
        return True

    def was_deaf(self) -> None:
        """Since the last sound it was not a microphone that was heard."""
        self._heard_ms = self._sound_ms

    def broke(self) -> None:
        self._late_ms = self._lateness.ms

    def gap(self, now_ms: float) -> Gap:
        """Until now."""
        return Gap(now_ms - self._heard_ms + self._slept_ms, slept=self._slept_ms > 0)

    def asleep(self) -> Gap:
        """The part of the gap in which the computer slept."""
        return Gap(self._slept_ms, slept=self._slept_ms > 0)

    def late(self) -> Gap:
        """What a stream that goes on by itself has not given after all."""
        return Gap(max(0.0, self._lateness.ms - self._late_ms))

    def over(self) -> None:
        """The gap is."""
        self._slept_ms = 0.0


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
