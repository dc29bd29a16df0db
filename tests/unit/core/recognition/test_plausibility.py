import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.audio.vad import SpeechActivity
from sayso.core.recognition.hallucinations import is_hallucination
from sayso.core.recognition.plausibility import EngineReport, check_text, needs_check

HOST = "speech.example.com"
SILENCE = SpeechActivity(4.0, 0.0, 0.0)
BREATH = SpeechActivity(4.0, 0.1, 0.0, ((1.0, 1.1),))
WORD = SpeechActivity(2.0, 0.4, 0.3, ((0.5, 0.9),))
WHISPER = SpeechActivity(2.0, 0.5, 0.0, ((0.5, 1.0),))
SPEECH = SpeechActivity(20.0, 13.0, 9.0, ((0.5, 9.0), (10.0, 19.5)))


def reason(text, activity, sent_s=None, processed_s=0.0, **fields):
    sent_s = activity.duration_s if sent_s is None else sent_s
    report = EngineReport(HOST, sent_s, processed_s, **fields)
    suspicion = check_text(text, activity, report)
    if suspicion is None:
        return ""
    assert needs_check(text, report)
    assert HOST in suspicion.problem.message
    assert suspicion.problem.remedy == "Your recording is kept. Try again."
    return suspicion.reason


LONG_THANKS = "Thank you so much for watching. Please subscribe to my channel."
TEN_MINUTES = attrs.evolve(SPEECH, duration_s=600.0)
CASES = {
    "text for speech": ("So far, so good.", SPEECH, {}, ""),
    "no text for silence": ("", SILENCE, {}, ""),
    "no text for breath": ("", BREATH, {}, ""),
    "no text for a whisper, which may be wind": ("", WHISPER, {}, ""),
    "no text for a word": ("", WORD, {}, "empty"),
    "no text for much speech": ("", SPEECH, {}, "empty"),
    "spaces for speech": (" \n ", SPEECH, {}, "empty"),
    "rounded up": ("So far.", SPEECH, {"sent_s": 20.2, "processed_s": 21.0}, ""),
    "rounded down": ("So far.", SPEECH, {"sent_s": 20.2, "processed_s": 20.0}, ""),
    "one second less": ("So far.", SPEECH, {"sent_s": 20.2, "processed_s": 19.2}, ""),
    "not reported": ("So far.", SPEECH, {"sent_s": 20.2, "processed_s": 0.0}, ""),
    "two seconds less": ("So far.", SPEECH, {"sent_s": 20.2, "processed_s": 18.0}, "dropped"),
    "nearly all dropped": ("So.", SPEECH, {"sent_s": 20.2, "processed_s": 1.0}, "dropped"),
    "dropped and empty": ("", SPEECH, {"sent_s": 20.2, "processed_s": 1.0}, "dropped"),
    "two percent of ten minutes": (
        *("So far.", TEN_MINUTES, {"sent_s": 600.0, "processed_s": 588.5}, ""),
    ),
    "silence was dropped": ("", SILENCE, {"sent_s": 4.2, "processed_s": 1.0}, ""),
    "pauses were skipped": (
        *("So far.", SPEECH, {"sent_s": 20.2, "processed_s": 17.5, "skips_pauses": True}, ""),
    ),
    "speech was skipped with the pauses": (
        *("So far.", SPEECH, {"sent_s": 20.2, "processed_s": 10.0, "skips_pauses": True}),
        "dropped",
    ),
    "thanks in silence": ("Thank you.", SILENCE, {}, "hallucinated"),
    "thanks in breath": ("Thank you.", BREATH, {}, "hallucinated"),
    "thanks that were said": ("Thank you.", WORD, {}, ""),
    "thanks that were whispered": ("Thank you.", WHISPER, {}, ""),
    "long thanks for a short word": (LONG_THANKS, WORD, {}, "hallucinated"),
    "credits in silence": ("Untertitelung des ZDF, 2020", SILENCE, {}, "hallucinated"),
    "credits that were dictated": ("Untertitelung des ZDF, 2020", SPEECH, {}, ""),
    "another language": ("ご視聴ありがとうございました。", SILENCE, {}, "hallucinated"),
    "other text in silence": ("Call me at nine.", SILENCE, {}, ""),
    "thanks and other text": ("Thank you. Call me at nine.", SILENCE, {}, ""),
    "an annotation": ("[BLANK_AUDIO]", SILENCE, {}, "hallucinated"),
    "the keywords": (
        *("Xenolab, AC-42", SILENCE, {"prompt_terms": ("Xenolab", "AC-42")}, "hallucinated"),
    ),
    "the prompt": (
        *("Notes of a physician.", SILENCE, {"prompt_terms": ("Notes of a physician.",)}),
        "hallucinated",
    ),
    "the prompt, which was said": ("Notes.", WORD, {"prompt_terms": ("Notes",)}, ""),
}


@pytest.mark.parametrize(("text", "activity", "fields", "expected"), CASES.values(), ids=CASES)
def test_implausible_text_is_suspicious(text, activity, fields, expected):
    assert reason(text, activity, **fields) == expected


def test_incomplete_text_may_be_used_if_no_other_engine_is_left():
    suspicion = check_text(" So far ", SPEECH, EngineReport(HOST, 20.2, 12.0))
    assert suspicion.text == "So far"
    assert suspicion.problem.message == "speech.example.com skipped 8 s of your speech."
    assert suspicion.problem.detail == "speech.example.com: 12.0 s used of 20.2 s sent"


def test_hallucinated_text_is_quoted_and_not_used():
    suspicion = check_text("Thanks for watching!", SILENCE, EngineReport(HOST, 4.0))
    assert suspicion.text == ""
    expected = "speech.example.com made up “Thanks for watching!”, so nothing was inserted."
    assert suspicion.problem.message == expected
    long = check_text("Thank you. " * 20, SILENCE, EngineReport(HOST, 4.0))
    assert "…”, so" in long.problem.message
    assert len(long.problem.message) < 130


def test_an_empty_text_for_speech_is_reported():
    suspicion = check_text("", WORD, EngineReport(HOST, 2.2, 3.0))
    assert (suspicion.text, suspicion.reason) == ("", "empty")
    assert suspicion.problem.sentence == (
        "speech.example.com returned no text for your speech. Your recording is kept. Try again."
    )


seconds = st.floats(0, 4000)
activities = st.builds(
    lambda total, active, voiced: SpeechActivity(
        total, total * active, total * active * voiced, ((0.0, total * active),) if active else ()
    ),
    seconds,
    st.floats(0, 1),
    st.floats(0, 1),
)
reports = st.builds(EngineReport, st.just(HOST), seconds, seconds, st.booleans())


@given(st.text(), activities, reports)
def test_text_that_needs_no_check_is_never_suspicious(text, activity, report):
    suspicion = check_text(text, activity, report)
    assert not suspicion or needs_check(text, report)
    assert not suspicion or suspicion.text in ("", text.strip())


@given(st.text(min_size=1).filter(lambda text: not is_hallucination(text)), activities)
def test_text_for_processed_audio_is_always_accepted(text, activity):
    report = EngineReport(HOST, activity.duration_s, activity.duration_s)
    assert not text.strip() or check_text(text, activity, report) is None


PHRASES = ["Thank you.", "Thanks for watching! Bye.", "Untertitelung des ZDF, 2020", "...", "♪"]


@given(st.sampled_from(PHRASES), st.floats(1.2, 60), st.floats(0, 1))
def test_known_phrases_that_were_said_are_accepted(text, activity_s, voiced):
    activity = SpeechActivity(60.0, activity_s, activity_s * voiced, ((0.0, activity_s),))
    assert check_text(text, activity, EngineReport(HOST, 60.0)) is None


@given(activities, reports)
def test_an_empty_text_is_accepted_only_without_voiced_speech(activity, report):
    suspicion = check_text("", activity, report)
    if activity.voiced_s >= 0.2:
        assert suspicion is not None
    if not activity.spans:
        assert suspicion is None
