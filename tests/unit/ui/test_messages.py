from __future__ import annotations

import attrs
import pytest

from sayso.core.dictation.status import Status
from sayso.core.problems import replaced, untyped_problem
from sayso.core.problems.problem import Action
from sayso.core.recognition.fallback_policy import RetryDelay
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.ui import messages
from sayso.ui.messages import is_right_to_left, tray_view

SETTINGS = Settings()
TAP = s.put(SETTINGS, "hotkey.mode", "toggle")
NO_ANSWER = untyped_problem("The server did not answer.", "Your recording is kept.", "try-again")


@pytest.mark.parametrize(
    ("status", "settings", "icon", "tooltip", "line"),
    [
        pytest.param(
            Status(),
            SETTINGS,
            "idle",
            "Sayso: hold Right Ctrl and speak",
            "Listening for Right Ctrl",
            id="at rest",
        ),
        pytest.param(
            Status(),
            TAP,
            "idle",
            "Sayso: tap Right Ctrl and speak",
            "Listening for Right Ctrl",
            id="at rest, tap only",
        ),
        pytest.param(
            Status("listening"), SETTINGS, "listening", "Sayso: listening", "Listening", id="open"
        ),
        pytest.param(
            Status("finishing"),
            SETTINGS,
            "finishing",
            "Sayso: writing your words",
            "Writing your words",
            id="finishing",
        ),
        pytest.param(
            Status("inserting"),
            SETTINGS,
            "finishing",
            "Sayso: writing your words",
            "Writing your words",
            id="inserting",
        ),
        pytest.param(
            Status("failed", problem=NO_ANSWER),
            SETTINGS,
            "error",
            "Sayso: The server did not answer.",
            "The server did not answer",
            id="failed",
        ),
        pytest.param(
            Status("listening", problem=NO_ANSWER),
            SETTINGS,
            "listening",
            "Sayso: listening",
            "Listening",
            id="the microphone is open although the server is gone",
        ),
    ],
)
def test_the_tray_shows_each_state(
    status: Status, settings: Settings, icon: str, tooltip: str, line: str
) -> None:
    view = tray_view(status, settings)
    assert (view.icon, view.tooltip, view.status_line) == (icon, tooltip, line)


def test_the_second_entry_starts_or_finishes() -> None:
    assert tray_view(Status(), SETTINGS).toggle_label == "Start hands-free"
    assert tray_view(Status("listening"), SETTINGS).toggle_label == "Finish dictation"


@pytest.mark.parametrize(
    ("status", "held", "words"),
    [
        pytest.param(Status(), False, False, id="nothing yet"),
        pytest.param(Status(last_text="Hello"), False, True, id="words were typed"),
        pytest.param(Status(held_text="Hello"), True, True, id="words wait"),
    ],
)
def test_words_are_offered_when_there_are_some(status: Status, held: bool, words: bool) -> None:
    view = tray_view(status, SETTINGS)
    assert (view.has_held_text, view.has_text) == (held, words)


@pytest.mark.parametrize(
    ("engine", "fallback", "expected", "sends"),
    [
        ("on-device", (), "on-device", ""),
        ("on-device", ("on-device",), "on-device", ""),
        ("on-device", ("OpenAI",), "on-device", "Sound leaves this computer if that fails"),
        ("realtime", (), "OpenAI", "Sound leaves this computer"),
        ("realtime", ("on-device",), "OpenAI", "Sound leaves this computer"),
    ],
)
def test_the_menu_says_who_recognises_and_whether_sound_leaves(
    engine: str, fallback: tuple[str, ...], expected: str, sends: str
) -> None:
    settings = s.put(s.put(SETTINGS, "engine", engine), "fallback", fallback)
    view = tray_view(Status(), settings)
    assert (view.engine, view.audio_note) == (expected, sends)


@pytest.mark.parametrize(
    ("action", "labels"),
    [
        ("", ["Settings"]),
        ("try-again", ["Try again", "Settings"]),
        ("microphone", ["Microphone", "Settings"]),
        ("recognition", ["Settings"]),
        ("hotkey", ["Change hotkey", "Settings"]),
        ("copy", ["Copy again", "Settings"]),
    ],
)
def test_an_error_offers_one_action_and_settings(action: str, labels: list[str]) -> None:
    view = messages.problem_view(replaced(NO_ANSWER, action=action))
    assert [button.label for button in view.buttons] == labels
    assert view.buttons[0].primary
    assert view.closable
    assert (view.text, view.detail) == ("The server did not answer", "Your recording is kept.")


@pytest.mark.parametrize(
    ("age_ms", "text", "buttons"),
    [
        (0, "", []),
        (400, "Writing…", []),
        (4000, "Still writing…", []),
        (10_000, "Still writing…", ["Cancel"]),
    ],
)
def test_finishing_says_more_the_longer_it_takes(
    age_ms: float, text: str, buttons: list[str]
) -> None:
    view = messages.finishing_view("", age_ms)
    assert (view.text, [button.label for button in view.buttons]) == (text, buttons)
    assert messages.finishing_view("Dear all", age_ms).text == "Dear all"


@pytest.mark.parametrize(("words", "text"), [(1, "1 word"), (7, "7 words"), (0, "0 words")])
def test_inserted_words_are_counted(words: int, text: str) -> None:
    assert messages.inserted_view(words).text == text


def test_words_of_another_engine_say_whose_they_are() -> None:
    assert messages.inserted_view(7, "on-device").text == "7 words, by this computer"
    assert messages.inserted_view(1, "Groq").text == "1 word, by Groq"


@pytest.mark.parametrize(
    ("wait_s", "text"),
    [
        (0.2, "Reconnecting…"),
        (20.2, "api.openai.com is busy. Next try in 20 s."),
    ],
)
def test_an_engine_that_is_tried_again_is_told(wait_s: float, text: str) -> None:
    waiting = RetryDelay(untyped_problem("api.openai.com is busy."), wait_s)
    status = Status("listening", partial="Dear all", retrying=waiting)
    assert messages.listening_view(status, SETTINGS, 6000, True).text == text
    assert messages.finishing_view("Dear all", 5000, waiting).text == text


def test_the_second_silent_take_asks_for_the_microphone() -> None:
    assert messages.nothing_heard_view(1).buttons == ()
    assert [b.action for b in messages.nothing_heard_view(2).buttons] == ["settings:general"]


def test_hands_free_says_how_it_ends_until_words_come() -> None:
    status = Status("listening", hands_free=True)
    assert messages.listening_view(status, SETTINGS, 0, True).text == "Tap Right Ctrl to finish"
    assert messages.listening_view(status, SETTINGS, 0, False).text == ""
    spoken = attrs.evolve(status, partial="Dear")
    assert messages.listening_view(spoken, SETTINGS, 0, True).text == "Dear"
    assert messages.listening_view(spoken, SETTINGS, 0, True).has_stop_button


def test_five_silent_seconds_raise_a_question() -> None:
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
def test_the_first_strong_letter_gives_the_direction(text: str, expected: bool) -> None:
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
        messages.problem_view(NO_ANSWER),
    ],
    ids=lambda view: view.kind,
)
def test_every_state_has_a_spoken_name(view: messages.IndicatorView) -> None:
    assert view.accessible_name.startswith("Sayso: ")
    assert len(view.accessible_name) > len("Sayso: ")


def test_rescued_words_say_when_they_were_spoken_and_offer_what_held_words_do():
    view = messages.held_view("Half a sentence", "14:32")
    assert (view.kind, view.text, view.detail) == (
        *("rescued", "Words from 14:32 are back", "Half a sentence"),
    )
    assert [button.label for button in view.buttons] == ["Type here", "Copy"]
    assert view.accessible_name == "Sayso: Words from 14:32 are back"


def test_several_that_were_rescued_are_counted_and_shown_in_the_history() -> None:
    view = messages.held_view("the newest", "14:32", 3)
    assert (view.kind, view.text, view.closable) == ("rescued", "3 dictations were rescued", True)
    assert [(button.label, button.action) for button in view.buttons] == [("Show", "history")]
    assert messages.held_view("the newest", "14:32", 1).text == "Words from 14:32 are back"


WAITS = {
    "budget": [("Go on", "go-on"), ("Use this computer", "use-computer")],
    "usage": [("Usage", "settings:usage")],
}


@pytest.mark.parametrize(("action", "buttons"), WAITS.items(), ids=WAITS)
def test_what_is_no_failure_waits_in_amber(action: Action, buttons: list[tuple[str, str]]) -> None:
    problem = untyped_problem("November’s budget is used up.", "Nothing is sent.", action)
    view = messages.problem_view(problem)
    assert (view.kind, view.text, view.detail) == (
        *("held", "November’s budget is used up", "Nothing is sent."),
    )
    assert [(button.label, button.action) for button in view.buttons] == buttons
    assert view.buttons[0].primary


SHORT = {
    "a host": (
        "Nothing answers at contoso-speech.azure.com.",
        "Nothing answers at contoso-…re.com.",
    ),
    "short words": ("The connection was lost", "The connection was lost"),
    "a little too long": ("192.168.1.120:8000", "192.168.1.120:8000"),
    "too long": ("0123456789abcdefghi", "01234567…cdefghi"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("text", "expected"), SHORT.values(), ids=SHORT)
def test_long_names_lose_their_middle(text: str, expected: str) -> None:
    assert messages.shorten_words(text, 16) == expected
