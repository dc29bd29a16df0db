"""The buttons that the interface offers for a problem, and what they do."""

from __future__ import annotations

from typing import Literal

import attrs

from ..core.dictation import events as e
from ..core.problems import Problem
from ..core.settings.endpoint import ON_DEVICE
from .actions import Actions
from .translate import tr

ButtonAction = Literal[
    "finish", "cancel", "retry", "insert", "copy", "dismiss", "history", "approve-budget",
    "use-on-device", "settings", "settings:general", "settings:recognition", "settings:usage",
]  # fmt: skip


@attrs.frozen
class Button:
    label: str
    action: ButtonAction
    primary: bool = False


RETRY = {
    "dictation.text_timed_out", "dictation.recognition_internal_error",
    "model.transcription_failed", "model.too_slow",
    "recognition.timeout", "recognition.incomplete", "recognition.empty",
    "recognition.hallucinated",
    "server.no_internet", "server.connection_lost", "server.no_response", "server.proxy_failed",
    "server.captive_portal", "server.busy", "server.busy_for", "server.unavailable",
    "server.session_expired", "server.failed", "server.failed_because",
}  # fmt: skip
NO_REMEDY = {
    "hotkey.no_display", "hotkey.library_missing", "hotkey.permission_missing",
    "insertion.no_simulated_keys",
}  # fmt: skip


def question_buttons(problem: Problem) -> tuple[Button, ...]:
    """Return the answers to a problem that is a question to the user; () if it is a failure."""
    match problem.code:
        case "budget.used_up":
            return (
                Button(tr("Continue anyway"), "approve-budget", primary=True),
                Button(tr("Use this computer"), "use-on-device"),
            )
        case "budget.nearly_used_up":
            return (Button(tr("Usage"), "settings:usage", primary=True),)
        case _:
            return ()


def remedy_button(problem: Problem) -> Button | None:
    """Return the button that leads to the remedy of a failure, if there is one."""
    if problem.code in RETRY:
        return Button(tr("Try again"), "retry", primary=True)
    if problem.code in NO_REMEDY:
        return None
    match problem.code.partition(".")[0]:
        case "microphone":
            return Button(tr("Microphone"), "settings:general", primary=True)
        case "server" | "model" | "keyring" | "api_key":
            return Button(tr("Settings"), "settings:recognition", primary=True)
        case "hotkey":
            return Button(tr("Change hotkey"), "settings:general", primary=True)
        case "insertion":
            return Button(tr("Copy again"), "copy", primary=True)
        case _:
            return None if problem.cause is problem else remedy_button(problem.cause)


def perform(action: ButtonAction, actions: Actions) -> None:
    """Do what a button says. Buttons that answer a question also dismiss it."""
    dictation = actions.dictation
    match action:
        case "finish":
            dictation.post(e.Stop())
        case "cancel":
            dictation.post(e.Cancel())
        case "retry":
            dictation.post(e.Retry())
        case "insert":
            dictation.post(e.InsertHeld())
        case "approve-budget":
            dictation.approve_budget()
        case "dismiss":
            dictation.post(e.Dismiss())
        case "copy":
            dictation.copy_text()
            dictation.post(e.Dismiss())
        case "history":
            actions.windows.open_history()
            dictation.post(e.Dismiss())
        case "use-on-device":
            actions.settings.change("engine", ON_DEVICE)
            dictation.post(e.Retry())
            dictation.post(e.Dismiss())
        case _:
            actions.windows.open_settings(action.partition(":")[2])
