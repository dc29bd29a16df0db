"""Controls the microphone's input stream: events in, commands out. Pure.

Microphones are unplugged, used by other programs and switched to another profile; sound servers
crash; computers sleep. While a take is recorded (the stream is *watched*), all of these are
handled in the same way: ask the sound server how to continue, do that, and repeat until audio
arrives or the time limit is reached.

    closed ──open──► opening ──opened──► open ◄───────────── block arrives ──────────┐
      ▲                 │                 │ no blocks, slept, ended, not a microphone │
      │                 └─open_failed─► lost                                          │
      └──────────────────────close────────┘      interrupted ── query, reopen, retry ─┘
                                                     └── time limit ──► lost

Every device call has a number. Events of a stream or query with an older number are ignored.
"""

from __future__ import annotations

from typing import Literal

import attrs

from ..problems import Problem
from ..problems import audio as problems
from .dropouts import Dropout, DropoutTracker
from .watchdog import MicTimeouts, StreamFault, StreamWatchdog

StreamState = Literal["silent", "stalled", "closed"]
"""The stream delivers digital silence, delivers nothing, or has ended."""


@attrs.frozen
class ReconnectAction:
    action: Literal["stay", "open", "wait"]
    """Keep the stream, open `device`, or wait because there is no microphone now."""
    device: str = ""


@attrs.frozen
class OpenDevice:
    number: int
    device: str


@attrs.frozen
class CloseDevice:
    pass


@attrs.frozen
class QueryServer:
    number: int
    device: str
    state: StreamState


@attrs.frozen
class DeliverBlock:
    pass


@attrs.frozen
class Notify:
    """Call this method of the listener; see `audio.input_stream.InputStreamListener`."""

    method: str
    arguments: tuple[int | Problem | Dropout | None, ...] = ()


Command = OpenDevice | CloseDevice | QueryServer | DeliverBlock | Notify


class MicState:
    """State of one input stream. Every method returns the commands to carry out, in order."""

    def __init__(self, device: str, timeouts: MicTimeouts) -> None:
        self.device = device
        self._timeouts = timeouts
        self.number = 0
        """Number of the current stream; blocks of older ones are discarded."""
        self.rate_hz = 0
        self._opening: OpenDevice | None = None
        self._missing_device = ""
        """The chosen device, while the default is opened because it is missing."""
        self._watchdog: StreamWatchdog | None = None
        self._tracker = DropoutTracker()
        self._is_known_microphone = False
        """The sound server has confirmed that the stream records a microphone."""
        self._query: QueryServer | None = None
        self._last_query_ms = 0.0
        self._query_number = 0
        self._give_up_ms: float | None = None
        self._interrupted_number = 0
        self._retry: tuple[float, StreamState] | None = None
        self._reopen_device: str | None = None
        """Device to open as soon as the opening in progress has ended."""
        self._reopening = False
        self._open_problem: Problem | None = None
        self._resumed: tuple[float, Dropout] | None = None
        """Time at which to report the dropout of a stream that resumed, and its time asleep."""

    @property
    def is_watched(self) -> bool:
        return self._watchdog is not None

    @property
    def is_interrupted(self) -> bool:
        return self._give_up_ms is not None

    # Requests of the owner

    def open(self) -> list[Command]:
        if self.rate_hz or self._opening is not None or self.is_interrupted:
            return []
        return self._open(self.device, reopening=False)

    def close(self) -> list[Command]:
        """Close the stream; blocks with an older number are discarded."""
        self.number += 1
        self.rate_hz = 0
        # A stream that is being opened is closed when the opening has ended.
        return [CloseDevice()] if self._opening is None else []

    def watch(self, now_ms: float, sleep_clock_ms: float) -> list[Command]:
        """Begin to watch the stream and to continue with another device on interruptions."""
        limits = self._timeouts
        first_block_ms = limits.block_ms if self.rate_hz else limits.first_block_ms
        self._watchdog = StreamWatchdog(now_ms, limits, first_block_ms)
        self._is_known_microphone = False
        self._tracker.start(now_ms, sleep_clock_ms)
        return self._check_source(now_ms)

    def unwatch(self, now_ms: float) -> tuple[list[Command], Dropout]:
        commands = self._report_resumed(asleep=False)
        dropout = self._tracker.dropout(now_ms) if self.is_interrupted else Dropout()
        self._watchdog = None
        self._end_interruption()
        return commands, dropout

    # Events of the device

    def opened(self, number: int, rate_hz: int, now_ms: float) -> list[Command]:
        self._opening = None
        commands: list[Command] = []
        if self._missing_device:
            problem = problems.DEFAULT_USED(device=self._missing_device)
            commands.append(Notify("on_warning", (problem,)))
            self._missing_device = ""
        if number != self.number:
            return [*commands, CloseDevice(), *self._opening_obsolete()]
        self.rate_hz = rate_hz
        self._tracker.stream_opened(rate_hz)
        if self._reopening and self.is_interrupted:
            self._retry = (now_ms + self._timeouts.reopened_block_ms, "stalled")
        return [*commands, Notify("on_opened", (rate_hz,)), *self._check_source(now_ms)]

    def open_failed(
        self, number: int, problem: Problem, *, is_missing: bool, now_ms: float
    ) -> list[Command]:
        """The device was not opened; if only this one `is_missing`, open the default."""
        opening, self._opening = self._opening, None
        is_current = number == self.number
        if is_current and is_missing and not self._reopening and opening and opening.device:
            self._missing_device = opening.device
            self._opening = OpenDevice(number, "")
            return [self._opening]
        self._missing_device = ""
        if not is_current:
            return self._opening_obsolete()
        if self.is_interrupted:
            self._open_problem = problem
            self._retry = (now_ms + self._timeouts.reopen_ms, "closed")
            return []
        if self.is_watched:
            # A take that began during an unsuccessful reopening gets its own attempts.
            return self._interrupt("closed", now_ms) if self._reopening else self._lost(problem)
        return [Notify("on_open_failed", (problem,))]

    def ended(self, number: int, now_ms: float) -> list[Command]:
        if number != self.number:
            return []
        commands = self.close()
        if self.is_interrupted and self._query is None:
            self._retry = (now_ms + self._timeouts.reopen_ms, "closed")
        if self.is_watched:
            return commands + self._interrupt("closed", now_ms)
        return [*commands, Notify("on_open_failed", (None,))]

    def block(self, size_bytes: int, is_silent: bool, now_ms: float) -> list[Command]:
        if self._watchdog is None:
            return [DeliverBlock()]
        self._tracker.count_block(now_ms, size_bytes)
        commands: list[Command] = []
        if self.is_interrupted:
            commands = self._resume(now_ms)
            self._watchdog.on_block(now_ms, is_silent=False)  # silence is counted anew
        self._tracker.mark_block(now_ms, is_silent)
        fault = self._watchdog.on_block(now_ms, is_silent)
        return [*commands, DeliverBlock(), *self._handle_fault(fault, now_ms)]

    def answered(self, number: int, answer: ReconnectAction, now_ms: float) -> list[Command]:
        query = self._query
        if query is None or number != query.number:
            return []
        self._query = None
        if query.state == "silent":
            return self._source_checked(answer, now_ms)
        if answer.action == "stay":
            self._retry = (now_ms + self._timeouts.stalled_retry_ms, query.state)
            return []
        commands = self.close()
        if answer.action == "wait":
            self._retry = (now_ms + self._timeouts.reopen_ms, "closed")
        elif self._opening is not None:
            self._reopen_device = answer.device
        else:
            commands += self._open(answer.device, reopening=True)
        return commands

    def tick(self, now_ms: float, sleep_clock_ms: float) -> list[Command]:
        """Apply the time limits; call this about every 50 ms while the stream is watched."""
        if self._watchdog is None:
            return []
        if self._give_up_ms is not None and now_ms >= self._give_up_ms:
            problem = self._open_problem or problems.NOT_STARTED()
            if self._tracker.has_audio:
                problem = problems.DISCONNECTED()
            self._end_interruption()
            return self.close() + self._lost(problem)
        commands: list[Command] = []
        if self._resumed is not None and now_ms >= self._resumed[0]:
            commands += self._report_resumed()
        if self._retry is not None and now_ms >= self._retry[0]:
            commands += self._ask(self._retry[1], now_ms)
        if self._tracker.has_slept(sleep_clock_ms):
            commands += self._interrupt("stalled", now_ms)
        else:
            commands += self._handle_fault(self._watchdog.check(now_ms), now_ms)
        if now_ms - self._last_query_ms > self._timeouts.source_check_ms:
            commands += self._check_source(now_ms)
        return commands

    # Opening

    def _open(self, device: str, *, reopening: bool) -> list[Command]:
        self.number += 1
        self._opening, self._reopening = OpenDevice(self.number, device), reopening
        return [self._opening]

    def _opening_obsolete(self) -> list[Command]:
        """The stream was closed while it was being opened."""
        device, self._reopen_device = self._reopen_device, None
        if device is not None:
            return self._open(device, reopening=True)
        return [Notify("on_open_failed", (None,))]

    # Interruptions

    def _handle_fault(self, fault: StreamFault | None, now_ms: float) -> list[Command]:
        if fault == "zeros":
            return self._check_source(now_ms)
        if fault == "silence":
            return [Notify("on_warning", (problems.SILENT(),))]
        return self._interrupt("stalled", now_ms) if fault == "no-blocks" else []

    def _check_source(self, now_ms: float) -> list[Command]:
        self._last_query_ms = now_ms
        if not self.is_watched or self.is_interrupted or self._query or not self.rate_hz:
            return []
        return self._ask("silent", now_ms)

    def _source_checked(self, answer: ReconnectAction, now_ms: float) -> list[Command]:
        if answer.action == "stay":
            self._is_known_microphone = True
            return []
        if answer.action == "wait" and not self._is_known_microphone:
            return self.close() + self._lost(problems.MISSING())
        self._tracker.rewind_to_last_audio()
        return self.close() + self._interrupt("closed", now_ms)

    def _ask(self, state: StreamState, now_ms: float) -> list[Command]:
        self._query_number += 1
        self._last_query_ms, self._retry = now_ms, None
        self._query = QueryServer(self._query_number, self.device, state)
        return [self._query]

    def _interrupt(self, state: StreamState, now_ms: float) -> list[Command]:
        if self.is_interrupted:
            return []
        limit_ms = self._timeouts.start_interruption_ms
        if self._tracker.has_audio:
            limit_ms = self._timeouts.interruption_ms
        self._give_up_ms = now_ms + limit_ms
        self._open_problem, self._interrupted_number = None, self.number
        self._tracker.interrupt()
        return [*self._ask(state, now_ms), Notify("on_interruption_changed")]

    def _resume(self, now_ms: float) -> list[Command]:
        dropout, asleep = self._tracker.dropout(now_ms), self._tracker.sleep_dropout()
        self._end_interruption()
        if self._interrupted_number != self.number:
            return [Notify("on_dropout", (dropout,)), Notify("on_interruption_changed")]
        # The same stream resumed: only audio that it did not buffer is lost.
        self._resumed = (now_ms + self._timeouts.late_blocks_ms, asleep)
        return [Notify("on_interruption_changed")]

    def _report_resumed(self, *, asleep: bool = True) -> list[Command]:
        if self._resumed is None:
            return []
        (_, slept), self._resumed = self._resumed, None
        dropout = self._tracker.shortfall() + (slept if asleep else Dropout())
        return [Notify("on_dropout", (dropout,))]

    def _end_interruption(self) -> None:
        self._give_up_ms = self._query = self._retry = self._reopen_device = None
        self._tracker.end_dropout()

    def _lost(self, problem: Problem) -> list[Command]:
        commands = self._report_resumed()
        self._watchdog = None
        return [*commands, Notify("on_lost", (problem,))]
