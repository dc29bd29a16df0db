from __future__ import annotations

import json
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.settings import endpoint as e
from sayso.core.settings import settings as s
from sayso.core.settings.endpoint import ON_DEVICE, Endpoint
from sayso.core.settings.engine_choice import select_engine, with_endpoint
from sayso.core.settings.file_format import VERSION, from_dict, to_dict
from sayso.core.settings.settings import Settings

LOCAL_URL = "http://localhost:8000/v1"
WORDS = st.text(st.characters(codec="utf-8", exclude_characters=",", categories=["L", "N"]))
NAMES = st.text(st.characters(categories=["L", "N", "P"], exclude_characters=","), max_size=55)


def one_of(literal: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(get_args(literal))


ENDPOINTS = st.builds(
    Endpoint,
    name=NAMES.map(lambda name: f"A {name}".strip()),
    url=st.sampled_from([LOCAL_URL, "", "wss://a.example/v1/realtime", "not an address"]),
    model=st.text(max_size=20),
    allow_insecure=st.text(max_size=10),
    dialect=one_of(e.ProtocolName),
    transport=one_of(e.Transport),
    auth=one_of(e.Auth),
    model_in_url=st.booleans(),
    headers=st.sampled_from(["", "X-Team: sound", "A: 1\nB: 2"]),
    secret_header=st.sampled_from(["", "cf-aig-authorization"]),
    secrets_url=st.sampled_from(["", "openai", "https://keys.example"]),
    prompt=st.text(max_size=30),
    keywords=WORDS.map(lambda text: text[:20]),
    delay=one_of(e.Delay),
    noise=one_of(e.NoiseReduction),
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


@settings(deadline=None)
@given(some_settings())
def test_written_settings_are_read_back(settings: Settings) -> None:
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


@settings(deadline=None)
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
def test_settings_from_any_file_are_consistent(raw: dict[str, Any]) -> None:
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


def test_an_invalid_field_of_an_endpoint_is_ignored() -> None:
    settings, problems = read_entries(
        {
            "endpoints": [
                {"url": LOCAL_URL, "name": "Box", "auth": "basic", "model": "m", "color": "red"}
            ]
        }
    )
    assert settings.endpoint == Endpoint(name="Box", url=LOCAL_URL, model="m")
    assert [message.split(":")[0] for message in problems] == ["A setting was ignored"] * 2


@pytest.mark.parametrize("entry", [None, 3, "Box", [], {}, {"name": "Box"}, {"url": 5}], ids=repr)
def test_an_endpoint_without_an_address_is_ignored(entry: object) -> None:
    settings, problems = read_entries({"endpoints": [entry, {"url": LOCAL_URL, "name": "Other"}]})
    assert [one.name for one in settings.endpoints] == ["Other"]
    assert problems == ["A server in the settings file was ignored because it has no address."]


def test_openai_is_the_default_endpoint() -> None:
    assert read_entries({"endpoints": []}) == (Settings(), [])
    settings, problems = read_entries({"endpoints": "none"})
    assert (settings, len(problems)) == (Settings(), 1)


def test_duplicate_names_get_a_number() -> None:
    rows = [
        {"url": LOCAL_URL, "name": name}
        for name in ("Box", "box", "Box", "On-Device", " ", "Box 2")
    ]
    settings, problems = read_entries({"endpoints": rows})
    assert [one.name for one in settings.endpoints] == [
        *("Box", "box 2", "Box 3", "My server", "My server 2", "Box 2 2")
    ]
    assert len(problems) == 2  # for the two invalid names


def test_an_invalid_name_is_replaced_by_the_default_name() -> None:
    assert read_entries({"endpoints": [{"url": LOCAL_URL, "name": 5}]})[0].profile == "My server"
    assert read_entries({"endpoints": [{"url": s.OPENAI_URL, "name": 5}]})[0].profile == "OpenAI"


def test_an_unknown_selected_server_selects_this_computer() -> None:
    settings, problems = read_entries(
        {"engine": "realtime", "profile": "Gone", "endpoints": [{"url": LOCAL_URL, "name": "Box"}]}
    )
    assert (settings.engine, settings.profile) == (ON_DEVICE, "Box")
    assert problems == ["A setting was ignored: profile cannot be 'Gone'."]


def test_unknown_fallbacks_are_ignored() -> None:
    settings, problems = read_entries({"fallback": ["Gone", "OpenAI", 3, ON_DEVICE, "OpenAI"]})
    assert settings.fallback == ("OpenAI", ON_DEVICE)
    assert problems == [
        "A setting was ignored: There is no server named 'Gone'.",
        "A setting was ignored: There is no server named 3.",
    ]


VERSION_1 = {
    "OpenAI with a fallback": (
        {"engine": "realtime", "endpoint": {"model": "whisper-1"}, "fallback": True},
        Settings(
            engine="realtime", endpoints=(Endpoint(model="whisper-1"),), fallback=(ON_DEVICE,)
        ),
    ),
    "another server without a fallback": (
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
    "no endpoint": ({"sounds": False}, Settings(sounds=False)),
    "an empty address": ({"endpoint": {"url": ""}}, Settings(
        endpoints=(Endpoint(name="My server", url=""),), profile="My server"
    )),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "settings"), VERSION_1.values(), ids=VERSION_1)
def test_a_file_of_version_1_is_upgraded(raw: dict[str, Any], settings: Settings) -> None:
    assert from_dict({"version": 1, **raw}) == (settings, [])


def test_an_invalid_endpoint_of_version_1_is_reported() -> None:
    settings, problems = from_dict({"version": 1, "endpoint": 5, "fallback": "yes"})
    assert settings == Settings()
    assert len(problems) == 2


@pytest.mark.parametrize(("kept", "days"), [(True, 7), (False, 0)])
def test_keep_sound_of_version_1_becomes_a_number_of_days(kept: bool, days: int) -> None:
    settings, problems = from_dict({"version": 1, "history": {"keep": "1y", "keep_sound": kept}})
    assert (settings.history.keep, settings.history.sound_days, problems) == ("1y", days, [])


def test_a_file_of_version_2_is_upgraded() -> None:
    old = {"name": "Gateway", "url": LOCAL_URL, "auth": "cloudflare", "keep_open_s": 60}
    settings, problems = from_dict({"version": 2, "endpoints": [old, {"url": LOCAL_URL}, 5]})
    assert settings.endpoints == (
        Endpoint(name="Gateway", url=LOCAL_URL, secret_header="cf-aig-authorization"),
        Endpoint(name="My server", url=LOCAL_URL),
    )
    assert len(problems) == 1
