import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.problems import ProblemError
from sayso.core.settings.endpoint import ON_DEVICE, unique_name
from sayso.core.settings.engine_choice import select_engine, with_endpoint
from sayso.core.settings.file_format import VERSION, from_dict, to_dict
from sayso.core.settings.settings import (
    DESCRIPTIONS,
    KEYS,
    OPENAI_URL,
    Endpoint,
    Settings,
    get,
    parse,
    put,
    replace_endpoint,
)

REQUIRED_KEYS = {
    *("engine", "endpoint.url", "endpoint.model", "language", "hotkey.chord", "hotkey.mode"),
    *("microphone.device", "insertion.method"),
}


def test_the_keys_that_scripts_use_exist():
    assert set(KEYS) >= REQUIRED_KEYS


def test_the_default_engine_works_without_an_account():
    settings = Settings()
    assert (settings.engine, settings.hotkey.chord, settings.hotkey.mode) == (
        *("on-device", "ctrl_r", "hold"),
    )
    assert settings.endpoint.url == OPENAI_URL
    assert settings.endpoint.model == "gpt-live-transcribe"


def test_written_settings_are_read_back():
    settings = put(put(Settings(), "hotkey.chord", "f9"), "sounds", False)
    assert from_dict(to_dict(settings)) == (settings, [])


REJECTED = {
    "unknown key": ("engin", "realtime", "Did you mean engine?"),
    "unknown value": ("engine", "cloud", "Use one of: on-device, realtime."),
    "unknown mode": ("hotkey.mode", "push", "tap-or-hold, hold, toggle"),
    "unknown method": ("insertion.method", "magic", "auto, type, paste, copy"),
    "unknown protocol": ("endpoint.dialect", "grpc", "one of: auto, openai, vllm, speaches,"),
    "unknown delay": ("endpoint.delay", "soon", "one of: empty, minimal, low, medium, high, xhigh"),
    "unknown noise": ("endpoint.noise", "loud", "Use one of: empty, near_field, far_field."),
    "unknown authentication": ("endpoint.auth", "basic", "bearer, api-key, none"),
    "unknown transport": ("endpoint.transport", "tcp", "websocket, webrtc, rest"),
    "not a chord": ("hotkey.chord", "hyper+q", "'hyper'"),
    "not a model": ("on_device.model", "../base", "sayso models list"),
    "not a language": ("language", "English", "a code such as en"),
    "a number out of range": ("microphone.preroll_ms", 9000, "0 to 2000"),
    "text for a number": ("microphone.preroll_ms", "much", "0 to 2000"),
    "too many minutes": ("on_device.unload_minutes", 1441, "or 0 for never"),
    "negative minutes": ("on_device.unload_minutes", -1, "up to 1440"),
    "text for a switch": ("sounds", "loud", "Use true or false."),
    "a number for text": ("endpoint.model", 5, "Use text."),
    "a number for a prompt": ("endpoint.prompt", 7, "Use text."),
    "a number for keywords": ("endpoint.keywords", 7, "separated by commas"),
    "a taken name": ("endpoint.name", "box", "Another server has this name."),
    "the name of this computer": ("endpoint.name", "On-device", "stands for this computer"),
    "an empty name": ("endpoint.name", "", "1 to 60 characters"),
    "a name with spaces around it": ("endpoint.name", " a", "no spaces at the beginning"),
    "a long name": ("endpoint.name", "x" * 61, "1 to 60 characters"),
    "a name with a comma": ("endpoint.name", "a, b", "no commas"),
    "a number for a name": ("endpoint.name", 5, "Use text."),
    "an unknown server": ("profile", "Gone", "Use one of: OpenAI, Box."),
    "an unknown fallback": ("fallback", ("Gone",), "at most once: OpenAI, Box, on-device."),
    "a fallback twice": ("fallback", ("Box", "Box"), "fallback cannot be 'Box, Box'. Use each"),
    "a fallback that is not a list": ("fallback", "Box", "names of servers and on-device"),
    "an invalid header": ("endpoint.headers", "x", "cannot be that. Line 1 is not a header."),
    "a number for headers": ("endpoint.headers", 5, "cannot be that. Use lines of the form"),
    "a secret header that Sayso sends": ("endpoint.secret_header", "Host", "Sayso sends Host"),
    "an amount that is text": ("monthly_budget_usd", "much", "US dollars up to 1,000,000, or 0"),
    "a negative amount": ("monthly_budget_usd", -1, "US dollars"),
    "an infinite amount": ("monthly_budget_usd", float("nan"), "US dollars"),
}


@pytest.mark.parametrize(("key", "value", "reason"), REJECTED.values(), ids=REJECTED)
def test_a_rejected_value_is_answered_with_the_allowed_ones(key, value, reason):
    settings = with_endpoint(Settings(), Endpoint(name="Box"))
    with pytest.raises(ProblemError) as caught:
        put(settings, key, value)
    assert reason in caught.value.problem.sentence


PARSED = {
    "text": ("endpoint.model", "whisper-1", "whisper-1"),
    "yes": ("sounds", "yes", True),
    "off": ("sounds", "OFF", False),
    "no": ("endpoint.model_in_url", "no", False),
    "number": ("microphone.preroll_ms", "150", 150),
    "amount": ("monthly_budget_usd", "12.5", 12.5),
    "list": ("fallback", " Box , on-device,", ("Box", "on-device")),
    "empty list": ("fallback", "", ()),
}


@pytest.mark.parametrize(("key", "text", "value"), PARSED.values(), ids=PARSED)
def test_typed_text_becomes_a_value_of_its_type(key, text, value):
    assert parse(key, text) == value
    settings = put(with_endpoint(Settings(), Endpoint(name="Box")), key, value)
    assert get(settings, key) == value


@pytest.mark.parametrize(
    ("key", "text", "reason"),
    [
        ("sounds", "loud", "Use true or false."),
        ("microphone.preroll_ms", "1.5", "Use a whole number"),
        ("monthly_budget_usd", "much", "Use an amount of US dollars"),
    ],
)
def test_text_of_another_type_is_rejected(key, text, reason):
    with pytest.raises(ProblemError) as caught:
        parse(key, text)
    assert caught.value.problem.message == f"{key} cannot be {text!r}."
    assert reason in caught.value.problem.remedy


def test_only_invalid_entries_are_ignored():
    raw = {"version": VERSION, "engine": "cloud", "hotkey": {"chord": "f9", "color": "red"}}
    settings, problems = from_dict(raw)
    assert settings == put(Settings(), "hotkey.chord", "f9")
    assert [p.message.split(":")[0] for p in problems] == ["A setting was ignored"] * 2


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(KEYS) | st.text(max_size=8),
        st.none() | st.text(max_size=8) | st.integers() | st.lists(st.text(max_size=3), max_size=3),
        max_size=6,
    )
)
def test_any_file_can_be_read(raw):
    settings, _ = from_dict(raw)
    assert isinstance(settings, Settings)


@pytest.mark.parametrize("key", KEYS)
def test_each_key_can_be_read_and_set(key):
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


def test_every_setting_is_described():
    for key, description in DESCRIPTIONS.items():
        assert description.title, key
        assert description.allowed[-1] != ".", key
        for value, label in description.choices.items():
            assert label
            assert get(put(Settings(), key, value), key) == value


def test_changing_a_key_changes_the_selected_endpoint():
    settings = select_engine(with_endpoint(Settings(), Endpoint(name="Box", url="wss://a")), "Box")
    settings = put(settings, "endpoint.model", "m")
    assert get(settings, "endpoint.url") == "wss://a"
    assert settings.endpoint_named("Box") == Endpoint(name="Box", url="wss://a", model="m")
    assert settings.endpoint_named("OpenAI") == Endpoint()
    assert settings.endpoint_named("Gone") is None


def test_renaming_an_endpoint_keeps_it_selected_and_in_the_fallback():
    settings = with_endpoint(Settings(fallback=("OpenAI", ON_DEVICE)), Endpoint(name="Box"))
    settings = put(settings, "endpoint.name", "Open AI")
    assert (settings.profile, settings.fallback) == ("Open AI", ("Open AI", ON_DEVICE))
    other = replace_endpoint(settings, "Box", Endpoint(name="The box"))
    assert (other.profile, other.endpoints[1].name) == ("Open AI", "The box")


@pytest.mark.parametrize(
    ("wanted", "taken", "name"),
    [
        ("Box", (), "Box"),
        ("Box", ("box",), "Box 2"),
        ("Box", ("Box", "Box 2", "box 3"), "Box 4"),
        ("on-device", (), "on-device 2"),
        ("x" * 60, ("x" * 60,), "x" * 55 + " 2"),
    ],
)
def test_a_taken_name_gets_a_number(wanted, taken, name):
    assert unique_name(wanted, taken) == name
    assert Endpoint(name=name).name == name
