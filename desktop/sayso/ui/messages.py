"""Text of the tray and the indicator, as pure functions of status, settings and time.

A message says first what happened, then what the user can do.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

import attrs

from ..core.dictation.status import Status
from ..core.hotkey.chord import Chord
from ..core.problems import Problem
from ..core.recognition.fallback_policy import RetryDelay
from ..core.settings.endpoint import ON_DEVICE
from ..core.settings.settings import Settings
from .problem_actions import Button, question_buttons, remedy_button
from .translate import problem_message, problem_remedy, tr

TrayState = Literal["idle", "listening", "finishing", "error"]
IndicatorKind = Literal[
    "starting", "listening", "hands-free", "finishing", "inserted", "nothing-heard", "held",
    "recovered", "error",
]  # fmt: skip
FINISHING_STATES = "finishing", "inserting"


@attrs.frozen
class TrayView:
    icon: TrayState
    tooltip: str
    status_line: str
    toggle_label: str
    has_held_text: bool
    has_text: bool
    engine: str
    audio_note: str
    """A note in the menu if audio may be sent to a server, else ''."""


@attrs.frozen
class IndicatorView:
    kind: IndicatorKind
    text: str = ""
    detail: str = ""
    buttons: tuple[Button, ...] = ()
    closable: bool = False
    has_stop_button: bool = False

    @property
    def accessible_name(self) -> str:
        """Name for assistive technology. It never contains text that is being dictated."""
        names: dict[IndicatorKind, str] = {
            "starting": tr("starting the microphone"),
            "listening": tr("listening"),
            "hands-free": tr("listening hands-free"),
            "finishing": tr("transcribing"),
        }
        return f"Sayso: {names.get(self.kind, self.text)}".rstrip(": ")

    @property
    def accessible_description(self) -> str:
        return self.detail or self.text

    @property
    def clickable(self) -> bool:
        return bool(self.buttons) or self.closable or self.has_stop_button


def tray_view(status: Status, settings: Settings) -> TrayView:
    listening = status.state == "listening"
    icon: TrayState
    if listening:
        icon, tip, line = "listening", tr("listening"), tr("Listening")
    elif status.state in FINISHING_STATES:
        icon, tip, line = "finishing", tr("transcribing"), tr("Transcribing")
    elif status.problem:
        message = problem_message(status.problem)
        icon, tip, line = "error", message, without_final_period(message)
    else:
        icon = "idle"
        if settings.hotkey.mode == "toggle":
            tip, line = tr("tap {key} and speak"), tr("Ready. Tap {key} to speak")
        else:
            tip, line = tr("hold {key} and speak"), tr("Ready. Hold {key} to speak")
        key = Chord.parse(settings.hotkey.chord).display_name
        tip, line = tip.format(key=key), line.format(key=key)
    return TrayView(
        icon=icon,
        tooltip=f"Sayso: {tip}",
        status_line=line,
        toggle_label=tr("Finish dictation") if listening else tr("Start hands-free"),
        has_held_text=bool(status.held_text),
        has_text=bool(status.held_text or status.last_text),
        engine=settings.selected_engine,
        audio_note=_audio_note(settings),
    )


def _audio_note(settings: Settings) -> str:
    if settings.engine != ON_DEVICE:
        return tr("Audio is sent to a server")
    if set(settings.fallback) - {ON_DEVICE}:
        return tr("Audio is sent to a server if that fails")
    return ""


def starting_view(age_ms: float) -> IndicatorView:
    return IndicatorView("starting", tr("Starting the microphone…") if age_ms >= 250 else "")


def microphone_lost_view(hands_free: bool) -> IndicatorView:
    return IndicatorView("starting", tr("Waiting for the microphone…"), has_stop_button=hands_free)


def listening_view(
    status: Status, settings: Settings, silent_ms: float, show_hint: bool
) -> IndicatorView:
    """Return the view while the microphone is open.

    `silent_ms` is the time since the last speech. `show_hint` explains how hands-free ends.
    """
    text = retry_text(status.retrying) or status.partial
    if not text and silent_ms >= 5000:
        text = tr("Is the microphone muted?")
    if not status.hands_free:
        return IndicatorView("listening", text)
    if not text and show_hint:
        key = Chord.parse(settings.hotkey.chord).display_name
        text = tr("Tap {key} to finish").format(key=key)
    return IndicatorView("hands-free", text, has_stop_button=True)


def retry_text(retry: RetryDelay | None) -> str:
    """Return why no text arrives while an engine is retried; recording continues meanwhile."""
    if retry is None:
        return ""
    if not retry.requested_by_server:
        return tr("Reconnecting…")
    return tr("{problem} Retrying in {seconds} s.").format(
        problem=problem_message(retry.problem), seconds=round(retry.wait_s)
    )


def finishing_view(partial: str, age_ms: float, retry: RetryDelay | None = None) -> IndicatorView:
    """Return the view after the release, until the text arrives."""
    text = retry_text(retry) or partial
    if not text and age_ms >= 400:
        text = tr("Still transcribing…") if age_ms >= 4000 else tr("Transcribing…")
    slow = (Button(tr("Cancel"), "cancel"),) if age_ms >= 10_000 else ()
    return IndicatorView("finishing", text, buttons=slow)


def inserted_view(word_count: int, engine: str = "") -> IndicatorView:
    """Return the view after insertion; `engine` is set if it is not the selected one."""
    text = tr("1 word") if word_count == 1 else tr("{count} words").format(count=word_count)
    if engine == ON_DEVICE:
        text = tr("{words}, transcribed on this computer").format(words=text)
    elif engine:
        text = tr("{words}, transcribed by {engine}").format(words=text, engine=engine)
    return IndicatorView("inserted", text)


def nothing_heard_view(count: int) -> IndicatorView:
    """Return the view after `count` takes in a row without text."""
    if count < 2:
        return IndicatorView("nothing-heard", tr("Nothing heard"))
    return IndicatorView(
        "nothing-heard",
        tr("Nothing heard. Is this the right microphone?"),
        buttons=(Button(tr("Microphone"), "settings:general"),),
    )


def held_view(text: str, recovered_at: str = "", count: int = 1) -> IndicatorView:
    """Return the view for text that was not inserted.

    `recovered_at` is the time of the dictation (14:32) if a crash interrupted it, and `count`
    the number of interrupted dictations, of which the text is the newest.
    """
    if recovered_at and count > 1:
        return IndicatorView(
            "recovered",
            recovered_text(recovered_at, count),
            tr("Their text is in the history."),
            buttons=(Button(tr("Show"), "history", primary=True),),
            closable=True,
        )
    return IndicatorView(
        "recovered" if recovered_at else "held",
        recovered_text(recovered_at, count) if recovered_at else tr("The window changed"),
        text,
        buttons=(Button(tr("Insert here"), "insert", primary=True), Button(tr("Copy"), "copy")),
        closable=True,
    )


def recovered_text(spoken_at: str, count: int) -> str:
    if count > 1:
        return tr("{count} dictations were recovered").format(count=count)
    return tr("The text from {time} was recovered").format(time=spoken_at)


def problem_view(problem: Problem) -> IndicatorView:
    text, detail = without_final_period(problem_message(problem)), problem_remedy(problem)
    if answers := question_buttons(problem):
        return IndicatorView("held", text, detail, answers, closable=True)
    first = remedy_button(problem)
    settings = Button(tr("Settings"), "settings", primary=first is None)
    is_other = first and first.label != settings.label
    buttons = (first, settings) if first and is_other else (first or settings,)
    return IndicatorView("error", text, detail, buttons, closable=True)


def without_final_period(sentence: str) -> str:
    """Return a sentence as a title or menu entry."""
    return sentence[:-1] if sentence.endswith(".") and not sentence.endswith("..") else sentence


def shorten_words(text: str, max_chars: int) -> str:
    """Remove the middle of words longer than `max_chars`, such as host names: contoso-…zure.com.

    Words that are one or two characters too long stay as they are.
    """
    half = max_chars // 2
    return " ".join(
        word if len(word) <= max_chars + 2 else f"{word[:half]}…{word[half + 1 - max_chars :]}"
        for word in text.split(" ")
    )


def is_right_to_left(text: str) -> bool:
    """Return whether the first letter with a strong direction is of a right-to-left script."""
    for letter in text:
        direction = unicodedata.bidirectional(letter)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False
