"""What was not heard of a take, in words."""

from __future__ import annotations

import attrs

from ..dictation.take import BYTES_PER_SAMPLE
from ..problems import Problem, untyped_problem

MIN_REPORTED_MS = 200.0
"""Shorter than most syllables: not told."""
_REMEDY = "Say again what is missing."


@attrs.frozen
class Dropout:
    """Time in which a person spoke and no microphone listened."""

    duration_ms: float = 0.0
    during_sleep: bool = False
    """The computer slept meanwhile."""

    def __add__(self, other: Dropout) -> Dropout:
        return Dropout(
            self.duration_ms + other.duration_ms, self.during_sleep or other.during_sleep
        )

    @property
    def is_reportable(self) -> bool:
        return self.duration_ms >= MIN_REPORTED_MS


MIN_SLEEP_MS = 1000.0
"""A clock that counts sleep gains less than this against one that does not in between two looks."""


class DropoutTracker:
    """When something was heard of a stream that is watched, and what was not when it broke.

    Times are of a clock that stands still while the computer sleeps.
    """

    def __init__(self) -> None:
        self.has_audio = False
        """Any block has come since it is watched."""
        self._last_block_ms = 0.0
        """When the last one came, or should have."""
        self._last_audio_ms = 0.0
        """When the last one that was not of zeros did."""
        self._sleep_clock_ms = self._slept_ms = 0.0
        """Until now in all; in this gap."""
        self._lag = StreamLag(1)
        self._lag_at_interruption_ms = 0.0
        """When it broke."""

    def start(self, now_ms: float, sleep_clock_ms: float) -> None:
        """Watch from now on."""
        self.has_audio = False
        self._last_block_ms = self._last_audio_ms = now_ms
        self._sleep_clock_ms, self._slept_ms = sleep_clock_ms, 0.0

    def stream_opened(self, rate_hz: int) -> None:
        """Its blocks are those of a new stream."""
        self._lag = StreamLag(rate_hz)

    def count_block(self, now_ms: float, size_bytes: int) -> None:
        """A block of the stream."""
        self._lag.on_block(now_ms, size_bytes)

    def mark_block(self, now_ms: float, is_silent: bool) -> None:
        """The same block; not before a gap has been asked for."""
        self._last_block_ms, self.has_audio = now_ms, True
        if not is_silent:
            self._last_audio_ms = now_ms

    def has_slept(self, sleep_clock_ms: float) -> bool:
        """Whether the computer has slept since this was asked last."""
        more_ms, self._sleep_clock_ms = sleep_clock_ms - self._sleep_clock_ms, sleep_clock_ms
        if more_ms <= MIN_SLEEP_MS:
            return False
        self._slept_ms += more_ms
        return True

    def rewind_to_last_audio(self) -> None:
        """Since the last sound it was not a microphone that was heard."""
        self._last_block_ms = self._last_audio_ms

    def interrupt(self) -> None:
        self._lag_at_interruption_ms = self._lag.lag_ms

    def dropout(self, now_ms: float) -> Dropout:
        """Until now."""
        return Dropout(
            now_ms - self._last_block_ms + self._slept_ms, during_sleep=self._slept_ms > 0
        )

    def sleep_dropout(self) -> Dropout:
        """The part of the gap in which the computer slept."""
        return Dropout(self._slept_ms, during_sleep=self._slept_ms > 0)

    def shortfall(self) -> Dropout:
        """What a stream that goes on by itself has not given after all."""
        return Dropout(max(0.0, self._lag.lag_ms - self._lag_at_interruption_ms))

    def end_dropout(self) -> None:
        """The gap is."""
        self._slept_ms = 0.0


class StreamLag:
    """How late the blocks of one stream are: what came late is lost unless it still comes."""

    def __init__(self, rate_hz: int) -> None:
        self._bytes_per_ms = rate_hz * BYTES_PER_SAMPLE / 1000
        self._first_block_ms: float | None = None
        self._received_bytes = 0
        self.lag_ms = 0.0
        """At the last block, against the first."""

    def on_block(self, now_ms: float, size_bytes: int) -> None:
        if self._first_block_ms is None:
            self._first_block_ms = now_ms
        self.lag_ms = now_ms - self._first_block_ms - self._received_bytes / self._bytes_per_ms
        self._received_bytes += size_bytes


def dropout_problem(dropout: Dropout, at_end: bool = False) -> Problem:
    """`at_end`: the microphone was not back when the take was over."""
    many = _format_duration(dropout.duration_ms / 1000)
    if dropout.during_sleep:
        return untyped_problem(f"{many} were not heard while the computer slept.", _REMEDY)
    if at_end:
        return untyped_problem(
            f"The last {many} were not heard.", f"The microphone was gone. {_REMEDY}"
        )
    return untyped_problem(f"{many} were not heard when the microphone changed.", _REMEDY)


def _format_duration(seconds: float) -> str:
    """0.8 s, 12 s, 40 min, 3 h."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{round(minutes / 60)} h"
