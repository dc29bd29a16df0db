"""Dropouts: audio that was lost while the user spoke. Pure."""

from __future__ import annotations

import attrs

from ..dictation.take import BYTES_PER_SAMPLE
from ..problems import Problem
from ..problems import audio as problems
from ..usage import format_duration

MIN_REPORTED_MS = 200.0
"""Shorter dropouts are shorter than most syllables and are not reported."""
MIN_SLEEP_MS = 1000.0
"""Smaller changes of the sleep clock are inaccuracies of the system's clocks."""


@attrs.frozen
class Dropout:
    duration_ms: float = 0.0
    during_sleep: bool = False

    def __add__(self, other: Dropout) -> Dropout:
        during_sleep = self.during_sleep or other.during_sleep
        return Dropout(self.duration_ms + other.duration_ms, during_sleep)

    @property
    def is_reportable(self) -> bool:
        return self.duration_ms >= MIN_REPORTED_MS


def dropout_problem(dropout: Dropout, at_end: bool = False) -> Problem:
    """Return the problem to report.

    Args:
        at_end: The microphone had not returned when the take ended.
    """
    kind = problems.DROPOUT_AT_END if at_end else problems.DROPOUT
    if dropout.during_sleep:
        kind = problems.DROPOUT_ASLEEP
    seconds = dropout.duration_ms / 1000
    return kind(duration=f"{seconds:.1f} s" if seconds < 9.95 else format_duration(seconds))


class DropoutTracker:
    """Measures the dropout when a watched stream is interrupted.

    `now_ms` comes from a clock that stops while the computer sleeps, `sleep_clock_ms` is the total
    time the computer has slept.
    """

    def __init__(self) -> None:
        self.has_audio = False
        self._last_block_ms = 0.0
        self._last_audio_ms = 0.0
        self._sleep_clock_ms = 0.0
        self._slept_ms = 0.0
        self._bytes_per_ms = 1.0
        self._first_block_ms: float | None = None
        self._received_bytes = 0
        self._lag_ms = 0.0
        """Delay of the stream's last block relative to its first one; audio that is late is lost
        unless it still arrives."""
        self._lag_at_interruption_ms = 0.0

    def start(self, now_ms: float, sleep_clock_ms: float) -> None:
        self.has_audio = False
        self._last_block_ms = self._last_audio_ms = now_ms
        self._sleep_clock_ms, self._slept_ms = sleep_clock_ms, 0.0

    def stream_opened(self, rate_hz: int) -> None:
        self._bytes_per_ms = rate_hz * BYTES_PER_SAMPLE / 1000
        self._first_block_ms, self._received_bytes, self._lag_ms = None, 0, 0.0

    def count_block(self, now_ms: float, size_bytes: int) -> None:
        """Count an arriving block. Call `dropout` afterwards and `mark_block` last."""
        if self._first_block_ms is None:
            self._first_block_ms = now_ms
        self._lag_ms = now_ms - self._first_block_ms - self._received_bytes / self._bytes_per_ms
        self._received_bytes += size_bytes

    def mark_block(self, now_ms: float, is_silent: bool) -> None:
        """Make the counted block the end of the last dropout."""
        self._last_block_ms, self.has_audio = now_ms, True
        if not is_silent:
            self._last_audio_ms = now_ms

    def has_slept(self, sleep_clock_ms: float) -> bool:
        """Return whether the computer has slept since the previous call."""
        slept_ms, self._sleep_clock_ms = sleep_clock_ms - self._sleep_clock_ms, sleep_clock_ms
        if slept_ms <= MIN_SLEEP_MS:
            return False
        self._slept_ms += slept_ms
        return True

    def rewind_to_last_audio(self) -> None:
        """Start the dropout at the last audio: the blocks since then were not the microphone's."""
        self._last_block_ms = self._last_audio_ms

    def interrupt(self) -> None:
        self._lag_at_interruption_ms = self._lag_ms

    def dropout(self, now_ms: float) -> Dropout:
        """Return the dropout from the last block until now."""
        return Dropout(now_ms - self._last_block_ms + self._slept_ms, self._slept_ms > 0)

    def sleep_dropout(self) -> Dropout:
        """Return the part of the dropout during which the computer slept."""
        return Dropout(self._slept_ms, self._slept_ms > 0)

    def shortfall(self) -> Dropout:
        """Return the audio that a resumed stream has not delivered late either."""
        return Dropout(max(0.0, self._lag_ms - self._lag_at_interruption_ms))

    def end_dropout(self) -> None:
        self._slept_ms = 0.0
