import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.problems import ProblemError
from sayso.core.settings.file_format import VERSION, from_dict, to_dict
from sayso.core.settings.settings import KEYS, OPENAI_URL, Settings, get, parse, put

no_deadline = settings(deadline=None)  # the computer may be

REQUIRED_KEYS = {
    *("engine", "endpoint.url", "endpoint.model", "language", "hotkey.chord", "hotkey.mode"),
    *("microphone.device", "insertion.method"),
}


def test_the_keys_scripts_rely_on_are_there():
    assert set(KEYS) >= REQUIRED_KEYS


def test_the_defaults():
    settings = Settings()
    assert (settings.engine, settings.hotkey.chord, settings.hotkey.mode) == (
        *("on-device", "ctrl_r", "hold"),
    )
    assert settings.endpoint.url == OPENAI_URL
    assert settings.endpoint.model == "gpt-live-transcribe"


def test_what_is_written_is_read():
    settings = put(put(Settings(), "hotkey.chord", "f9"), "sounds", False)
    assert from_dict(to_dict(settings)) == (settings, [])


REFUSED = {
    "unknown key": ("engin", "realtime", "Did you mean engine?"),
    "unknown value": ("engine", "cloud", "on-device, realtime"),
    "unknown mode": ("hotkey.mode", "push", "hold, toggle, tap-or-hold"),
    "unknown method": ("insertion.method", "magic", "auto, type, paste, copy"),
    "no chord": ("hotkey.chord", "hyper+q", "no key called 'hyper'"),
    "no model": ("on_device.model", "../base", "sayso models list"),
    "no language": ("language", "English", "a code such as en"),
    "a number out of range": ("microphone.preroll_ms", 9000, "0 to 2000"),
    "text for a number": ("microphone.preroll_ms", "much", "0 to 2000"),
    "memory kept for days": ("on_device.unload_minutes", 1441, "or 0 for never"),
    "memory kept for less than no time": ("on_device.unload_minutes", -1, "up to 1440"),
    "text for a switch": ("sounds", "loud", "true or false"),
    "a number for text": ("endpoint.model", 5, "text"),
}


@pytest.mark.parametrize(("key", "value", "why"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_named_with_what_can(key, value, why):
    with pytest.raises(ProblemError) as caught:
        put(Settings(), key, value)
    assert why in caught.value.problem.sentence


PARSED = {
    "text": ("endpoint.model", "whisper-1", "whisper-1"),
    "yes": ("sounds", "yes", True),
    "off": ("sounds", "OFF", False),
    "number": ("microphone.preroll_ms", "150", 150),
}


@pytest.mark.parametrize(("key", "text", "value"), PARSED.values(), ids=PARSED)
def test_what_a_person_types(key, text, value):
    assert parse(key, text) == value


@pytest.mark.parametrize(("key", "text"), [("sounds", "loud"), ("microphone.preroll_ms", "1.5")])
def test_what_is_not_of_its_kind_is_told(key, text):
    with pytest.raises(ProblemError) as caught:
        parse(key, text)
    assert repr(text) in caught.value.problem.message


def test_a_wrong_entry_costs_that_entry_only():
    raw = {"version": VERSION, "engine": "cloud", "hotkey": {"chord": "f9", "colour": "red"}}
    settings, problems = from_dict(raw)
    assert settings == put(Settings(), "hotkey.chord", "f9")
    assert [p.message.split(":")[0] for p in problems] == ["A setting was ignored"] * 2


@no_deadline
@given(
    st.dictionaries(
        st.sampled_from(KEYS) | st.text(max_size=8),
        st.none() | st.text(max_size=8) | st.integers() | st.lists(st.text(max_size=3), max_size=3),
        max_size=6,
    )
)
def test_no_file_stops_it(raw):
    settings, _ = from_dict(raw)
    assert isinstance(settings, Settings)


@pytest.mark.parametrize("key", KEYS)
def test_each_key_is_read_and_put(key):
    settings = Settings()
    assert put(settings, key, get(settings, key)) == settings


def test_every_field_has_a_key():
    settings = Settings()
    values = [getattr(settings, f.name) for f in attrs.fields(Settings) if f.name != "endpoints"]
    fields = sum(
        len(attrs.fields(type(value))) if attrs.has(type(value)) else 1
        for value in [*values, settings.endpoint]
    )
    assert fields == len(KEYS)
