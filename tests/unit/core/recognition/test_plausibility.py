import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.audio.vad import SpeechActivity
from sayso.core.recognition.hallucinations import MAX_CHARS, PHRASES, is_hallucination, normalize
from sayso.core.recognition.plausibility import REMEDY, EngineReport, check_text, needs_check

HOST = "speech.example.com"
SILENCE = SpeechActivity(4.0, 0.0, 0.0)
BREATH = SpeechActivity(4.0, 0.1, 0.0, ((1.0, 1.1),))
WORD = SpeechActivity(2.0, 0.4, 0.3, ((0.5, 0.9),))
WHISPER = SpeechActivity(2.0, 0.5, 0.0, ((0.5, 1.0),))
TALK = SpeechActivity(20.0, 13.0, 9.0, ((0.5, 9.0), (10.0, 19.5)))


def reason(text, speech, sent_s=None, processed_s=0.0, **more):
    account = EngineReport(
        HOST, speech.duration_s if sent_s is None else sent_s, processed_s, **more
    )
    doubted = check_text(text, speech, account)
    if doubted:
        assert needs_check(text, account)
        assert HOST in doubted.problem.message
        assert doubted.problem.remedy == REMEDY
    return doubted.reason if doubted else ""


CASES = {
    "words for speech": ("So far, so good.", TALK, {}, ""),
    "nothing for silence": ("", SILENCE, {}, ""),
    "nothing for breath": ("", BREATH, {}, ""),
    "nothing for a whisper": ("", WHISPER, {}, ""),  # it may have been the wind
    "nothing for a word": ("", WORD, {}, "empty"),
    "nothing for much speech": ("", TALK, {}, "empty"),
    "spaces for speech": (" \n ", TALK, {}, "empty"),
    "all of it used": ("So far.", TALK, {"sent_s": 20.2, "processed_s": 21.0}, ""),
    "rounded up": ("So far.", TALK, {"sent_s": 20.2, "processed_s": 21.0}, ""),
    "rounded down": ("So far.", TALK, {"sent_s": 20.2, "processed_s": 20.0}, ""),
    "one second less": ("So far.", TALK, {"sent_s": 20.2, "processed_s": 19.2}, ""),
    "a server that does not say": ("So far.", TALK, {"sent_s": 20.2, "processed_s": 0.0}, ""),
    "two seconds less": ("So far.", TALK, {"sent_s": 20.2, "processed_s": 18.0}, "dropped"),
    "nearly all dropped": ("So.", TALK, {"sent_s": 20.2, "processed_s": 1.0}, "dropped"),
    "dropped, and nothing else": ("", TALK, {"sent_s": 20.2, "processed_s": 1.0}, "dropped"),
    "two percent of ten minutes": (
        "So far.",
        attrs.evolve(TALK, duration_s=600.0),
        {"sent_s": 600.0, "processed_s": 588.5},
        "",
    ),
    "silence was dropped": ("", SILENCE, {"sent_s": 4.2, "processed_s": 1.0}, ""),
    "pauses were skipped": (
        "So far.", TALK, {"sent_s": 20.2, "processed_s": 17.5, "skips_pauses": True}, ""),
    "speech was skipped with them": (
        "So far.", TALK, {"sent_s": 20.2, "processed_s": 10.0, "skips_pauses": True}, "dropped"),
    "thanks in silence": ("Thank you.", SILENCE, {}, "invented"),
    "thanks in breath": ("Thank you.", BREATH, {}, "invented"),
    "thanks that were said": ("Thank you.", WORD, {}, ""),
    "thanks that were whispered": ("Thank you.", WHISPER, {}, ""),
    "long thanks for one short sound": (
        "Thank you so much for watching. Please subscribe to my channel.", WORD, {}, "invented"),
    "credits in silence": ("Untertitelung des ZDF, 2020", SILENCE, {}, "invented"),
    "credits that were dictated": ("Untertitelung des ZDF, 2020", TALK, {}, ""),
    "a language nobody speaks here": ("ご視聴ありがとうございました。", SILENCE, {}, "invented"),
    "something else in silence": ("Call me at nine.", SILENCE, {}, ""),
    "thanks and something else": ("Thank you. Call me at nine.", SILENCE, {}, ""),
    "an annotation": ("[BLANK_AUDIO]", SILENCE, {}, "invented"),
    "the keywords": ("Xenolab, AC-42", SILENCE, {"prompt_terms": ("Xenolab", "AC-42")}, "invented"),
    "the prompt": ("Notes of a physician.", SILENCE, {"prompt_terms": ("Notes of a physician.",)},
                   "invented"),
    "the prompt, which was said": ("Notes.", WORD, {"prompt_terms": ("Notes",)}, ""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "speech", "more", "why"), CASES.values(), ids=CASES)
def test_what_is_doubted(text, speech, more, why):
    assert reason(text, speech, **more) == why


def test_what_was_dropped_may_be_used_where_nobody_else_can_be_asked():
    doubted = check_text(" So far ", TALK, EngineReport(HOST, 20.2, 12.0))
    assert doubted.text == "So far"
    assert doubted.problem.message == "speech.example.com left out 8 s of what you said."
    assert doubted.problem.detail == "speech.example.com: 12.0 s used of 20.2 s sent"


def test_what_was_invented_may_not():
    doubted = check_text("Thanks for watching!", SILENCE, EngineReport(HOST, 4.0))
    assert doubted.text == ""
    assert (
        doubted.problem.message
        == "Nobody said “Thanks for watching!”, but speech.example.com wrote it."
    )
    long = check_text("Thank you. " * 20, SILENCE, EngineReport(HOST, 4.0))
    assert long.problem.message.endswith("…”, but speech.example.com wrote it.")
    assert len(long.problem.message) < 120


def test_an_empty_text_says_that_there_is_a_voice():
    doubted = check_text("", WORD, EngineReport(HOST, 2.2, 3.0))
    assert (doubted.text, doubted.reason) == ("", "empty")
    assert doubted.problem.sentence == (
        "speech.example.com gave no words for your speech. Your recording is kept. Try again."
    )


INVENTIONS = [
    "Thank you.", "THANK YOU!", " thank  you ", "Thank you. Thank you. Thank you.",
    "Thanks for watching! Bye.", "you", "Dziękuję za oglądanie!", "Vielen Dank fürs Zuschauen!",
    "Untertitel im Auftrag des ZDF für funk, 2017", "Sous-titrage ST' 501", "♪", "♪ la la ♪",
    "Субтитры сделал DimaTorzok", "شكرا للمشاهدة",
    "...", "(silence)",
    "Субтитры сделал DimaTorzok", "شكرا للمشاهدة", "...", "(silence)",
]  # fmt: skip


@pytest.mark.parametrize("text", INVENTIONS)
def test_inventions_are_known_however_they_are_written(text):
    assert is_hallucination(text)


WORDS = [
    "Thank you, Anna.", "Thank you for watching the children.", "youth", "Okay, nine then.", "42",
    "Danke für das Buch.", "Please subscribe me to the list.", "", "I [think] so", "50 %",
    "Merci d'avoir regardé mon chien.", "谢谢你的帮助",
]  # fmt: skip


@pytest.mark.parametrize("text", WORDS)
def test_what_has_other_words_in_it_is_none(text):
    assert not is_hallucination(text)


@pytest.mark.parametrize("language", PHRASES)
def test_every_phrase_is_known_in_any_case_with_any_mark(language):
    for phrase in PHRASES[language].split("|"):
        assert normalize(phrase), phrase
        assert is_hallucination(phrase), phrase
        assert is_hallucination(f"{phrase.strip().upper()} – {phrase.strip()}?!"), phrase


def test_a_very_long_text_is_not_looked_at():
    assert is_hallucination("Thank you. " * 150)
    assert not is_hallucination("Thank you. " * (MAX_CHARS // 10))


seconds = st.floats(0, 4000)
speeches = st.builds(
    lambda total, sound, voice: SpeechActivity(
        total, total * sound, total * sound * voice, ((0.0, total * sound),) if sound else ()
    ),
    seconds, st.floats(0, 1), st.floats(0, 1),
)  # fmt: skip
accounts = st.builds(EngineReport, st.just(HOST), seconds, seconds, st.booleans())


@given(st.text(), speeches, accounts)
def test_nothing_is_doubted_that_was_not_suspect(text, speech, account):
    doubted = check_text(text, speech, account)
    assert not doubted or needs_check(text, account)
    assert not doubted or doubted.text in ("", text.strip())


@given(st.text(min_size=1).filter(lambda text: not is_hallucination(text)), speeches)
def test_words_of_audio_that_was_used_are_always_believed(text, speech):
    account = EngineReport(HOST, speech.duration_s, speech.duration_s)
    assert not text.strip() or check_text(text, speech, account) is None


@given(st.sampled_from(INVENTIONS), st.floats(1.2, 60), st.floats(0, 1))
def test_whoever_says_it_gets_it(text, sound_s, voice):
    speech = SpeechActivity(60.0, sound_s, sound_s * voice, ((0.0, sound_s),))
    assert check_text(text, speech, EngineReport(HOST, 60.0)) is None


@given(speeches, accounts)
def test_an_empty_text_for_a_voice_is_never_believed(speech, account):
    doubted = check_text("", speech, account)
    if speech.voiced_s >= 0.2:
        assert doubted is not None
    if not speech.spans:
        assert doubted is None
