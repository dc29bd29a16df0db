from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.problems import ProblemError
from sayso.core.settings.endpoint import Endpoint
from sayso.core.settings.engine_choice import with_endpoint
from sayso.core.settings.settings import Settings
from sayso.core.settings.urls import host_of, http_url, websocket_url
from sayso.core.settings.validators import parse_headers
from sayso.stt.realtime.detect import create_protocol
from sayso.stt.realtime.openai import OpenAIProtocol
from sayso.stt.realtime.protocol import RealtimeProtocol
from sayso.stt.realtime.server_vad import ServerVadProtocol
from sayso.stt.realtime.vllm import VLLMProtocol
from sayso.stt.server.auth import Credentials, credentials_for
from sayso.stt.server.model_list import MAX_MODELS, MAX_NAME_CHARS, usable_models
from sayso.stt.server.presets import PRESETS, Preset, find_preset

no_deadline = settings(deadline=None)  # the computer may be slow

KEY, TOKEN = "sk-canary-1234567890", "cf-canary-1234567890"
EXPECTED: dict[str, tuple[str, str, type[RealtimeProtocol] | None, str]] = {
    # entered, host of the key, protocol (None: files), socket or file address
    "openai": ("", "api.openai.com", OpenAIProtocol,
               "wss://api.openai.com/v1/realtime?intent=transcription"),
    "azure": ("https://r.openai.azure.com/openai/v1", "r.openai.azure.com", OpenAIProtocol,
              "wss://r.openai.azure.com/openai/v1/realtime?intent=transcription"),
    "litellm": ("https://llm.example:4000/v1", "llm.example:4000", OpenAIProtocol,
                "wss://llm.example:4000/v1/realtime?intent=transcription&model=m"),
    "cloudflare": ("https://gateway.ai.cloudflare.com/v1/a/g/openai",
                   "gateway.ai.cloudflare.com", OpenAIProtocol,
                   "wss://gateway.ai.cloudflare.com/v1/a/g/openai?intent=transcription&model=m"),
    "gateway": ("https://gw.example/v1", "gw.example", OpenAIProtocol,
                "wss://gw.example/v1/realtime?intent=transcription&model=m"),
    "vllm": ("http://localhost:8000/v1", "localhost:8000", VLLMProtocol,
             "ws://localhost:8000/v1/realtime"),
    "speaches": ("http://localhost:8000/v1", "localhost:8000", ServerVadProtocol,
                 "ws://localhost:8000/v1/realtime?intent=transcription&model=m&language=de"),
    "sglang": ("http://localhost:30000/v1", "localhost:30000", OpenAIProtocol,
               "ws://localhost:30000/v1/realtime?intent=transcription&model=m"),
    "localai": ("http://localhost:8080/v1", "localhost:8080", OpenAIProtocol,
                "ws://localhost:8080/v1/realtime?intent=transcription&model=m"),
    "groq": ("", "api.groq.com", None,
             "https://api.groq.com/openai/v1/audio/transcriptions"),
    "rest": ("http://localhost:8000/v1", "localhost:8000", None,
             "http://localhost:8000/v1/audio/transcriptions"),
}  # fmt: skip


@pytest.mark.parametrize("kind", [one for one in PRESETS if one.name != "custom"], ids=str)
def test_each_preset_has_the_right_address_and_protocol(kind: Preset) -> None:
    url, host, protocol, address = EXPECTED[kind.name]
    endpoint = kind.create_endpoint(url, "m")
    assert host_of(endpoint.url) == host
    if protocol is None:
        assert endpoint.transport == "rest"
        assert http_url(endpoint.url, "/audio/transcriptions") == address
        return
    assert endpoint.transport == "websocket"
    made = create_protocol(endpoint, "de", Credentials(KEY))
    assert type(made) is protocol
    assert made.url == address


def test_preset_names_are_unique_and_valid_settings() -> None:
    assert len({one.name for one in PRESETS}) == len(PRESETS)
    settings = Settings()
    for one in PRESETS:
        settings = with_endpoint(settings, one.create_endpoint(one.example_url))
        assert one.description.endswith(".")
        if not one.endpoint.url:
            assert websocket_url(one.example_url, host_of(one.example_url))
    assert [one.name for one in settings.endpoints] == [
        "OpenAI",
        *("OpenAI 2" if one.name == "openai" else one.title for one in PRESETS),
    ]


def test_given_values_override_the_preset() -> None:
    assert find_preset("Groq").create_endpoint() == find_preset("groq").endpoint
    made = find_preset("vllm").create_endpoint("http://localhost:1/v1", "mine")
    assert (made.url, made.model, made.dialect) == ("http://localhost:1/v1", "mine", "vllm")


def test_an_unknown_preset_suggests_the_most_similar_name() -> None:
    with pytest.raises(ProblemError) as caught:
        find_preset("azur")
    assert caught.value.problem.message == "There is no preset named “azur”. Did you mean azure?"
    with pytest.raises(ProblemError, match="The presets are: openai, azure"):
        find_preset("???")


# Addresses


@pytest.mark.parametrize(
    ("url", "models"),
    [
        ("wss://api.openai.com/v1/realtime", "https://api.openai.com/v1/models"),
        ("https://r.openai.azure.com/openai/v1", "https://r.openai.azure.com/openai/v1/models"),
        (
            "https://gateway.ai.cloudflare.com/v1/a/g/openai/",
            "https://gateway.ai.cloudflare.com/v1/a/g/openai/models",
        ),
        (
            "ws://localhost:8000/v1/realtime?model=x&tenant=y",
            "http://localhost:8000/v1/models?tenant=y",
        ),
    ],
)
def test_the_model_list_has_its_own_address(url: str, models: str) -> None:
    assert http_url(url, "/models") == models


def test_only_cloudflares_path_has_no_realtime_suffix() -> None:
    end = "/v1/a/g/openai"
    assert websocket_url(f"https://gateway.ai.cloudflare.com{end}").endswith(end)
    assert websocket_url(f"https://gateway.ai.cloudflare.example{end}").endswith("/realtime")


# Credentials


HEADERS = {
    "nothing": (Credentials(), {}),
    "bearer token": (Credentials(KEY), {"Authorization": f"Bearer {KEY}"}),
    "api-key header": (Credentials(KEY, "api-key"), {"api-key": KEY}),
    "extra headers": (
        Credentials(KEY, extra_headers={"X-Team": "audio"}),
        {"X-Team": "audio", "Authorization": f"Bearer {KEY}"},
    ),
}


@pytest.mark.parametrize(("credentials", "headers"), HEADERS.values(), ids=HEADERS)
def test_credentials_become_headers(credentials: Credentials, headers: dict[str, str]) -> None:
    assert credentials.headers == headers
    assert KEY not in repr(credentials)


SECRETS = {
    "bare token": (TOKEN, f"Bearer {TOKEN}"),
    "complete value": (f"Basic {TOKEN}", f"Basic {TOKEN}"),
    "none": (None, None),
}


@pytest.mark.parametrize(("stored", "value"), SECRETS.values(), ids=SECRETS)
def test_a_secret_header_comes_from_the_keyring(stored: str | None, value: str | None) -> None:
    endpoint = Endpoint(
        url="https://gw.example:8443/v1", auth="none", secret_header="cf-aig-authorization"
    )
    keyring = {"gw.example:8443/cf-aig-authorization": stored}
    credentials = asyncio.run(credentials_for(endpoint, "gw.example:8443", keyring.get))
    assert credentials.headers.get("cf-aig-authorization") == value
    assert TOKEN not in repr(credentials)


def test_a_secret_header_of_another_kind_is_sent_as_it_is() -> None:
    endpoint = Endpoint(url="https://gw.example/v1", auth="none", secret_header="X-Token")
    keyring = {"gw.example/x-token": TOKEN}
    credentials = asyncio.run(credentials_for(endpoint, "gw.example", keyring.get))
    assert credentials.headers == {"X-Token": TOKEN}


@pytest.mark.parametrize("dialect", ["auto", "openai", "vllm", "speaches", "together"])
def test_every_protocol_sends_the_credentials(dialect: str) -> None:
    endpoint = Endpoint(url="http://localhost:1/v1", dialect=dialect)  # type: ignore[arg-type]
    credentials = Credentials(KEY, "api-key", {"X-Team": "audio"})
    protocol = create_protocol(endpoint, "", credentials)
    assert protocol.headers == credentials.headers
    assert KEY not in repr(protocol)


@pytest.mark.parametrize("model_in_url", [True, False])
def test_the_model_is_never_in_openais_address(model_in_url: bool) -> None:
    for url in ("https://api.openai.com/v1", "wss://api.openai.com/v1/realtime?model=x"):
        made = create_protocol(Endpoint(url=url, model_in_url=model_in_url), "", Credentials(KEY))
        assert made.url == "wss://api.openai.com/v1/realtime?intent=transcription"


@pytest.mark.parametrize(
    ("model", "model_in_url", "query"),
    [
        ("m", True, "intent=transcription&model=m"),
        ("m", False, "intent=transcription"),
        ("", True, "intent=transcription"),
    ],
)
def test_for_other_hosts_a_setting_puts_the_model_in_the_address(
    model: str, model_in_url: bool, query: str
) -> None:
    endpoint = Endpoint(url="https://gw.example/v1", model=model, model_in_url=model_in_url)
    assert (
        create_protocol(endpoint, "", Credentials()).url == f"wss://gw.example/v1/realtime?{query}"
    )


@no_deadline
@given(st.text(max_size=30), st.sampled_from(["bearer", "api-key"]))
def test_extra_headers_never_replace_the_api_key(text: str, auth: Any) -> None:
    try:
        extra = parse_headers(f"{text}: x")
    except ValueError:
        return
    expected = Credentials(KEY, auth).headers
    headers = Credentials(KEY, auth, extra).headers
    assert {name: headers[name] for name in expected} == expected
    assert len({name.lower() for name in headers}) == len(headers)


# Lists of models


def test_openais_list_contains_only_transcription_models() -> None:
    names = ["gpt-5", "whisper-1", "gpt-4o-transcribe-diarize", "gpt-transcribe-2027", "tts-1"]
    assert usable_models("api.openai.com", names) == ("whisper-1", "gpt-transcribe-2027")
    assert usable_models("gw.example", names) == (
        *("whisper-1", "gpt-4o-transcribe-diarize", "gpt-transcribe-2027"),
        *("gpt-5", "tts-1"),
    )


@no_deadline
@given(st.lists(st.text(max_size=MAX_NAME_CHARS + 5) | st.none() | st.integers(), max_size=40))
def test_only_valid_names_are_listed(names: list[object]) -> None:
    for name in usable_models("gw.example", names):
        assert name
        assert name.isprintable()
        assert len(name) <= MAX_NAME_CHARS


def test_a_long_list_is_limited() -> None:
    assert len(usable_models("gw.example", [f"m{n}" for n in range(MAX_MODELS * 2)])) == MAX_MODELS
    last = [*(f"m{n}" for n in range(MAX_MODELS * 2)), "whisper-last"]
    assert usable_models("gw.example", last)[0] == "whisper-last"
