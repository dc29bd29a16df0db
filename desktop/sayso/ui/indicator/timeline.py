"""Timeline of the indicator's views. Pure: the current time in ms is a parameter.

`view(now)` is the current view, and `ms_until_change(now)` is the time until it changes without
a new status. The owner therefore needs one single-shot timer, and none while nothing is shown.
"""

from __future__ import annotations

from typing import Literal

import attrs

from ...core.dictation.status import Status
from ...core.settings.settings import Settings
from .. import messages
from ..messages import IndicatorView

OverlayState = Literal["", "listening", "finishing", "inserted", "nothing-heard", "held", "error"]

APPEAR_MS = 120
"""Delay after key down, so that shortcuts such as Ctrl+C do not flash the indicator."""
INSERTED_MS, INSERTED_BY_FALLBACK_MS = 700, 2000
NOTHING_HEARD_MS, NOTHING_HEARD_QUESTION_MS = 1800, 8000
QUESTION_MS = 30_000
SILENCE_MS = 5000
OUTAGE_MS = 500
"""Shorter losses of the microphone or the server are not shown."""
VOICE_DBFS = -48.0
"""A louder level counts as speech."""
HINT_COUNT = 5
"""Number of hands-free takes that explain how to finish."""
_QUESTION_STATES: tuple[OverlayState, ...] = ("held", "error")
_VIEW_CHANGES_MS: dict[OverlayState, tuple[float, ...]] = {
    "listening": (APPEAR_MS, 250),
    "finishing": (400, 4000, 10_000),
}


class OverlayTimeline:
    """Turns statuses into views."""

    def __init__(self) -> None:
        self._status = Status()
        self._settings = Settings()
        self.state: OverlayState = ""
        self._started_at = 0.0
        """When the state began, or when the pointer last left it."""
        self._voice_heard_at = 0.0
        self._level_known = False
        """A level was measured in this take; without one, silence cannot be detected."""
        self._microphone_lost_at: float | None = None
        self._engine_lost_at: float | None = None
        self._word_count, self._engine = 0, ""
        self._partial = ""
        self._hovered = False
        self._hints_shown = 0

    def on_settings(self, settings: Settings) -> None:
        self._settings = settings

    def on_status(self, status: Status, now: float) -> None:
        previous, self._status = self._status, status
        state, restarts = self._next_state(status, previous)
        if status.microphone_lost != previous.microphone_lost:
            self._microphone_lost_at = now if status.microphone_lost else None
        if bool(status.retrying) != bool(previous.retrying):
            self._engine_lost_at = now if status.retrying else None
        if status.inserted_words is not None:
            self._word_count, self._engine = status.inserted_words, status.fallback_engine
        if status.partial or state == "listening" or self.state not in ("listening", "finishing"):
            self._partial = status.partial
        starts = restarts or state != self.state
        if starts:
            self.state, self._started_at = state, now
        if state == "listening":
            if starts:
                self._voice_heard_at, self._level_known = now, False
            if status.hands_free and (starts or not previous.hands_free):
                self._hints_shown += 1

    def on_level(self, dbfs: float, now: float) -> None:
        self._level_known = True
        if dbfs > VOICE_DBFS:
            self._voice_heard_at = now

    def on_hover(self, inside: bool, now: float) -> None:
        """A question does not expire under the pointer; its time starts again afterwards."""
        self._hovered = inside
        if not inside and self.state in _QUESTION_STATES:
            self._started_at = now

    def close(self) -> None:
        """The user has made a choice."""
        self.state = ""
        self._hovered = False

    def question_expired(self, now: float) -> bool:
        is_open = self.state in _QUESTION_STATES and not self._hovered
        return is_open and now - self._started_at >= QUESTION_MS

    def view(self, now: float) -> IndicatorView | None:
        """Return what to show, or None for nothing."""
        view = self._view(now)
        if view is None or self._settings.pill == "never":
            return None
        needed = self.state in _QUESTION_STATES or (view.kind == "nothing-heard" and view.buttons)
        return view if needed or self._settings.pill != "when-needed" else None

    def ms_until_change(self, now: float) -> float | None:
        """Return in how many ms `view` changes by itself; None if it does not."""
        age = now - self._started_at
        due = [step - age for step in _VIEW_CHANGES_MS.get(self.state, ())]
        if self.state == "listening" and self._microphone_lost_at is not None:
            due.append(self._microphone_lost_at + OUTAGE_MS - now)
        elif self.state == "listening" and not self._status.partial:
            due.append(self._voice_heard_at + SILENCE_MS - now)
        if self._engine_lost_at is not None and self.state in ("listening", "finishing"):
            due.append(self._engine_lost_at + OUTAGE_MS - now)
        if duration_ms := self._duration_ms():
            due.append(duration_ms - age)
        return min((wait for wait in due if wait > 0), default=None)

    def _view(self, now: float) -> IndicatorView | None:
        age, status = now - self._started_at, self._status
        duration_ms = self._duration_ms()
        if duration_ms and age >= duration_ms:
            return None
        match self.state:
            case "listening":
                return self._listening_view(now) if age >= APPEAR_MS else None
            case "finishing":
                retry = status.retrying if self._is_outage(self._engine_lost_at, now) else None
                return messages.finishing_view(self._partial, age, retry)
            case "inserted":
                return messages.inserted_view(self._word_count, self._engine)
            case "nothing-heard":
                return messages.nothing_heard_view(status.empty_takes)
            case "held":
                spoken_at, count = status.recovered_spoken_at, status.recovered_count
                return messages.held_view(status.held_text, spoken_at, count)
            case "error":
                return messages.problem_view(status.problem) if status.problem else None
            case _:
                return None

    @staticmethod
    def _is_outage(lost_at: float | None, now: float) -> bool:
        return lost_at is not None and now - lost_at >= OUTAGE_MS

    def _listening_view(self, now: float) -> IndicatorView:
        status = self._status
        if self._is_outage(self._microphone_lost_at, now):
            return messages.microphone_lost_view(status.hands_free)
        if not status.has_audio and not status.partial:
            return messages.starting_view(now - self._started_at)
        if not self._is_outage(self._engine_lost_at, now):
            status = attrs.evolve(status, retrying=None)
        silent_ms = now - self._voice_heard_at if self._level_known else 0.0
        show_hint = self._hints_shown <= HINT_COUNT
        return messages.listening_view(status, self._settings, silent_ms, show_hint)

    def _duration_ms(self) -> float | None:
        """Return how long the state is shown; None: until it ends."""
        if self.state == "inserted":
            return INSERTED_BY_FALLBACK_MS if self._engine else INSERTED_MS
        if self.state == "nothing-heard":
            return NOTHING_HEARD_MS if self._status.empty_takes < 2 else NOTHING_HEARD_QUESTION_MS
        return QUESTION_MS if self.state in _QUESTION_STATES and not self._hovered else None

    def _next_state(self, status: Status, previous: Status) -> tuple[OverlayState, bool]:
        """Return the state, and whether it begins again if it is the same as before."""
        changed = (status.problem, status.held_text) != (previous.problem, previous.held_text)
        if status.state == "listening":
            return "listening", status.take != previous.take
        if status.state in messages.FINISHING_STATES:
            return "finishing", False
        if status.problem:
            return "error", changed
        if status.offers_held_text and status.held_text:
            return "held", changed
        if status.inserted_words is not None and previous.inserted_words is None:
            return "inserted", True
        if status.empty_takes > previous.empty_takes:
            return "nothing-heard", True
        if self.state in ("inserted", "nothing-heard"):
            return self.state, False  # these end after their duration
        return "", False
