"""Time limits of the microphone stream, and the watchdog that applies some of them. Pure."""

from __future__ import annotations

from typing import Literal

import attrs

StreamFault = Literal["no-blocks", "zeros", "silence"]


@attrs.frozen(kw_only=True)
class MicTimeouts:
    block_ms: float = 400
    """An open stream that delivers no block for this long has stalled."""
    first_block_ms: float = 5000
    """The same for the first block. Bluetooth headsets need seconds to change their profile."""
    max_check_ms: float = 200
    """Limit of the time that counts between two checks; a late check has delayed blocks as well."""
    zeros_ms: float = 200
    """A live microphone never delivers zeros for this long."""
    silence_ms: float = 2000
    """Zeros for this long are reported to the user."""
    source_check_ms: float = 1000
    """Interval of checking that the server did not replace the microphone by a loudspeaker."""
    reopen_ms: float = 150
    stalled_retry_ms: float = 400
    reopened_block_ms: float = 2500
    """A stream opened after an interruption that delivers nothing for this long has stalled."""
    interruption_ms: float = 10_000
    """After this long without audio the take ends with the audio recorded before."""
    start_interruption_ms: float = 3000
    """The same before the first block, in addition to `first_block_ms`."""
    late_blocks_ms: float = 300
    """A stream that resumes may deliver the blocks it had buffered for this long."""


class StreamWatchdog:
    """Notices an open stream that delivers no audio.

    Sound servers do not report that a source is suspended (no more blocks) or removed (blocks of
    zeros); measured with PulseAudio 16 and PipeWire 0.3. "silence" is reported once, the other
    faults until they end.
    """

    def __init__(self, opened_ms: float, timeouts: MicTimeouts, first_block_ms: float) -> None:
        self._timeouts = timeouts
        self._timeout_ms = first_block_ms
        self._checked_ms, self._idle_ms = opened_ms, 0.0
        self._silent_since_ms: float | None = None
        self._reported: set[StreamFault] = set()

    def on_block(self, now_ms: float, is_silent: bool) -> StreamFault | None:
        if not is_silent:
            self._silent_since_ms = None
            self._reported.discard("zeros")
        elif self._silent_since_ms is None:
            self._silent_since_ms = now_ms
        self._reported.discard("no-blocks")
        self._timeout_ms = self._timeouts.block_ms
        self._checked_ms, self._idle_ms = now_ms, 0.0
        return self.check(now_ms)

    def check(self, now_ms: float) -> StreamFault | None:
        """Account for the time since the last call; return a fault that was not reported before."""
        self._idle_ms += min(now_ms - self._checked_ms, self._timeouts.max_check_ms)
        self._checked_ms = now_ms
        if self._idle_ms >= self._timeout_ms:
            return self._report("no-blocks")
        if self._silent_since_ms is None:
            return None
        zeros_ms = now_ms - self._silent_since_ms
        if zeros_ms >= self._timeouts.silence_ms and (silence := self._report("silence")):
            return silence
        return self._report("zeros") if zeros_ms >= self._timeouts.zeros_ms else None

    def _report(self, fault: StreamFault) -> StreamFault | None:
        is_new = fault not in self._reported
        self._reported.add(fault)
        return fault if is_new else None
