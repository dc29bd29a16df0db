"""The take: one dictation, from key down to text landed. Everything else reads it.

Audio is only ever appended. Engines are readers with a cursor over it, so trying again,
with the same engine or another, is reading the take again, from where its text is settled.
The clock is the caller's: every instant is handed in as ms since the key went down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import attrs

from ..problems import Problem
from ..text.sanitize import join_with_space
from ..usage import UsageRecord, total_cost_usd

Milestone = Literal["first_sample", "engine_ready", "first_partial", "key_up", "final", "inserted"]
MILESTONES: tuple[Milestone, ...] = (
    "first_sample",
    "engine_ready",
    "first_partial",
    "key_up",
    "final",
    "inserted",
)
Outcome = Literal["", "inserted", "nothing", "held", "cancelled", "failed", "rescued"]
"""'' while it goes on; 'held': there is text, and it waits for the user; 'rescued': the same,
of a take that a crash cut off."""

BYTES_PER_SAMPLE = 2


@attrs.frozen
class CommittedText:
    """Text that will not change, of the audio from the segment before up to `until_bytes`."""

    text: str
    end_bytes: int


def join_text(committed: Iterable[CommittedText], remainder: str) -> str:
    """What is settled, and the text of the audio after it, as one."""
    whole = ""
    for text in (*(segment.text for segment in committed), remainder):
        whole += join_with_space(whole, text)
    return whole


@attrs.define(eq=False)
class Take:
    """Audio is s16le mono at `rate_hz`."""

    number: int
    id: str
    """Sortable and unique on this computer; names its files."""
    rate_hz: int = 0
    """0 until the microphone has said what it gives."""
    engine: str = ""
    text: str = ""
    outcome: Outcome = ""
    problem: Problem | None = None
    inserted_by: str = ""
    """'type' or 'paste'."""
    usage: list[UsageRecord] = attrs.field(factory=list)
    """What each engine took for it so far, in order; `charge` appends."""
    timings: dict[Milestone, float] = attrs.field(factory=dict)
    """ms since key down, each step once."""
    ended: bool = False
    """No more audio comes."""
    committed: tuple[CommittedText, ...] = ()
    """In order; whoever reads next begins where the last one ends."""
    _audio: bytearray = attrs.field(factory=bytearray, init=False)
    _listeners: list[Callable[[], None]] = attrs.field(factory=list, init=False)

    def append(self, pcm: bytes) -> None:
        self._audio += pcm
        self._notify()

    def end(self) -> None:
        self.ended = True
        self._notify()

    def add_listener(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` after every `add` and `end`; returns how to stop that."""
        self._listeners.append(on_change)
        return lambda: self._listeners.remove(on_change)

    @property
    def has_listeners(self) -> bool:
        return bool(self._listeners)

    def read(self, start_bytes: int, max_bytes: int | None = None) -> bytes:
        """Audio from `start_bytes` on; b'' where there is none yet."""
        stop = None if max_bytes is None else start_bytes + max_bytes
        return bytes(self._audio[start_bytes:stop])

    def commit(self, text: str, end_bytes: int) -> None:
        """This text will not change, of the audio from `settled_bytes` up to there."""
        if end_bytes > self.committed_bytes:
            self.committed = (*self.committed, CommittedText(text, end_bytes))

    @property
    def committed_bytes(self) -> int:
        """Up to where the audio has its final text."""
        return self.committed[-1].end_bytes if self.committed else 0

    def add_usage(self, record: UsageRecord) -> None:
        self.usage.append(record)

    @property
    def cost_usd(self) -> float | None:
        """What servers took for it so far; None where nobody knows."""
        return total_cost_usd(self.usage)

    def mark(self, name: Milestone, at_ms: float) -> None:
        """Note when something first happened."""
        self.timings.setdefault(name, round(at_ms, 1))

    @property
    def size_bytes(self) -> int:
        return len(self._audio)

    @property
    def duration_s(self) -> float:
        return len(self._audio) / BYTES_PER_SAMPLE / self.rate_hz if self.rate_hz else 0.0

    def summary(self) -> dict[str, Any]:
        """What `sayso status --json` calls "last" and what is written beside the audio."""
        return {
            "id": self.id,
            "text": self.text,
            "error": self.problem.sentence if self.problem else None,
            "outcome": self.outcome,
            "engine": self.engine,
            "inserted_by": self.inserted_by or None,
            "duration_s": round(self.duration_s, 3),
            "cost_usd": None if self.cost_usd is None else round(self.cost_usd, 6),
            "timings": {step: self.timings.get(step) for step in MILESTONES},
        }

    def _notify(self) -> None:
        for changed in list(self._listeners):
            changed()
