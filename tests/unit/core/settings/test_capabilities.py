from __future__ import annotations

import pytest

from sayso.core.settings.capabilities import ALWAYS, capabilities
from sayso.core.settings.endpoint import Endpoint

URL = "https://speech.example/v1"
OTHER_SERVER = {"auth", "secret_header"}
ALL_OPTIONS = {"keywords", "prompt", "delay", "noise"}
CASES = {
    "OpenAI": (Endpoint(), {"language", "secrets_url", *ALL_OPTIONS}),
    "OpenAI, a model without latency": (
        Endpoint(model="whisper-1"),
        {"language", "secrets_url", "prompt", "noise"},
    ),
    "OpenAI, upload": (Endpoint(transport="rest"), {"language", "keywords", "prompt"}),
    "OpenAI, upload to another model": (
        Endpoint(transport="rest", model="whisper-1"),
        {"language", "prompt"},
    ),
    "an unknown model": (
        Endpoint(url=URL, model="voxtral"),
        {*OTHER_SERVER, "language", "secrets_url", "dialect", "model_in_url"},
    ),
    "vLLM": (Endpoint(url=URL, dialect="vllm"), {*OTHER_SERVER, "dialect"}),
    "speaches": (Endpoint(url=URL, dialect="speaches"), {*OTHER_SERVER, "dialect", "language"}),
    "another server, upload": (
        Endpoint(url=URL, dialect="vllm", transport="rest", model="m"),
        {*OTHER_SERVER, "language"},
    ),
}


@pytest.mark.parametrize(("endpoint", "settings"), CASES.values(), ids=CASES)
def test_settings_depend_on_the_endpoint(endpoint: Endpoint, settings: set[str]) -> None:
    assert capabilities(endpoint).settings == ALWAYS | settings


@pytest.mark.parametrize(
    ("endpoint", "available"),
    [
        (Endpoint(), True),
        (Endpoint(model="gpt-transcribe"), False),
        (Endpoint(url=URL, model="m"), True),
        (Endpoint(url=URL, dialect="speaches"), False),
    ],
)
def test_webrtc_needs_a_streaming_model_and_protocol(endpoint: Endpoint, available: bool) -> None:
    assert ("webrtc" in capabilities(endpoint).transports) == available


def test_an_endpoint_without_an_address_has_no_host() -> None:
    available = capabilities(Endpoint(url=""))
    assert (available.host, available.is_openai, available.is_loopback) == ("", False, False)
