from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.dictation.status import Status
from sayso.core.problems import untyped_problem
from sayso.core.recognition.fallback_policy import RetryDelay
from sayso.core.settings import settings as s
from sayso.core.settings.settings import Settings
from sayso.ui.indicator.timeline import OverlayTimeline
from sayso.ui.messages import microphone_lost_view

LISTENING = Status("listening", take=1, has_audio=True)
FAILED = Status("failed", take=1, problem=untyped_problem("It broke.", "Mend it."))
HELD = Status(take=1, held_text="words", offers_held_text=True)


RESCUED = Status(held_text="words", offers_held_text=True, recovered_spoken_at="14:32")


def kind(moments: OverlayTimeline, now: float) -> str:
    view = moments.view(now)
    return view.kind if view else ""


def after(*statuses: Status) -> OverlayTimeline:
    moments = OverlayTimeline()
    for status in statuses:
        moments.on_status(status, 0)
    return moments


def test_nothing_is_shown_and_nothing_is_waited_for_at_rest() -> None:
    moments = OverlayTimeline()
    assert moments.view(0) is None
    assert moments.ms_until_change(0) is None


def test_it_appears_120_ms_after_the_key() -> None:
    moments = after(LISTENING)
    assert kind(moments, 119) == ""
    assert moments.ms_until_change(0) == 120
    assert kind(moments, 120) == "listening"


def test_a_shortcut_never_flashes_it() -> None:
    moments = after(LISTENING)
    moments.on_status(Status(), 80)
    assert moments.view(130) is None
    assert moments.ms_until_change(130) is None


def test_a_server_that_has_gone_is_told_after_500_ms() -> None:
    waiting = RetryDelay(untyped_problem("It is gone."), 0.2)
    moments = after(attrs.evolve(LISTENING, partial="Hello"))
    moments.on_status(attrs.evolve(LISTENING, partial="Hello", retrying=waiting), 2000)
    assert moments.ms_until_change(2000) == 500
    assert [text(moments, now) for now in (2499, 2500)] == ["Hello", "Reconnecting…"]
    moments.on_status(attrs.evolve(LISTENING, state="finishing", retrying=waiting), 2600)
    assert text(moments, 2600) == "Reconnecting…"
    moments.on_status(attrs.evolve(LISTENING, state="finishing"), 2700)
    assert text(moments, 2700) == "Hello"


def test_words_of_another_engine_stay_longer() -> None:
    moments = after(LISTENING, Status(take=1, inserted_words=3, fallback_engine="Groq"))
    assert text(moments, 1999) == "3 words, by Groq"
    assert moments.view(2000) is None


def text(moments: OverlayTimeline, now: float) -> str:
    view = moments.view(now)
    return view.text if view else ""


def test_a_microphone_that_has_gone_is_waited_for_and_named_after_500_ms() -> None:
    moments = after(attrs.evolve(LISTENING, partial="Hello"))
    gone = attrs.evolve(LISTENING, partial="Hello", microphone_lost=True)
    moments.on_status(gone, 2000)
    assert moments.ms_until_change(2000) == 500
    assert kind(moments, 2499) == "listening"
    assert moments.view(2500) == microphone_lost_view(hands_free=False)
    moments.on_status(
        attrs.evolve(gone, partial="Hello wor"), 2600
    )  # the engine is not up to it yet
    assert moments.view(2600) == microphone_lost_view(hands_free=False)
    moments.on_status(attrs.evolve(gone, microphone_lost=False), 2700)
    assert kind(moments, 2700) == "listening"


def test_hands_free_it_can_be_ended_while_the_microphone_is_waited_for() -> None:
    assert microphone_lost_view(hands_free=True).has_stop_button


def test_a_slow_microphone_is_named_after_250_ms() -> None:
    moments = after(Status("listening", take=1))
    assert (kind(moments, 200), moments.view(200).text) == ("arming", "")  # type: ignore[union-attr]
    assert moments.view(250).text == "Starting the microphone…"  # type: ignore[union-attr]
    moments.on_status(LISTENING, 300)
    assert kind(moments, 300) == "listening"


def test_words_of_the_take_stay_while_it_finishes() -> None:
    moments = after(attrs.evolve(LISTENING, partial="Dear all"), Status("finishing", take=1))
    assert moments.view(10).text == "Dear all"  # type: ignore[union-attr]


def test_a_retry_does_not_show_the_words_of_another_take() -> None:
    moments = after(attrs.evolve(LISTENING, partial="Old"), FAILED, Status("finishing", take=1))
    assert moments.view(10).text == ""  # type: ignore[union-attr]


def test_inserting_goes_on_where_finishing_was() -> None:
    moments = after(LISTENING, Status("finishing", take=1))
    moments.on_status(Status("inserting", take=1), 4500)
    assert moments.view(4500).text == "Still writing…"  # type: ignore[union-attr]


def test_inserted_stays_700_ms_whatever_else_is_said() -> None:
    moments = after(LISTENING, Status("inserting", take=1), Status(take=1, inserted_words=7))
    moments.on_status(Status(take=1, ready=True), 100)
    assert (kind(moments, 699), kind(moments, 700)) == ("inserted", "")
    assert moments.ms_until_change(100) == 600


@pytest.mark.parametrize(("times", "stays_ms"), [(1, 1800), (2, 8000)])
def test_nothing_heard_stays_longer_when_it_asks(times: int, stays_ms: float) -> None:
    moments = after(Status(empty_takes=times - 1), Status(take=1, empty_takes=times))
    assert (kind(moments, stays_ms - 1), kind(moments, stays_ms)) == ("nothing", "")


def test_nothing_heard_is_not_told_again_by_the_next_status() -> None:
    moments = after(Status(empty_takes=1))
    moments.on_status(attrs.evolve(LISTENING, empty_takes=1), 2000)
    moments.on_status(Status(empty_takes=1), 2010)
    assert moments.view(2020) is None


@pytest.mark.parametrize("status", [FAILED, HELD], ids=["error", "held"])
def test_a_question_stays_30_s_and_the_pointer_stops_the_clock(status: Status) -> None:
    moments = after(status)
    assert not moments.question_expired(29_999)
    moments.on_hover(True, 29_999)
    assert not moments.question_expired(60_000)
    assert moments.ms_until_change(60_000) is None
    moments.on_hover(False, 60_000)
    assert not moments.question_expired(89_999)
    assert moments.question_expired(90_000)


def test_a_new_take_takes_the_pill_at_once() -> None:
    moments = after(HELD)
    moments.on_status(attrs.evolve(LISTENING, take=2, held_text="words"), 1000)
    assert kind(moments, 1120) == "listening"


def test_a_choice_closes_it() -> None:
    moments = after(FAILED)
    moments.close()
    assert moments.view(1) is None
    assert not moments.question_expired(40_000)


@pytest.mark.parametrize(
    ("pill", "listening", "error", "nothing_twice"),
    [
        ("bottom", "listening", "error", "nothing"),
        ("top", "listening", "error", "nothing"),
        ("when-needed", "", "error", "nothing"),
        ("never", "", "", ""),
    ],
)
def test_the_setting_says_when_it_shows(
    pill: str, listening: str, error: str, nothing_twice: str
) -> None:
    settings = s.put(Settings(), "pill", pill)
    for statuses, expected in (
        ((LISTENING,), listening),
        ((FAILED,), error),
        ((Status(empty_takes=1), Status(empty_takes=2)), nothing_twice),
    ):
        moments = after(*statuses)
        moments.on_settings(settings)
        assert kind(moments, 500) == expected


def test_silence_is_known_only_where_loudness_is_measured() -> None:
    moments = after(LISTENING)
    assert moments.view(6000).text == ""  # type: ignore[union-attr]
    moments.on_level(-70, 6000)
    assert moments.view(6000).text == "Is the microphone muted?"  # type: ignore[union-attr]
    moments.on_level(-20, 6100)
    assert moments.view(6200).text == ""  # type: ignore[union-attr]


def test_hands_free_is_explained_five_times() -> None:
    moments = OverlayTimeline()
    shown = []
    for take in range(1, 7):
        moments.on_status(attrs.evolve(LISTENING, take=take, hands_free=True), take * 1000)
        view = moments.view(take * 1000 + 200)
        shown.append(bool(view and view.text))
        moments.on_status(Status(take=take), take * 1000 + 500)
    assert shown == [True] * 5 + [False]


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
    problem=st.sampled_from([None, untyped_problem("It broke.")]),
)


@given(st.lists(st.tuples(STATUSES, st.floats(0, 40_000)), max_size=8))
def test_it_never_changes_before_it_said_it_would(steps: list[tuple[Status, float]]) -> None:
    moments, now = OverlayTimeline(), 0.0
    for status, wait in steps:
        moments.on_status(status, now)
        due = moments.ms_until_change(now)
        if due is None or wait < due:
            assert moments.view(now + wait * 0.999) == moments.view(now)
        now += wait


def test_rescued_words_are_offered_for_30_s_and_also_where_the_pill_is_wanted_when_needed() -> None:
    moments = OverlayTimeline()
    moments.on_settings(s.put(Settings(), "pill", "when-needed"))
    moments.on_status(RESCUED, 0)
    assert kind(moments, 29_999) == "rescued"
    assert moments.question_expired(30_000)
