"""What tray and pill say, as pure functions of status, settings and time. No Qt.

Wording is LOOK's: present tense, what happened and then what to do.
"""

from __future__ import annotations

from typing import Literal

import attrs

from ..core.dictation.status import Status
from ..core.hotkey.chord import Chord
from ..core.problems import Action, Problem
from ..core.recognition.fallback_policy import Waiting
from ..core.settings.endpoint import ON_DEVICE
from ..core.settings.settings import Settings

Icon = Literal["idle", "listening", "finishing", "error"]
SENDS_SOUND = "Sound leaves this computer"
MAY_SEND_SOUND = "Sound leaves this computer if that fails"

Kind = Literal[
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
Does = Literal[
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
ENDING = "finishing", "inserting"


@attrs.frozen
class TrayView:
    icon: Icon
    tooltip: str
    line: str
    """First line of the menu."""
    listening: bool
    """Whether the second entry finishes instead of starting."""
    toggle: str
    has_held: bool
    has_words: bool
    engine: str
    sends: str
    """Whether sound leaves this computer, for the menu; '' if not."""


@attrs.frozen
class Button:
    label: str
    does: Does
    primary: bool = False


@attrs.frozen
class PillView:
    kind: Kind
    text: str = ""
    detail: str = ""
    """Second line."""
    buttons: tuple[Button, ...] = ()
    closable: bool = False
    stop: bool = False
    """Has the round button that finishes."""

    @property
    def name(self) -> str:
        """What assistive technology calls it."""
        return f"Sayso: {_SPOKEN[self.kind] or self.text}".rstrip(": ")

    @property
    def description(self) -> str:
        return self.detail or self.text

    @property
    def clickable(self) -> bool:
        return bool(self.buttons) or self.closable or self.stop


_SPOKEN: dict[Kind, str] = {
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
_ACTIONS: dict[Action, Button] = {
    "try-again": Button("Try again", "try-again", primary=True),
    "microphone": Button("Microphone", "settings:general", primary=True),
    "recognition": Button("Settings", "settings:recognition", primary=True),
    "hotkey": Button("Change hotkey", "settings:general", primary=True),
    "copy": Button("Copy again", "copy", primary=True),
}

_WAITS: dict[Action, tuple[Button, ...]] = {
    "budget": (
        Button("Go on", "go-on", primary=True),
        Button("Use this computer", "use-computer"),
    ),
    "usage": (Button("Usage", "settings:usage", primary=True),),
}
"""Nothing has failed: amber, as all that waits for the person."""


def tray_view(status: Status, settings: Settings) -> TrayView:
    """The whole tray for one status."""
    key = Chord.parse(settings.hotkey.chord).shown
    listening = status.state == "listening"
    icon: Icon
    if listening:
        icon, tip, line = "listening", "listening", "Listening"
    elif status.state in ENDING:
        icon, tip, line = "finishing", "writing your words", "Writing your words"
    elif status.problem:
        icon, tip, line = "error", status.problem.what, bare(status.problem.what)
    elif settings.hotkey.mode == "toggle":
        icon, tip, line = "idle", f"tap {key} and speak", f"Listening for {key}"
    else:
        icon, tip, line = "idle", f"hold {key} and speak", f"Listening for {key}"
    return TrayView(
        icon=icon,
        tooltip=f"Sayso: {tip}",
        line=line,
        listening=listening,
        toggle="Finish dictation" if listening else "Start hands-free",
        has_held=bool(status.held),
        has_words=bool(status.held or status.last_text),
        engine=settings.chosen,
        sends=_sends(settings),
    )


def _sends(settings: Settings) -> str:
    if settings.engine != ON_DEVICE:
        return SENDS_SOUND
    return MAY_SEND_SOUND if set(settings.fallback) - {ON_DEVICE} else ""


def arming_view(age_ms: float) -> PillView:
    return PillView("arming", "Starting the microphone…" if age_ms >= 250 else "")


def waiting_view(hands_free: bool) -> PillView:
    return PillView("arming", "Waiting for the microphone…", stop=hands_free)


def listening_view(status: Status, settings: Settings, silent_ms: float, hint: bool) -> PillView:
    """`silent_ms`: since a voice was last heard; `hint`: still tell how hands-free ends."""
    text = retrying_text(status.retrying) or status.partial
    if not text and silent_ms >= 5000:
        text = "Is the microphone muted?"
    if not status.hands_free:
        return PillView("listening", text)
    if not text and hint:
        text = f"Tap {Chord.parse(settings.hotkey.chord).shown} to finish"
    return PillView("hands-free", text, stop=True)


def retrying_text(waiting: Waiting | None) -> str:
    """Why no words come, while an engine is tried again; recording goes on meanwhile."""
    if waiting is None:
        return ""
    if not waiting.asked:
        return "Reconnecting…"
    return f"{waiting.problem.what} Next try in {round(waiting.wait_s)} s."


def finishing_view(partial: str, age_ms: float, retrying: Waiting | None = None) -> PillView:
    """While words are written; `partial` is what was last understood."""
    partial = retrying_text(retrying) or partial
    waiting = "Still writing…" if age_ms >= 4000 else "Writing…" if age_ms >= 400 else ""
    slow = (Button("Cancel", "cancel"),) if age_ms >= 10_000 else ()
    return PillView("finishing", partial or waiting, buttons=slow)


def inserted_view(words: int, by: str = "") -> PillView:
    """`by`: the engine they came from, if it was not the chosen one."""
    text = "1 word" if words == 1 else f"{words} words"
    if by:
        text = f"{text}, by {'this computer' if by == ON_DEVICE else by}"
    return PillView("inserted", text)


def nothing_view(times: int) -> PillView:
    if times < 2:
        return PillView("nothing", "Nothing heard")
    return PillView(
        "nothing",
        "Nothing heard. Is this the right microphone?",
        buttons=(Button("Microphone", "settings:general"),),
    )


def held_view(words: str, rescued: str = "", count: int = 1) -> PillView:
    """`rescued`: when they were spoken (14:32), if a crash had cut off `count` dictations."""
    if rescued and count > 1:
        return PillView(
            "rescued",
            several(count),
            "What you said is in the history.",
            buttons=(Button("Show", "history", primary=True),),
            closable=True,
        )
    return PillView(
        "rescued" if rescued else "held",
        f"Words from {rescued} are back" if rescued else "The window changed",
        words,
        buttons=(Button("Type here", "insert", primary=True), Button("Copy", "copy")),
        closable=True,
    )


def several(count: int) -> str:
    return f"{count} dictations were rescued"


def error_view(problem: Problem) -> PillView:
    if problem.action in _WAITS:
        what = bare(problem.what)
        return PillView("held", what, problem.remedy, _WAITS[problem.action], closable=True)
    first = _ACTIONS.get(problem.action)
    settings = Button("Settings", "settings", primary=first is None)
    both = (settings,) if first is None else (first, settings)
    return PillView(
        "error",
        bare(problem.what),
        problem.remedy,
        buttons=(first,) if first and first.label == settings.label else both,
        closable=True,
    )


def bare(sentence: str) -> str:
    """A sentence as a title or menu line: without its full stop."""
    return sentence[:-1] if sentence.endswith(".") and not sentence.endswith("..") else sentence


def shortened(text: str, most: int) -> str:
    """Without the middle of names, which are words longer than `most`: contoso-…zure.com.

    One or two letters more are no gain: 192.168.1.20:8000 stays.
    """
    half = most // 2
    return " ".join(
        word if len(word) <= most + 2 else f"{word[:half]}…{word[half + 1 - most :]}"
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
