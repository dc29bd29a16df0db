from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.dictation.status import Status
from sayso.core.problems import ProblemKind
from sayso.core.recognition.fallback_policy import RetryDelay
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.ui.indicator.timeline import OverlayTimeline

EXAMPLE = ProblemKind("test.example", "It broke.", "Fix it.")()
LISTENING = Status("listening", take=1, has_audio=True)
SPEAKING = attrs.evolve(LISTENING, partial="Hello")
FINISHING = Status("finishing", take=1)
FAILED = Status("failed", take=1, problem=EXAMPLE)
HELD = Status(take=1, held_text="words", offers_held_text=True)
RECOVERED = Status(held_text="words", offers_held_text=True, recovered_spoken_at="14:32")


def after(*statuses: Status, at: float = 0) -> OverlayTimeline:
    timeline = OverlayTimeline()
    for status in statuses:
        timeline.on_status(status, at)
    return timeline


def kind(timeline: OverlayTimeline, now: float) -> str:
    view = timeline.view(now)
    return view.kind if view else ""


def text(timeline: OverlayTimeline, now: float) -> str:
    view = timeline.view(now)
    return view.text if view else ""


def test_nothing_is_shown_and_no_timer_is_needed_before_a_take() -> None:
    timeline = OverlayTimeline()
    assert timeline.view(0) is None
    assert timeline.ms_until_change(0) is None


def test_it_appears_120_ms_after_the_key() -> None:
    timeline = after(LISTENING)
    assert timeline.ms_until_change(0) == 120
    assert (kind(timeline, 119), kind(timeline, 120)) == ("", "listening")


def test_a_shortcut_never_flashes_it() -> None:
    timeline = after(LISTENING)
    timeline.on_status(Status(), 80)
    assert timeline.view(130) is None
    assert timeline.ms_until_change(130) is None


def test_a_lost_server_is_reported_after_500_ms() -> None:
    retry = RetryDelay(EXAMPLE, 0.2)
    timeline = after(SPEAKING)
    timeline.on_status(attrs.evolve(SPEAKING, retrying=retry), 2000)
    assert timeline.ms_until_change(2000) == 500
    assert (text(timeline, 2499), text(timeline, 2500)) == ("Hello", "Reconnecting…")
    timeline.on_status(attrs.evolve(LISTENING, state="finishing", retrying=retry), 2600)
    assert text(timeline, 2600) == "Reconnecting…"
    timeline.on_status(attrs.evolve(LISTENING, state="finishing"), 2700)
    assert text(timeline, 2700) == "Hello"


def test_a_lost_microphone_is_reported_after_500_ms() -> None:
    lost = attrs.evolve(SPEAKING, microphone_lost=True)
    timeline = after(SPEAKING)
    timeline.on_status(lost, 2000)
    assert timeline.ms_until_change(2000) == 500
    assert (kind(timeline, 2499), kind(timeline, 2500)) == ("listening", "starting")
    timeline.on_status(attrs.evolve(lost, partial="Hello wor"), 2600)  # the engine lags behind
    assert text(timeline, 2600) == "Waiting for the microphone…"
    timeline.on_status(SPEAKING, 2700)
    assert kind(timeline, 2700) == "listening"


def test_a_hands_free_take_can_be_finished_while_the_microphone_is_lost() -> None:
    timeline = after(attrs.evolve(LISTENING, hands_free=True, microphone_lost=True))
    view = timeline.view(600)
    assert view
    assert (view.kind, view.has_stop_button) == ("starting", True)


def test_a_slow_microphone_is_reported_after_250_ms() -> None:
    timeline = after(Status("listening", take=1))
    assert (kind(timeline, 200), text(timeline, 200)) == ("starting", "")
    assert text(timeline, 250) == "Starting the microphone…"
    timeline.on_status(LISTENING, 300)
    assert kind(timeline, 300) == "listening"


def test_partial_text_stays_while_the_take_finishes() -> None:
    assert text(after(SPEAKING, FINISHING), 10) == "Hello"


def test_a_retry_does_not_show_the_text_of_another_take() -> None:
    assert text(after(SPEAKING, FAILED, FINISHING), 10) == ""


def test_inserting_continues_the_time_of_finishing() -> None:
    timeline = after(LISTENING, FINISHING)
    timeline.on_status(Status("inserting", take=1), 4500)
    assert text(timeline, 4500) == "Still transcribing…"


def test_inserted_stays_700_ms_after_any_status() -> None:
    timeline = after(LISTENING, FINISHING, Status(take=1, inserted_words=7))
    timeline.on_status(Status(take=1, ready=True), 100)
    assert (kind(timeline, 699), kind(timeline, 700)) == ("inserted", "")
    assert timeline.ms_until_change(100) == 600


def test_text_of_a_fallback_engine_stays_2_s() -> None:
    timeline = after(LISTENING, Status(take=1, inserted_words=3, fallback_engine="Groq"))
    assert text(timeline, 1999) == "3 words, transcribed by Groq"
    assert timeline.view(2000) is None


@pytest.mark.parametrize(("count", "stays_ms"), [(1, 1800), (2, 8000)])
def test_nothing_heard_stays_longer_if_it_has_a_button(count: int, stays_ms: float) -> None:
    timeline = after(Status(empty_takes=count - 1), Status(take=1, empty_takes=count))
    assert (kind(timeline, stays_ms - 1), kind(timeline, stays_ms)) == ("nothing-heard", "")


def test_nothing_heard_is_not_repeated_by_the_next_status() -> None:
    timeline = after(Status(empty_takes=1))
    timeline.on_status(attrs.evolve(LISTENING, empty_takes=1), 2000)
    timeline.on_status(Status(empty_takes=1), 2010)
    assert timeline.view(2020) is None


@pytest.mark.parametrize("status", [FAILED, HELD], ids=["error", "held"])
def test_a_question_stays_30_s_not_counting_the_time_under_the_pointer(status: Status) -> None:
    timeline = after(status)
    assert not timeline.question_expired(29_999)
    timeline.on_hover(True, 29_999)
    assert not timeline.question_expired(60_000)
    assert timeline.ms_until_change(60_000) is None
    timeline.on_hover(False, 60_000)
    assert not timeline.question_expired(89_999)
    assert timeline.question_expired(90_000)


def test_a_new_take_replaces_a_question_at_once() -> None:
    timeline = after(HELD)
    timeline.on_status(attrs.evolve(LISTENING, take=2, held_text="words"), 1000)
    assert kind(timeline, 1120) == "listening"


def test_a_choice_closes_it() -> None:
    timeline = after(FAILED)
    timeline.close()
    assert timeline.view(1) is None
    assert not timeline.question_expired(40_000)


@pytest.mark.parametrize(
    ("mode", "listening", "error", "nothing_heard_twice"),
    [
        ("bottom", "listening", "error", "nothing-heard"),
        ("top", "listening", "error", "nothing-heard"),
        ("when-needed", "", "error", "nothing-heard"),
        ("never", "", "", ""),
    ],
)
def test_the_setting_decides_when_it_is_shown(
    mode: str, listening: str, error: str, nothing_heard_twice: str
) -> None:
    for statuses, expected in (
        ((LISTENING,), listening),
        ((FAILED,), error),
        ((Status(empty_takes=1), Status(empty_takes=2)), nothing_heard_twice),
    ):
        timeline = after(*statuses)
        timeline.on_settings(s.put(Settings(), "pill", mode))
        assert kind(timeline, 500) == expected


def test_recovered_text_is_offered_for_30_s_even_if_shown_only_when_needed() -> None:
    timeline = after(RECOVERED)
    timeline.on_settings(s.put(Settings(), "pill", "when-needed"))
    assert kind(timeline, 29_999) == "recovered"
    assert timeline.question_expired(30_000)


def test_silence_is_reported_only_if_the_level_is_measured() -> None:
    timeline = after(LISTENING)
    assert text(timeline, 6000) == ""
    timeline.on_level(-70, 6000)
    assert text(timeline, 6000) == "Is the microphone muted?"
    timeline.on_level(-20, 6100)
    assert text(timeline, 6200) == ""


def test_hands_free_is_explained_five_times() -> None:
    timeline = OverlayTimeline()
    explained = []
    for take in range(1, 7):
        timeline.on_status(attrs.evolve(LISTENING, take=take, hands_free=True), take * 1000)
        explained.append(bool(text(timeline, take * 1000 + 200)))
        timeline.on_status(Status(take=take), take * 1000 + 500)
    assert explained == [True] * 5 + [False]


STATUSES = st.builds(
    Status,
    state=st.sampled_from(["idle", "listening", "finishing", "inserting", "failed"]),
    take=st.integers(0, 3),
    hands_free=st.booleans(),
    has_audio=st.booleans(),
    partial=st.sampled_from(["", "words"]),
    inserted_words=st.sampled_from([None, 1]),
    empty_takes=st.integers(0, 2),
    held_text=st.sampled_from(["", "words"]),
    offers_held_text=st.booleans(),
    problem=st.sampled_from([None, EXAMPLE]),
)


@given(st.lists(st.tuples(STATUSES, st.floats(0, 40_000)), max_size=8))
def test_it_never_changes_before_the_announced_time(steps: list[tuple[Status, float]]) -> None:
    timeline, now = OverlayTimeline(), 0.0
    for status, wait in steps:
        timeline.on_status(status, now)
        due = timeline.ms_until_change(now)
        if due is None or wait < due:
            assert timeline.view(now + wait * 0.999) == timeline.view(now)
        now += wait
