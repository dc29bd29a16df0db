import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES

from sayso.core.settings.languages import LANGUAGES
from sayso.stt.ondevice.engine import language_code

CODES = {
    "none chosen": ("", ""),
    "as it is": ("de", "de"),
    "of a country": ("pt-BR", "pt"),
    "Norwegian as written": ("nb", "no"),
    "Filipino": ("fil", "tl"),
    "an old code of Hebrew": ("iw", "he"),
    "not known to the model": ("tlh", ""),
}


@pytest.mark.parametrize(("language", "told"), CODES.values(), ids=CODES)
def test_the_code_the_model_is_told(language, told):
    assert language_code(language, set(_LANGUAGE_CODES)) == told


def test_a_model_for_english_is_told_of_no_other():
    assert language_code("de", {"en"}) == ""


def test_every_language_that_can_be_chosen_is_known_to_whisper():
    assert [name for name in LANGUAGES if not language_code(name, set(_LANGUAGE_CODES))] == []
