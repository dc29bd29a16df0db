from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

import attrs
import pytest

from sayso.core import problems
from sayso.core.dictation.status import Status
from sayso.core.problems import Problem, ProblemKind
from sayso.core.recognition.fallback_policy import RetryDelay
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.ui import messages, problem_actions
from sayso.ui.messages import is_right_to_left, tray_view

SETTINGS = Settings()


def no_answer(code: str = "test.example") -> Problem:
    return ProblemKind(code, "The server did not answer.", "Your recording is kept.")()


RECORDING = "listening", "listening", "Listening"
TRANSCRIBING = "finishing", "transcribing", "Transcribing"
TRAY = {
    "idle": (
        Status(), "idle", "hold Right Ctrl and speak", "Ready. Hold Right Ctrl to speak",
    ),
    "listening": (Status("listening"), *RECORDING),
    "finishing": (Status("finishing"), *TRANSCRIBING),
    "inserting": (Status("inserting"), *TRANSCRIBING),
    "failed": (
        Status("failed", problem=no_answer()),
        "error", "The server did not answer.", "The server did not answer",
    ),
    "listening although the server failed": (
        Status("listening", problem=no_answer()), *RECORDING,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("status", "icon", "tooltip", "line"), TRAY.values(), ids=TRAY)
def test_the_tray_shows_each_state(status: Status, icon: str, tooltip: str, line: str) -> None:
    view = tray_view(status, SETTINGS)
    assert (view.icon, view.tooltip, view.status_line) == (icon, f"Sayso: {tooltip}", line)


def test_the_tray_explains_a_hotkey_that_is_tapped() -> None:
    view = tray_view(Status(), s.put(SETTINGS, "hotkey.mode", "toggle"))
    assert view.tooltip == "Sayso: tap Right Ctrl and speak"
    assert view.status_line == "Ready. Tap Right Ctrl to speak"


def test_the_toggle_entry_starts_or_finishes() -> None:
    assert tray_view(Status(), SETTINGS).toggle_label == "Start hands-free"
    assert tray_view(Status("listening"), SETTINGS).toggle_label == "Finish dictation"


@pytest.mark.parametrize(
    ("status", "held", "text"),
    [
        pytest.param(Status(), False, False, id="nothing yet"),
        pytest.param(Status(last_text="Hello"), False, True, id="text was inserted"),
        pytest.param(Status(held_text="Hello"), True, True, id="text is held"),
    ],
)
def test_text_is_offered_if_there_is_some(status: Status, held: bool, text: bool) -> None:
    view = tray_view(status, SETTINGS)
    assert (view.has_held_text, view.has_text) == (held, text)


@pytest.mark.parametrize(
    ("engine", "fallback", "expected", "note"),
    [
        ("on-device", (), "on-device", ""),
        ("on-device", ("on-device",), "on-device", ""),
        ("on-device", ("OpenAI",), "on-device", "Audio is sent to a server if that fails"),
        ("realtime", (), "OpenAI", "Audio is sent to a server"),
        ("realtime", ("on-device",), "OpenAI", "Audio is sent to a server"),
    ],
)
def test_the_menu_names_the_engine_and_says_whether_audio_is_sent(
    engine: str, fallback: tuple[str, ...], expected: str, note: str
) -> None:
    settings = s.put(s.put(SETTINGS, "engine", engine), "fallback", fallback)
    view = tray_view(Status(), settings)
    assert (view.engine, view.audio_note) == (expected, note)


@pytest.mark.parametrize(
    ("code", "labels"),
    [
        ("storage.example", ["Settings"]),
        ("server.busy", ["Try again", "Settings"]),
        ("recognition.empty", ["Try again", "Settings"]),
        ("microphone.missing", ["Microphone", "Settings"]),
        ("server.key_rejected", ["Settings"]),
        ("hotkey.in_use", ["Change hotkey", "Settings"]),
        ("hotkey.no_display", ["Settings"]),
        ("insertion.not_pasted", ["Copy again", "Settings"]),
    ],
)
def test_a_failure_offers_one_remedy_and_the_settings(code: str, labels: list[str]) -> None:
    view = messages.problem_view(no_answer(code))
    assert [button.label for button in view.buttons] == labels
    assert view.buttons[0].primary
    assert view.closable
    assert (view.text, view.detail) == ("The server did not answer", "Your recording is kept.")


def test_a_wrapped_problem_has_the_remedy_of_its_cause() -> None:
    wrapped = ProblemKind("dictation.recovery_failed", "{cause}", "It is in the history.")
    view = messages.problem_view(wrapped(cause=no_answer("microphone.missing")))
    assert (view.text, view.detail) == ("The server did not answer", "It is in the history.")
    assert view.buttons[0].label == "Microphone"


QUESTIONS = {
    "budget.used_up": [
        ("Continue anyway", "approve-budget"), ("Use this computer", "use-on-device"),
    ],
    "budget.nearly_used_up": [("Usage", "settings:usage")],
}  # fmt: skip


@pytest.mark.parametrize(("code", "buttons"), QUESTIONS.items(), ids=QUESTIONS)
def test_a_question_is_not_shown_as_a_failure(code: str, buttons: list[tuple[str, str]]) -> None:
    view = messages.problem_view(no_answer(code))
    assert (view.kind, view.text) == ("held", "The server did not answer")
    assert [(button.label, button.action) for button in view.buttons] == buttons
    assert view.buttons[0].primary


def test_codes_with_buttons_of_their_own_are_in_the_catalog() -> None:
    modules = (
        import_module(m.name) for m in walk_packages(problems.__path__, f"{problems.__name__}.")
    )
    kinds = [value for module in modules for value in vars(module).values()]
    codes = {kind.code for kind in kinds if isinstance(kind, ProblemKind)}
    assert problem_actions.RETRY | problem_actions.NO_REMEDY | set(QUESTIONS) <= codes


@pytest.mark.parametrize(
    ("age_ms", "text", "buttons"),
    [
        (0, "", []),
        (400, "Transcribing…", []),
        (4000, "Still transcribing…", []),
        (10_000, "Still transcribing…", ["Cancel"]),
    ],
)
def test_finishing_explains_more_the_longer_it_takes(
    age_ms: float, text: str, buttons: list[str]
) -> None:
    view = messages.finishing_view("", age_ms)
    assert (view.text, [button.label for button in view.buttons]) == (text, buttons)
    assert messages.finishing_view("Dear all", age_ms).text == "Dear all"


@pytest.mark.parametrize(
    ("words", "engine", "text"),
    [
        (0, "", "0 words"),
        (1, "", "1 word"),
        (7, "", "7 words"),
        (7, "on-device", "7 words, transcribed on this computer"),
        (1, "Groq", "1 word, transcribed by Groq"),
    ],
)
def test_inserted_words_are_counted_and_a_fallback_engine_is_named(
    words: int, engine: str, text: str
) -> None:
    assert messages.inserted_view(words, engine).text == text


@pytest.mark.parametrize(
    ("wait_s", "text"), [(0.2, "Reconnecting…"), (20.2, "OpenAI is busy. Retrying in 20 s.")]
)
def test_a_retried_engine_is_reported_instead_of_partial_text(wait_s: float, text: str) -> None:
    retry = RetryDelay(ProblemKind("test.example", "OpenAI is busy.")(), wait_s)
    status = Status("listening", partial="Dear all", retrying=retry)
    assert messages.listening_view(status, SETTINGS, 6000, True).text == text
    assert messages.finishing_view("Dear all", 5000, retry).text == text


def test_the_second_take_without_text_offers_the_microphone_settings() -> None:
    assert messages.nothing_heard_view(1).buttons == ()
    assert [b.action for b in messages.nothing_heard_view(2).buttons] == ["settings:general"]


def test_hands_free_explains_how_it_ends_until_text_arrives() -> None:
    status = Status("listening", hands_free=True)
    assert messages.listening_view(status, SETTINGS, 0, True).text == "Tap Right Ctrl to finish"
    assert messages.listening_view(status, SETTINGS, 0, False).text == ""
    view = messages.listening_view(attrs.evolve(status, partial="Dear"), SETTINGS, 0, True)
    assert (view.text, view.has_stop_button) == ("Dear", True)


def test_the_microphone_is_suspected_after_five_silent_seconds() -> None:
    status = Status("listening")
    assert messages.listening_view(status, SETTINGS, 4999, False).text == ""
    assert messages.listening_view(status, SETTINGS, 5000, False).text == "Is the microphone muted?"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello", False),
        ("مرحبا", True),
        ("שלום", True),
        ("12 שלום Hello", True),
        ("Hello שלום", False),
        ("12, 13", False),
        ("", False),
    ],
)
def test_the_first_strong_letter_decides_the_direction(text: str, expected: bool) -> None:
    assert is_right_to_left(text) is expected


@pytest.mark.parametrize(
    "view",
    [
        messages.starting_view(0),
        messages.listening_view(Status("listening"), SETTINGS, 0, False),
        messages.finishing_view("", 0),
        messages.inserted_view(3),
        messages.nothing_heard_view(1),
        messages.held_view("words"),
        messages.problem_view(no_answer()),
    ],
    ids=lambda view: view.kind,
)
def test_every_state_has_an_accessible_name(view: messages.IndicatorView) -> None:
    assert view.accessible_name.startswith("Sayso: ")
    assert len(view.accessible_name) > len("Sayso: ")


def test_recovered_text_shows_its_time_and_has_the_buttons_of_held_text() -> None:
    view = messages.held_view("Half a sentence", "14:32")
    assert (view.kind, view.text, view.detail) == (
        *("recovered", "The text from 14:32 was recovered", "Half a sentence"),
    )
    assert [button.label for button in view.buttons] == ["Insert here", "Copy"]
    assert view.accessible_name == "Sayso: The text from 14:32 was recovered"


def test_several_recovered_dictations_are_counted_and_shown_in_the_history() -> None:
    view = messages.held_view("the newest", "14:32", 3)
    assert (view.kind, view.text) == ("recovered", "3 dictations were recovered")
    assert [(button.label, button.action) for button in view.buttons] == [("Show", "history")]
    assert messages.held_view("the newest", "14:32", 1).detail == "the newest"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nothing answers at contoso-speech.azure.com.", "Nothing answers at contoso-…re.com."),
        ("The connection was lost", "The connection was lost"),
        ("192.168.1.120:8000", "192.168.1.120:8000"),
        ("0123456789abcdefghi", "01234567…cdefghi"),
        ("", ""),
    ],
    ids=["host", "short words", "two characters too long", "too long", "empty"],
)
def test_long_words_lose_their_middle(text: str, expected: str) -> None:
    assert messages.shorten_words(text, 16) == expected
