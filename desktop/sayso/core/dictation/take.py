"""The take: one dictation, from key down to inserted text.

Audio is only ever appended, and engines read it with a cursor. Trying again, with the same engine
or another one, is reading again from the end of the committed text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args

import attrs

from ..problems import Problem
from ..text.sanitize import join_with_space
from ..usage import UsageRecord, total_cost_usd

Milestone = Literal["first_sample", "engine_ready", "first_partial", "key_up", "final", "inserted"]
MILESTONES: tuple[Milestone, ...] = get_args(Milestone)
Outcome = Literal["", "inserted", "nothing", "held", "cancelled", "failed", "rescued"]
"""'' until the take is finished; 'held': the text waits for the user; 'rescued': the text was
recovered after a crash, and waits."""

BYTES_PER_SAMPLE = 2


@attrs.frozen
class CommittedText:
    """Final text of the audio from the previous `end_bytes` to this one."""

    text: str
    end_bytes: int


def join_text(committed: Iterable[CommittedText], remainder: str) -> str:
    whole = ""
    for text in (*(each.text for each in committed), remainder):
        whole += join_with_space(whole, text)
    return whole


@attrs.define(eq=False)
class Take:
    """The audio is s16le mono at `rate_hz`."""

    number: int
    id: str
    """Sortable and unique on this computer; names the take's files."""
    rate_hz: int = 0
    """0 until the microphone is open."""
    engine: str = ""
    text: str = ""
    outcome: Outcome = ""
    problem: Problem | None = None
    inserted_by: str = ""
    """'type' or 'paste'."""
    usage: list[UsageRecord] = attrs.field(factory=list)
    timings: dict[Milestone, float] = attrs.field(factory=dict)
    """ms since key down."""
    ended: bool = False
    committed: tuple[CommittedText, ...] = ()
    _audio: bytearray = attrs.field(factory=bytearray, init=False)
    _listeners: list[Callable[[], None]] = attrs.field(factory=list, init=False)

    def append(self, pcm: bytes) -> None:
        self._audio += pcm
        self._notify()

    def end(self) -> None:
        self.ended = True
        self._notify()

    def add_listener(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Call `on_change` after each `append` and `end`; return a function that removes it."""
        self._listeners.append(on_change)
        return lambda: self._listeners.remove(on_change)

    @property
    def has_listeners(self) -> bool:
        return bool(self._listeners)

    def read(self, start_bytes: int, max_bytes: int | None = None) -> bytes:
        stop = None if max_bytes is None else start_bytes + max_bytes
        return bytes(self._audio[start_bytes:stop])

    def commit(self, text: str, end_bytes: int) -> None:
        """Add the final text of the audio from `committed_bytes` to `end_bytes`."""
        if end_bytes > self.committed_bytes:
            self.committed = (*self.committed, CommittedText(text, end_bytes))

    @property
    def committed_bytes(self) -> int:
        return self.committed[-1].end_bytes if self.committed else 0

    @property
    def cost_usd(self) -> float | None:
        return total_cost_usd(self.usage)

    def mark(self, name: Milestone, at_ms: float) -> None:
        """Record when a milestone was reached for the first time."""
        self.timings.setdefault(name, round(at_ms, 1))

    @property
    def size_bytes(self) -> int:
        return len(self._audio)

    @property
    def duration_s(self) -> float:
        return len(self._audio) / BYTES_PER_SAMPLE / self.rate_hz if self.rate_hz else 0.0

    def summary(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "text": self.text,
            "error": self.problem.sentence if self.problem else None,
            "outcome": self.outcome,
            "engine": self.engine,
            "inserted_by": self.inserted_by or None,
            "duration_s": round(self.duration_s, 3),
            "cost_usd": None if self.cost_usd is None else round(self.cost_usd, 6),
            "timings": {name: self.timings.get(name) for name in MILESTONES},
        }

    def _notify(self) -> None:
        for on_change in list(self._listeners):
            on_change()
