import pytest

from sayso.core.recognition.hallucinations import MAX_CHARS, is_hallucination, normalize, phrases

HALLUCINATIONS = [
    *("Thank you.", "THANK YOU!", " thank  you ", "Thank you. Thank you. Thank you.", "you"),
    *("Thanks for watching! Bye.", "Dziękuję za oglądanie!", "Vielen Dank fürs Zuschauen!"),
    *("Untertitel im Auftrag des ZDF für funk, 2017", "Sous-titrage ST' 501"),
    *("Субтитры сделал DimaTorzok", "شكرا للمشاهدة", "♪", "♪ la la ♪", "...", "(silence)"),
]


@pytest.mark.parametrize("text", HALLUCINATIONS)
def test_hallucinations_are_recognized_in_any_spelling(text):
    assert is_hallucination(text)


OTHER_TEXT = [
    *("Thank you, Anna.", "Thank you for watching the children.", "youth", "Okay, nine then."),
    *("42", "50 %", "", "I [think] so", "Danke für das Buch.", "Please subscribe me to the list."),
    *("Merci d'avoir regardé mon chien.", "谢谢你的帮助"),
]


@pytest.mark.parametrize("text", OTHER_TEXT)
def test_text_with_other_words_is_not_a_hallucination(text):
    assert not is_hallucination(text)


@pytest.mark.parametrize("language", phrases())
def test_every_phrase_is_recognized_in_any_case_with_any_punctuation(language):
    for phrase in phrases()[language]:
        assert normalize(phrase), phrase
        assert is_hallucination(phrase), phrase
        assert is_hallucination(f"{phrase.upper()} – {phrase}?!"), phrase


def test_very_long_text_is_not_a_hallucination():
    assert is_hallucination("Thank you. " * 150)
    assert not is_hallucination("Thank you. " * (MAX_CHARS // 10))
