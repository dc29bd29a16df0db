import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES

from sayso.core.settings.languages import LANGUAGES
from sayso.stt.ondevice.engine import language_code

CODES = {
    "not set": ("", ""),
    "the same code": ("de", "de"),
    "with a country": ("pt-BR", "pt"),
    "Norwegian Bokmål": ("nb", "no"),
    "Filipino": ("fil", "tl"),
    "an old code of Hebrew": ("iw", "he"),
    "a language that the model does not know": ("tlh", ""),
}


@pytest.mark.parametrize(("language", "code"), CODES.values(), ids=CODES)
def test_the_setting_is_converted_to_the_code_of_the_model(language, code):
    assert language_code(language, set(_LANGUAGE_CODES)) == code


def test_an_english_model_detects_other_languages():
    assert language_code("de", {"en"}) == ""


def test_whisper_knows_every_language_of_the_settings():
    assert [name for name in LANGUAGES if not language_code(name, set(_LANGUAGE_CODES))] == []
