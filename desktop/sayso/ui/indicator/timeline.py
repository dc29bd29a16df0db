"""When the pill shows what. Pure: the clock is handed in, in ms.

Every time has one source: `view(now)` is what to show now, `next_ms(now)` when that changes
by itself (None: never). So whoever shows it needs one single-shot timer, and none at rest.
"""

from __future__ import annotations

from typing import Literal

import attrs

from ...core.dictation.status import Status
from ...core.settings.settings import Settings
from .. import messages
from ..messages import PillView

Topic = Literal["", "listening", "finishing", "inserted", "nothing", "held", "error"]

APPEAR_MS = 120
"""After the take began: shortcuts such as Ctrl+C never flash the pill."""
WORDS_MS, WORDS_BY_MS = 700, 2000
"""The longer one says too whose they are."""
NOTHING_MS, NOTHING_ASKING_MS = 1800, 8000
ASKING_MS = 30_000
SILENCE_MS = 5000
AWAY_MS = 500
"""A microphone or a server that is back sooner is not worth a flash."""
VOICE_DBFS = -48.0
"""Anything louder counts as a sound."""
HINTS = 5
"""How many hands-free takes are told how they end."""
_ASKING: tuple[Topic, ...] = ("held", "error")
_STEPS: dict[Topic, tuple[float, ...]] = {
    "listening": (APPEAR_MS, 250),
    "finishing": (400, 4000, 10_000),
}


class Moments:
    """Turns statuses into what the pill shows."""

    def __init__(self) -> None:
        self._status = Status()
        self._settings = Settings()
        self._topic: Topic = ""
        self._since = 0.0
        """When the topic began, or was last looked at by the pointer."""
        self._heard = 0.0
        self._measured = False
        """Whether loudness has come in this take: without it nobody knows of silence."""
        self._away: float | None = None
        """Since when the microphone has been away."""
        self._lost: float | None = None
        """Since when the engine is tried again."""
        self._words, self._by = 0, ""
        self._partial = ""
        self._hovered = False
        self._hints = 0

    @property
    def topic(self) -> Topic:
        return self._topic

    def settings(self, settings: Settings) -> None:
        self._settings = settings

    def status(self, status: Status, now: float) -> None:
        """A new status; one that says nothing new changes nothing."""
        before, self._status = self._status, status
        topic = self._topic_of(status, before)
        if status.waiting != before.waiting:
            self._away = now if status.waiting else None
        if bool(status.retrying) != bool(before.retrying):
            self._lost = now if status.retrying else None
        if status.words is not None:
            self._words, self._by = status.words, status.by
        if status.partial or topic == "listening" or self._topic not in ("listening", "finishing"):
            self._partial = status.partial
        begins = topic != self._topic or self._anew(topic, status, before)
        if begins:
            self._topic, self._since = topic, now
        if topic == "listening":
            if begins:
                self._heard, self._measured = now, False
            if status.hands_free and (begins or not before.hands_free):
                self._hints += 1

    def level(self, dbfs: float, now: float) -> None:
        self._measured = True
        if dbfs > VOICE_DBFS:
            self._heard = now

    def hover(self, inside: bool, now: float) -> None:
        """The pointer over it stops the clock; after it the time begins anew."""
        self._hovered = inside
        if not inside and self._topic in _ASKING:
            self._since = now

    def close(self) -> None:
        """The person chose."""
        self._topic = ""
        self._hovered = False

    def expired(self, now: float) -> bool:
        """Whether a question has just gone unanswered for its whole time."""
        return self._topic in _ASKING and not self._hovered and now - self._since >= ASKING_MS

    def view(self, now: float) -> PillView | None:
        """What to show now; None: nothing."""
        made = self._view(now)
        if made is None or self._settings.pill == "never":
            return None
        if self._settings.pill == "when-needed" and not (
            self._topic in _ASKING or (made.kind == "nothing" and made.buttons)
        ):
            return None
        return made

    def next_ms(self, now: float) -> float | None:
        """In how many ms `view` changes by itself."""
        age = now - self._since
        due = [step - age for step in _STEPS.get(self._topic, ()) if step > age]
        if self._topic == "listening" and self._away is not None:
            due.append(self._away + AWAY_MS - now)
        elif self._topic == "listening" and not self._status.partial:
            due.append(self._heard + SILENCE_MS - now)
        if self._lost is not None and self._topic in ("listening", "finishing"):
            due.append(self._lost + AWAY_MS - now)
        if stays := self._stays():
            due.append(stays - age)
        waiting = [wait for wait in due if wait > 0]
        return min(waiting) if waiting else None

    def _view(self, now: float) -> PillView | None:
        age, status = now - self._since, self._shown(now)
        stays = self._stays()
        if stays and age >= stays:
            return None
        match self._topic:
            case "listening":
                return self._listening_view(now) if age >= APPEAR_MS else None
            case "finishing":
                return messages.finishing_view(self._partial, age, status.retrying)
            case "inserted":
                return messages.inserted_view(self._words, self._by)
            case "nothing":
                return messages.nothing_view(status.nothing_heard)
            case "held":
                return messages.held_view(status.held, status.rescued, status.rescued_count)
            case "error":
                return messages.error_view(status.problem) if status.problem else None
            case _:
                return None

    def _shown(self, now: float) -> Status:
        """Without what has not lasted long enough."""
        if self._lost is not None and now - self._lost < AWAY_MS:
            return attrs.evolve(self._status, retrying=None)
        return self._status

    def _listening_view(self, now: float) -> PillView:
        status = self._shown(now)
        if self._away is not None and now - self._away >= AWAY_MS:
            return messages.waiting_view(status.hands_free)
        if not status.sound_arrived and not status.partial:
            return messages.arming_view(now - self._since)
        silent_ms = now - self._heard if self._measured else 0.0
        return messages.listening_view(status, self._settings, silent_ms, self._hints <= HINTS)

    def _stays(self) -> float | None:
        """How long the topic is shown, in ms; None: until it ends."""
        if self._topic == "inserted":
            return WORDS_BY_MS if self._by else WORDS_MS
        if self._topic == "nothing":
            return NOTHING_MS if self._status.nothing_heard < 2 else NOTHING_ASKING_MS
        return ASKING_MS if self._topic in _ASKING and not self._hovered else None

    def _topic_of(self, status: Status, before: Status) -> Topic:
        if status.state == "listening":
            return "listening"
        if status.state in messages.ENDING:
            return "finishing"
        if status.problem:
            return "error"
        if status.asks and status.held:
            return "held"
        if status.words is not None and before.words is None:
            return "inserted"
        if self._counts(status, before):
            return "nothing"
        if self._topic in ("inserted", "nothing"):
            return self._topic  # they end by the clock
        return ""

    def _anew(self, topic: Topic, status: Status, before: Status) -> bool:
        """Whether the same topic begins again."""
        match topic:
            case "listening":
                return status.take != before.take
            case "held" | "error":
                return (status.problem, status.held) != (before.problem, before.held)
            case "inserted":
                return status.words is not None and before.words is None
            case "nothing":
                return self._counts(status, before)
            case _:
                return False

    @staticmethod
    def _counts(status: Status, before: Status) -> bool:
        return status.nothing_heard > before.nothing_heard
