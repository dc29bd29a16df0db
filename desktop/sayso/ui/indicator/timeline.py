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
from ..messages import IndicatorView

OverlayState = Literal["", "listening", "finishing", "inserted", "nothing", "held", "error"]

APPEAR_MS = 120
"""After the take began: shortcuts such as Ctrl+C never flash the pill."""
INSERTED_MS, INSERTED_BY_FALLBACK_MS = 700, 2000
"""The longer one says too whose they are."""
NOTHING_HEARD_MS, NOTHING_HEARD_QUESTION_MS = 1800, 8000
QUESTION_MS = 30_000
SILENCE_MS = 5000
OUTAGE_MS = 500
"""A microphone or a server that is back sooner is not worth a flash."""
VOICE_DBFS = -48.0
"""Anything louder counts as a sound."""
HINT_COUNT = 5
"""How many hands-free takes are told how they end."""
_QUESTION_STATES: tuple[OverlayState, ...] = ("held", "error")
_VIEW_CHANGES_MS: dict[OverlayState, tuple[float, ...]] = {
    "listening": (APPEAR_MS, 250),
    "finishing": (400, 4000, 10_000),
}


class OverlayTimeline:
    """Turns statuses into what the pill shows."""

    def __init__(self) -> None:
        self._status = Status()
        self._settings = Settings()
        self._state: OverlayState = ""
        self._started_at = 0.0
        """When the topic began, or was last looked at by the pointer."""
        self._voice_heard_at = 0.0
        self._level_known = False
        """Whether loudness has come in this take: without it nobody knows of silence."""
        self._microphone_lost_at: float | None = None
        """Since when the microphone has been away."""
        self._engine_lost_at: float | None = None
        """Since when the engine is tried again."""
        self._word_count, self._engine = 0, ""
        self._partial = ""
        self._hovered = False
        self._hints_shown = 0

    @property
    def state(self) -> OverlayState:
        return self._state

    def on_settings(self, settings: Settings) -> None:
        self._settings = settings

    def on_status(self, status: Status, now: float) -> None:
        """A new status; one that says nothing new changes nothing."""
        before, self._status = self._status, status
        topic = self._next_state(status, before)
        if status.microphone_lost != before.microphone_lost:
            self._microphone_lost_at = now if status.microphone_lost else None
        if bool(status.retrying) != bool(before.retrying):
            self._engine_lost_at = now if status.retrying else None
        if status.inserted_words is not None:
            self._word_count, self._engine = status.inserted_words, status.fallback_engine
        if status.partial or topic == "listening" or self._state not in ("listening", "finishing"):
            self._partial = status.partial
        begins = topic != self._state or self._restarts(topic, status, before)
        if begins:
            self._state, self._started_at = topic, now
        if topic == "listening":
            if begins:
                self._voice_heard_at, self._level_known = now, False
            if status.hands_free and (begins or not before.hands_free):
                self._hints_shown += 1

    def on_level(self, dbfs: float, now: float) -> None:
        self._level_known = True
        if dbfs > VOICE_DBFS:
            self._voice_heard_at = now

    def on_hover(self, inside: bool, now: float) -> None:
        """The pointer over it stops the clock; after it the time begins anew."""
        self._hovered = inside
        if not inside and self._state in _QUESTION_STATES:
            self._started_at = now

    def close(self) -> None:
        """The person chose."""
        self._state = ""
        self._hovered = False

    def question_expired(self, now: float) -> bool:
        """Whether a question has just gone unanswered for its whole time."""
        return (
            self._state in _QUESTION_STATES
            and not self._hovered
            and now - self._started_at >= QUESTION_MS
        )

    def view(self, now: float) -> IndicatorView | None:
        """What to show now; None: nothing."""
        made = self._view(now)
        if made is None or self._settings.pill == "never":
            return None
        if self._settings.pill == "when-needed" and not (
            self._state in _QUESTION_STATES or (made.kind == "nothing" and made.buttons)
        ):
            return None
        return made

    def ms_until_change(self, now: float) -> float | None:
        """In how many ms `view` changes by itself."""
        age = now - self._started_at
        due = [step - age for step in _VIEW_CHANGES_MS.get(self._state, ()) if step > age]
        if self._state == "listening" and self._microphone_lost_at is not None:
            due.append(self._microphone_lost_at + OUTAGE_MS - now)
        elif self._state == "listening" and not self._status.partial:
            due.append(self._voice_heard_at + SILENCE_MS - now)
        if self._engine_lost_at is not None and self._state in ("listening", "finishing"):
            due.append(self._engine_lost_at + OUTAGE_MS - now)
        if stays := self._duration_ms():
            due.append(stays - age)
        waiting = [wait for wait in due if wait > 0]
        return min(waiting) if waiting else None

    def _view(self, now: float) -> IndicatorView | None:
        age, status = now - self._started_at, self._stable_status(now)
        stays = self._duration_ms()
        if stays and age >= stays:
            return None
        match self._state:
            case "listening":
                return self._listening_view(now) if age >= APPEAR_MS else None
            case "finishing":
                return messages.finishing_view(self._partial, age, status.retrying)
            case "inserted":
                return messages.inserted_view(self._word_count, self._engine)
            case "nothing":
                return messages.nothing_heard_view(status.empty_takes)
            case "held":
                return messages.held_view(
                    status.held_text, status.recovered_spoken_at, status.recovered_count
                )
            case "error":
                return messages.problem_view(status.problem) if status.problem else None
            case _:
                return None

    def _stable_status(self, now: float) -> Status:
        """Without what has not lasted long enough."""
        if self._engine_lost_at is not None and now - self._engine_lost_at < OUTAGE_MS:
            return attrs.evolve(self._status, retrying=None)
        return self._status

    def _listening_view(self, now: float) -> IndicatorView:
        status = self._stable_status(now)
        if self._microphone_lost_at is not None and now - self._microphone_lost_at >= OUTAGE_MS:
            return messages.microphone_lost_view(status.hands_free)
        if not status.has_audio and not status.partial:
            return messages.starting_view(now - self._started_at)
        silent_ms = now - self._voice_heard_at if self._level_known else 0.0
        return messages.listening_view(
            status, self._settings, silent_ms, self._hints_shown <= HINT_COUNT
        )

    def _duration_ms(self) -> float | None:
        """How long the topic is shown, in ms; None: until it ends."""
        if self._state == "inserted":
            return INSERTED_BY_FALLBACK_MS if self._engine else INSERTED_MS
        if self._state == "nothing":
            return NOTHING_HEARD_MS if self._status.empty_takes < 2 else NOTHING_HEARD_QUESTION_MS
        return QUESTION_MS if self._state in _QUESTION_STATES and not self._hovered else None

    def _next_state(self, status: Status, previous: Status) -> OverlayState:
        if status.state == "listening":
            return "listening"
        if status.state in messages.FINISHING_STATES:
            return "finishing"
        if status.problem:
            return "error"
        if status.offers_held_text and status.held_text:
            return "held"
        if status.inserted_words is not None and previous.inserted_words is None:
            return "inserted"
        if self._nothing_heard_again(status, previous):
            return "nothing"
        if self._state in ("inserted", "nothing"):
            return self._state  # they end by the clock
        return ""

    def _restarts(self, state: OverlayState, status: Status, previous: Status) -> bool:
        """Whether the same topic begins again."""
        match state:
            case "listening":
                return status.take != previous.take
            case "held" | "error":
                return (status.problem, status.held_text) != (previous.problem, previous.held_text)
            case "inserted":
                return status.inserted_words is not None and previous.inserted_words is None
            case "nothing":
                return self._nothing_heard_again(status, previous)
            case _:
                return False

    @staticmethod
    def _nothing_heard_again(status: Status, previous: Status) -> bool:
        return status.empty_takes > previous.empty_takes
