from __future__ import annotations

import json
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.problems import ProblemError
from sayso.core.settings import endpoint as e
from sayso.core.settings import settings as s
from sayso.core.settings.endpoint import ON_DEVICE, Endpoint, unique_name
from sayso.core.settings.engine_choice import (
    only_engine,
    select_engine,
    with_endpoint,
    without_endpoint,
)
from sayso.core.settings.file_format import VERSION, from_dict, to_dict
from sayso.core.settings.settings import Settings

no_deadline = settings(deadline=None)  # the computer may be

LOCAL_URL = "http://localhost:8000/v1"
WORDS = st.text(st.characters(codec="utf-8", exclude_characters=",", categories=["L", "N"]))
NAMES = st.text(st.characters(categories=["L", "N", "P"], exclude_characters=","), max_size=55)


def among(kind: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(get_args(kind))


ENDPOINTS = st.builds(
    Endpoint,
    name=NAMES.map(lambda name: f"A {name}".strip()),
    url=st.sampled_from([LOCAL_URL, "", "wss://a.example/v1/realtime", "not an address"]),
    model=st.text(max_size=20),
    allow_insecure=st.text(max_size=10),
    dialect=among(e.ProtocolName),
    transport=among(e.Transport),
    auth=among(e.Auth),
    model_in_url=st.booleans(),
    headers=st.sampled_from(["", "X-Team: sound", "A: 1\nB: 2"]),
    secrets_url=st.sampled_from(["", "openai", "https://keys.example"]),
    keep_open_s=st.integers(0, e.MAX_KEEP_OPEN_S),
    prompt=st.text(max_size=30),
    keywords=WORDS.map(lambda text: text[:20]),
    delay=among(e.Delay),
    noise=among(e.NoiseReduction),
)


@st.composite
def some_settings(draw: st.DrawFn) -> Settings:
    settings = Settings()
    for endpoint in draw(st.lists(ENDPOINTS, max_size=4)):
        settings = with_endpoint(settings, endpoint)
    names = [ON_DEVICE, *(one.name for one in settings.endpoints)]
    order = draw(st.lists(st.sampled_from(names), unique=True))
    settings = select_engine(settings, draw(st.sampled_from(names)))
    budget = draw(st.floats(0, s.MAX_BUDGET_USD))
    return attrs.evolve(settings, fallback=tuple(order), monthly_budget_usd=budget)


@no_deadline
@given(some_settings())
def test_what_is_written_is_read(settings: Settings) -> None:
    assert from_dict(json.loads(json.dumps(to_dict(settings)))) == (settings, [])


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PARTLY_VALID = st.dictionaries(
    st.sampled_from([field.name for field in attrs.fields(Endpoint)]),
    ANY_JSON | st.sampled_from(["OpenAI", "on-device", LOCAL_URL, "a, b"]),
    max_size=6,
)


@no_deadline
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "version": st.integers(0, 3) | ANY_JSON,
            "endpoints": ANY_JSON | st.lists(PARTLY_VALID | ANY_JSON, max_size=4),
            "endpoint": ANY_JSON | PARTLY_VALID,
            "profile": ANY_JSON | st.sampled_from(["OpenAI", "My server"]),
            "fallback": ANY_JSON | st.lists(st.sampled_from(["OpenAI", ON_DEVICE, "?"])),
            "engine": ANY_JSON | st.sampled_from(["realtime", ON_DEVICE]),
            "monthly_budget_usd": ANY_JSON,
        },
    )
)
def test_whatever_the_file_has_the_settings_hold_together(raw: dict[str, Any]) -> None:
    settings, _ = from_dict(raw)
    names = [one.name for one in settings.endpoints]
    assert names
    assert len({name.casefold() for name in names}) == len(names)
    assert settings.endpoint.name == settings.profile
    assert set(settings.fallback) <= {*names, ON_DEVICE}
    assert from_dict(to_dict(settings)) == (settings, [])


def read_entries(raw: dict[str, Any]) -> tuple[Settings, list[str]]:
    settings, problems = from_dict({"version": VERSION, **raw})
    return settings, [problem.message for problem in problems]


def test_a_wrong_field_costs_that_field() -> None:
    settings, problems = read_entries(
        {
            "endpoints": [
                {"url": LOCAL_URL, "name": "Box", "auth": "basic", "model": "m", "colour": "red"}
            ]
        }
    )
    assert settings.endpoint == Endpoint(name="Box", url=LOCAL_URL, model="m")
    assert [what.split(":")[0] for what in problems] == ["A setting was ignored"] * 2


@pytest.mark.parametrize("entry", [None, 3, "Box", [], {}, {"name": "Box"}, {"url": 5}], ids=repr)
def test_an_endpoint_without_an_address_costs_that_endpoint(entry: object) -> None:
    settings, problems = read_entries({"endpoints": [entry, {"url": LOCAL_URL, "name": "Other"}]})
    assert [one.name for one in settings.endpoints] == ["Other"]
    assert problems == ["An endpoint was ignored: it has no address."]


def test_without_any_endpoint_there_is_openai() -> None:
    assert read_entries({"endpoints": []}) == (Settings(), [])
    settings, problems = read_entries({"endpoints": "none"})
    assert (settings, len(problems)) == (Settings(), 1)


def test_names_are_made_unique() -> None:
    rows = [
        {"url": LOCAL_URL, "name": name}
        for name in ("Box", "box", "Box", "On-Device", " ", "Box 2")
    ]
    settings, problems = read_entries({"endpoints": rows})
    assert [one.name for one in settings.endpoints] == [
        *("Box", "box 2", "Box 3", "My server", "My server 2", "Box 2 2"),
    ]
    assert len(problems) == 2  # the two that are no names


def test_a_wrong_name_is_not_openais() -> None:
    assert read_entries({"endpoints": [{"url": LOCAL_URL, "name": 5}]})[0].profile == "My server"
    assert read_entries({"endpoints": [{"url": s.OPENAI_URL, "name": 5}]})[0].profile == "OpenAI"


def test_what_is_said_goes_to_no_server_that_was_not_chosen() -> None:
    settings, problems = read_entries(
        {"engine": "realtime", "profile": "Gone", "endpoints": [{"url": LOCAL_URL, "name": "Box"}]}
    )
    assert (settings.engine, settings.profile) == (ON_DEVICE, "Box")
    assert problems == ["A setting was ignored: profile cannot be 'Gone'."]


def test_an_unknown_helper_is_left_out_and_the_order_stays() -> None:
    settings, problems = read_entries({"fallback": ["Gone", "OpenAI", 3, ON_DEVICE, "OpenAI"]})
    assert settings.fallback == ("OpenAI", ON_DEVICE)
    assert problems == [
        "A setting was ignored: There is no endpoint called 'Gone'.",
        "A setting was ignored: There is no endpoint called 3.",
    ]


OLD = {
    "OpenAI, and this computer helps": (
        {"engine": "realtime", "endpoint": {"model": "whisper-1"}, "fallback": True},
        Settings(
            engine="realtime", endpoints=(Endpoint(model="whisper-1"),), fallback=(ON_DEVICE,)
        ),
    ),
    "an own server, and nobody helps": (
        {
            "engine": "realtime",
            "endpoint": {"url": LOCAL_URL, "dialect": "vllm", "keywords": "a, b"},
            "fallback": False,
        },
        Settings(
            engine="realtime",
            endpoints=(Endpoint(name="My server", url=LOCAL_URL, dialect="vllm", keywords="a, b"),),
            profile="My server",
        ),
    ),
    "nothing of either": ({"sounds": False}, Settings(sounds=False)),
    "no address": ({"endpoint": {"url": ""}}, Settings(
        endpoints=(Endpoint(name="My server", url=""),), profile="My server"
    )),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "settings"), OLD.values(), ids=OLD)
def test_a_file_of_version_1_is_taken_over(raw: dict[str, Any], settings: Settings) -> None:
    assert from_dict({"version": 1, **raw}) == (settings, [])


def test_a_broken_endpoint_of_version_1_is_reported() -> None:
    settings, problems = from_dict({"version": 1, "endpoint": 5, "fallback": "yes"})
    assert settings == Settings()
    assert len(problems) == 2


# Changing them


def test_the_endpoint_in_use_is_read_and_put_by_its_keys() -> None:
    settings = select_engine(with_endpoint(Settings(), Endpoint(name="Box", url=LOCAL_URL)), "Box")
    settings = s.put(settings, "endpoint.model", "m")
    assert s.get(settings, "endpoint.url") == LOCAL_URL
    assert settings.endpoint_named("Box") == Endpoint(name="Box", url=LOCAL_URL, model="m")
    assert settings.endpoint_named("OpenAI") == Endpoint()
    assert settings.endpoint_named("Gone") is None


def test_a_new_name_goes_wherever_the_old_one_stood() -> None:
    settings = with_endpoint(Settings(fallback=("OpenAI", ON_DEVICE)), Endpoint(name="Box"))
    settings = s.put(settings, "endpoint.name", "Open AI")
    assert (settings.profile, settings.fallback) == ("Open AI", ("Open AI", ON_DEVICE))
    other = s.replace_endpoint(settings, "Box", Endpoint(name="The box"))
    assert (other.profile, other.endpoints[1].name) == ("Open AI", "The box")


REFUSED = {
    "a name that is taken": ("endpoint.name", "box", "Another endpoint has this name."),
    "this computer's name": ("endpoint.name", "On-device", "That is this computer’s name."),
    "no name": ("endpoint.name", "", "1 to 60 characters"),
    "a name with spaces around it": ("endpoint.name", " a", "no spaces around it"),
    "a name that is too long": ("endpoint.name", "x" * 61, "1 to 60 characters"),
    "a name with a comma": ("endpoint.name", "a, b", "no commas"),
    "a name of no letters": ("endpoint.name", 5, "It is text."),
    "nobody's profile": ("profile", "Gone", "It is one of: OpenAI, Box."),
    "nobody's help": ("fallback", ("Gone",), "each once: OpenAI, Box, on-device."),
    "help twice": ("fallback", ("Box", "Box"), "fallback cannot be 'Box, Box'. It is of these"),
    "help that is no list": ("fallback", "Box", "It is text."),
    "a header that is none": (
        "endpoint.headers",
        "x",
        "cannot be that. Line 1 is no header.",
    ),
    "an unknown way to show the key": ("endpoint.auth", "basic", "bearer, api-key, none"),
    "an unknown transport": ("endpoint.transport", "tcp", "websocket, webrtc, rest"),
    "open for over an hour": ("endpoint.keep_open_s", 3601, "seconds up to 3300, or 0"),
    "money that is none": ("monthly_budget_usd", "much", "US dollars up to 1,000,000, or 0"),
    "less than no money": ("monthly_budget_usd", -1, "US dollars"),
    "money without end": ("monthly_budget_usd", float("nan"), "US dollars"),
}


@pytest.mark.parametrize(("key", "value", "why"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_named_with_what_can(key: str, value: object, why: str) -> None:
    settings = with_endpoint(Settings(), Endpoint(name="Box", url=LOCAL_URL))
    with pytest.raises(ProblemError) as caught:
        s.put(settings, key, value)
    assert why in caught.value.problem.sentence


TYPED = {
    "names with commas": ("fallback", " Box , on-device,", ("Box", "on-device")),
    "no names": ("fallback", "", ()),
    "money": ("monthly_budget_usd", "12.5", 12.5),
    "seconds": ("endpoint.keep_open_s", "60", 60),
    "a switch": ("endpoint.model_in_url", "no", False),
}


@pytest.mark.parametrize(("key", "text", "value"), TYPED.values(), ids=TYPED)
def test_what_a_person_types(key: str, text: str, value: object) -> None:
    assert s.parse(key, text) == value
    settings = s.put(with_endpoint(Settings(), Endpoint(name="Box")), key, value)
    assert s.get(settings, key) == value


def test_money_that_is_no_number_is_told() -> None:
    with pytest.raises(ProblemError) as caught:
        s.parse("monthly_budget_usd", "much")
    assert caught.value.problem.sentence == "monthly_budget_usd cannot be 'much'. It is a number."


def test_there_is_always_an_endpoint() -> None:
    with pytest.raises(ProblemError) as caught:
        without_endpoint(Settings(), "OpenAI")
    assert caught.value.problem.message == "OpenAI is the only endpoint."
    with pytest.raises(ValueError, match="endpoints"):
        attrs.evolve(Settings(), endpoints=())


def test_removing_the_one_in_use_goes_back_to_this_computer() -> None:
    settings = select_engine(with_endpoint(Settings(), Endpoint(name="Box")), "Box")
    settings = attrs.evolve(settings, fallback=("Box", "OpenAI", ON_DEVICE))
    left = without_endpoint(settings, "Box")
    assert (left.engine, left.profile) == (ON_DEVICE, "OpenAI")
    assert left.fallback == ("OpenAI", ON_DEVICE)
    other = without_endpoint(settings, "OpenAI")
    assert (other.engine, other.profile, other.fallback) == ("realtime", "Box", ("Box", ON_DEVICE))


UNKNOWN_NAMES = {
    "to remove": (
        without_endpoint,
        "There is no endpoint called 'Gone'. The endpoints are: OpenAI.",
    ),
    "to use": (select_engine, "No engine is called 'Gone'. It is one of: OpenAI, on-device."),
    "to read": (only_engine, "No engine is called 'Gone'. It is one of: OpenAI, on-device."),
}


@pytest.mark.parametrize(("change", "sentence"), UNKNOWN_NAMES.values(), ids=UNKNOWN_NAMES)
def test_who_is_not_there_is_told(change: Any, sentence: str) -> None:
    with pytest.raises(ProblemError) as caught:
        change(Settings(), "Gone")
    assert caught.value.problem.sentence == sentence


@pytest.mark.parametrize("name", ["OpenAI", ON_DEVICE])
def test_one_engine_can_be_asked_alone(name: str) -> None:
    alone = only_engine(Settings(fallback=(ON_DEVICE, "OpenAI")), name)
    assert (alone.selected_engine, alone.fallback) == (name, ())


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
def test_a_taken_name_gets_a_number(wanted: str, taken: tuple[str, ...], name: str) -> None:
    assert unique_name(wanted, taken) == name
    assert Endpoint(name=name).name == name


@pytest.mark.parametrize(("kept", "days"), [(True, 7), (False, 0)])
def test_whether_sound_was_kept_becomes_for_how_long(kept: bool, days: int) -> None:
    settings, problems = from_dict({"version": 1, "history": {"keep": "1y", "keep_sound": kept}})
    assert (settings.history.keep, settings.history.sound_days, problems) == ("1y", days, [])


def test_realtime_is_the_endpoint_in_use_unless_one_is_called_so() -> None:
    settings = select_engine(with_endpoint(Settings(), Endpoint(name="Attic")), "Attic")
    assert only_engine(settings, "realtime").selected_engine == "Attic"
    other = select_engine(with_endpoint(settings, Endpoint(name="realtime")), "Attic")
    assert only_engine(other, "realtime").selected_engine == "realtime"
