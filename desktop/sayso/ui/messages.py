"""What tray and pill say, as pure functions of status, settings and time. No Qt.

Wording is LOOK's: present tense, what happened and then what to do.
"""

from __future__ import annotations

from typing import Literal

import attrs

from ..core.dictation.status import Status
from ..core.hotkey.chord import Chord
from ..core.problems import Problem
from ..core.problems.problem import Action
from ..core.recognition.fallback_policy import RetryDelay
from ..core.settings.endpoint import ON_DEVICE
from ..core.settings.settings import Settings

TrayState = Literal["idle", "listening", "finishing", "error"]
SENDS_AUDIO = "Sound leaves this computer"
MAY_SEND_AUDIO = "Sound leaves this computer if that fails"

IndicatorKind = Literal[
    "arming",
    "listening",
    "hands-free",
    "finishing",
    "inserted",
    "nothing",
    "held",
    "rescued",
    "error",
]
ButtonAction = Literal[
    "finish",
    "cancel",
    "try-again",
    "insert",
    "copy",
    "dismiss",
    "settings",
    "settings:general",
    "settings:recognition",
    "settings:usage",
    "history",
    "go-on",
    "use-computer",
]
FINISHING_STATES = "finishing", "inserting"


@attrs.frozen
class TrayView:
    icon: TrayState
    tooltip: str
    status_line: str
    """First line of the menu."""
    listening: bool
    """Whether the second entry finishes instead of starting."""
    toggle_label: str
    has_held_text: bool
    has_text: bool
    engine: str
    audio_note: str
    """Whether sound leaves this computer, for the menu; '' if not."""


@attrs.frozen
class Button:
    label: str
    action: ButtonAction
    primary: bool = False


@attrs.frozen
class IndicatorView:
    kind: IndicatorKind
    text: str = ""
    detail: str = ""
    """Second line."""
    buttons: tuple[Button, ...] = ()
    closable: bool = False
    has_stop_button: bool = False
    """Has the round button that finishes."""

    @property
    def accessible_name(self) -> str:
        """What assistive technology calls it."""
        return f"Sayso: {_ACCESSIBLE_NAMES[self.kind] or self.text}".rstrip(": ")

    @property
    def accessible_description(self) -> str:
        return self.detail or self.text

    @property
    def clickable(self) -> bool:
        return bool(self.buttons) or self.closable or self.has_stop_button


_ACCESSIBLE_NAMES: dict[IndicatorKind, str] = {
    "arming": "starting the microphone",
    "listening": "listening",
    "hands-free": "listening hands-free",
    "finishing": "writing your words",
    "inserted": "",
    "nothing": "",
    "held": "",
    "rescued": "",
    "error": "",
}
_PROBLEM_BUTTONS: dict[Action, Button] = {
    "try-again": Button("Try again", "try-again", primary=True),
    "microphone": Button("Microphone", "settings:general", primary=True),
    "recognition": Button("Settings", "settings:recognition", primary=True),
    "hotkey": Button("Change hotkey", "settings:general", primary=True),
    "copy": Button("Copy again", "copy", primary=True),
}

_QUESTION_BUTTONS: dict[Action, tuple[Button, ...]] = {
    "budget": (
        Button("Go on", "go-on", primary=True),
        Button("Use this computer", "use-computer"),
    ),
    "usage": (Button("Usage", "settings:usage", primary=True),),
}
"""Nothing has failed: amber, as all that waits for the person."""


def tray_view(status: Status, settings: Settings) -> TrayView:
    """The whole tray for one status."""
    key = Chord.parse(settings.hotkey.chord).display_name
    listening = status.state == "listening"
    icon: TrayState
    if listening:
        icon, tip, line = "listening", "listening", "Listening"
    elif status.state in FINISHING_STATES:
        icon, tip, line = "finishing", "writing your words", "Writing your words"
    elif status.problem:
        icon, tip, line = (
            "error",
            status.problem.message,
            without_final_period(status.problem.message),
        )
    elif settings.hotkey.mode == "toggle":
        icon, tip, line = "idle", f"tap {key} and speak", f"Listening for {key}"
    else:
        icon, tip, line = "idle", f"hold {key} and speak", f"Listening for {key}"
    return TrayView(
        icon=icon,
        tooltip=f"Sayso: {tip}",
        status_line=line,
        listening=listening,
        toggle_label="Finish dictation" if listening else "Start hands-free",
        has_held_text=bool(status.held_text),
        has_text=bool(status.held_text or status.last_text),
        engine=settings.selected_engine,
        audio_note=_audio_note(settings),
    )


def _audio_note(settings: Settings) -> str:
    if settings.engine != ON_DEVICE:
        return SENDS_AUDIO
    return MAY_SEND_AUDIO if set(settings.fallback) - {ON_DEVICE} else ""


def starting_view(age_ms: float) -> IndicatorView:
    return IndicatorView("arming", "Starting the microphone…" if age_ms >= 250 else "")


def microphone_lost_view(hands_free: bool) -> IndicatorView:
    return IndicatorView("arming", "Waiting for the microphone…", has_stop_button=hands_free)


def listening_view(
    status: Status, settings: Settings, silent_ms: float, show_hint: bool
) -> IndicatorView:
    """`silent_ms`: since a voice was last heard; `hint`: still tell how hands-free ends."""
    text = retry_text(status.retrying) or status.partial
    if not text and silent_ms >= 5000:
        text = "Is the microphone muted?"
    if not status.hands_free:
        return IndicatorView("listening", text)
    if not text and show_hint:
        text = f"Tap {Chord.parse(settings.hotkey.chord).display_name} to finish"
    return IndicatorView("hands-free", text, has_stop_button=True)


def retry_text(retry: RetryDelay | None) -> str:
    """Why no words come, while an engine is tried again; recording goes on meanwhile."""
    if retry is None:
        return ""
    if not retry.requested_by_server:
        return "Reconnecting…"
    return f"{retry.problem.message} Next try in {round(retry.wait_s)} s."


def finishing_view(partial: str, age_ms: float, retry: RetryDelay | None = None) -> IndicatorView:
    """While words are written; `partial` is what was last understood."""
    partial = retry_text(retry) or partial
    waiting = "Still writing…" if age_ms >= 4000 else "Writing…" if age_ms >= 400 else ""
    slow = (Button("Cancel", "cancel"),) if age_ms >= 10_000 else ()
    return IndicatorView("finishing", partial or waiting, buttons=slow)


def inserted_view(word_count: int, engine: str = "") -> IndicatorView:
    """`by`: the engine they came from, if it was not the chosen one."""
    text = "1 word" if word_count == 1 else f"{word_count} words"
    if engine:
        text = f"{text}, by {'this computer' if engine == ON_DEVICE else engine}"
    return IndicatorView("inserted", text)


def nothing_heard_view(count: int) -> IndicatorView:
    if count < 2:
        return IndicatorView("nothing", "Nothing heard")
    return IndicatorView(
        "nothing",
        "Nothing heard. Is this the right microphone?",
        buttons=(Button("Microphone", "settings:general"),),
    )


def held_view(text: str, recovered_at: str = "", count: int = 1) -> IndicatorView:
    """`rescued`: when they were spoken (14:32), if a crash had cut off `count` dictations."""
    if recovered_at and count > 1:
        return IndicatorView(
            "rescued",
            recovered_count_text(count),
            "What you said is in the history.",
            buttons=(Button("Show", "history", primary=True),),
            closable=True,
        )
    return IndicatorView(
        "rescued" if recovered_at else "held",
        f"Words from {recovered_at} are back" if recovered_at else "The window changed",
        text,
        buttons=(Button("Type here", "insert", primary=True), Button("Copy", "copy")),
        closable=True,
    )


def recovered_count_text(count: int) -> str:
    return f"{count} dictations were rescued"


def problem_view(problem: Problem) -> IndicatorView:
    if problem.action in _QUESTION_BUTTONS:
        what = without_final_period(problem.message)
        return IndicatorView(
            "held", what, problem.remedy, _QUESTION_BUTTONS[problem.action], closable=True
        )
    first = _PROBLEM_BUTTONS.get(problem.action)
    settings = Button("Settings", "settings", primary=first is None)
    both = (settings,) if first is None else (first, settings)
    return IndicatorView(
        "error",
        without_final_period(problem.message),
        problem.remedy,
        buttons=(first,) if first and first.label == settings.label else both,
        closable=True,
    )


def without_final_period(sentence: str) -> str:
    """A sentence as a title or menu line: without its full stop."""
    return sentence[:-1] if sentence.endswith(".") and not sentence.endswith("..") else sentence


def shorten_words(text: str, max_chars: int) -> str:
    """Without the middle of names, which are words longer than `most`: contoso-…zure.com.

    One or two letters more are no gain: 192.168.1.20:8000 stays.
    """
    half = max_chars // 2
    return " ".join(
        word if len(word) <= max_chars + 2 else f"{word[:half]}…{word[half + 1 - max_chars :]}"
        for word in text.split(" ")
    )


def is_right_to_left(text: str) -> bool:
    """Whether its first strong letter is of a right-to-left script."""
    import unicodedata

    for letter in text:
        direction = unicodedata.bidirectional(letter)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False
