"""Presets for known kinds of servers. Pure.

The differences between servers are described in `docs/realtime-protocol.md`, their setup in
`docs/connecting-a-server.md`.
"""

from __future__ import annotations

import difflib

import attrs

from ...core.problems import ProblemError
from ...core.problems import server as problems
from ...core.settings.endpoint import Endpoint


@attrs.frozen(kw_only=True)
class Preset:
    name: str
    """Name on the command line."""
    endpoint: Endpoint
    """Its name is the title of the preset."""
    example_url: str = ""
    """Form of the address, if every user has a different one."""
    example_model: str = ""
    """Form of the model name, if there is no common one."""
    description: str
    """One sentence about what to enter."""

    @property
    def title(self) -> str:
        return self.endpoint.name

    def create_endpoint(self, url: str = "", model: str = "") -> Endpoint:
        """Return an endpoint with the given address and model, or those of the preset."""
        endpoint = self.endpoint
        return attrs.evolve(endpoint, url=url or endpoint.url, model=model or endpoint.model)


def _preset(
    name: str, title: str, about: str, *, address: str = "", example: str = "", **fields: object
) -> Preset:
    given = {"url": "", "model": "", **fields}
    endpoint = Endpoint(name=title, **given)  # type: ignore[arg-type]
    return Preset(
        name=name, endpoint=endpoint, example_url=address, example_model=example, description=about
    )


PRESETS: tuple[Preset, ...] = (
    Preset(name="openai", endpoint=Endpoint(), description="Enter an API key of your account."),
    _preset(
        "azure",
        "Azure OpenAI",
        "Enter the address and the key of your resource; the model is the name of your deployment.",
        address="https://RESOURCE.openai.azure.com/openai/v1",
        example="my-deployment",
        dialect="openai",
        auth="api-key",
        model_in_url=False,
    ),
    _preset(
        "litellm",
        "LiteLLM",
        "Enter the address of the proxy and a virtual key; the model is an alias.",
        address="https://litellm.example.com/v1",
        model="gpt-live-transcribe",
        dialect="openai",
    ),
    _preset(
        "cloudflare",
        "Cloudflare AI Gateway",
        "Enter the gateway’s address and token, and OpenAI’s key if the gateway does not store it.",
        address="https://gateway.ai.cloudflare.com/v1/ACCOUNT/GATEWAY/openai",
        model="gpt-live-transcribe",
        dialect="openai",
        secret_header="cf-aig-authorization",
    ),
    _preset(
        "gateway",
        "Gateway",
        "Enter the address of a gateway that forwards OpenAI’s realtime sessions.",
        address="https://gateway.example.com/v1",
        model="gpt-live-transcribe",
        dialect="openai",
    ),
    _preset(
        "vllm",
        "vLLM",
        "Enter the address and the model that the server was started with.",
        address="http://192.168.1.20:8000/v1",
        model="mistralai/Voxtral-Mini-4B-Realtime-2602",
        dialect="vllm",
    ),
    _preset(
        "speaches",
        "speaches",
        "Enter the address and a model that the server has downloaded.",
        address="http://192.168.1.20:8000/v1",
        model="Systran/faster-whisper-small",
        dialect="speaches",
    ),
    _preset(
        "sglang",
        "SGLang",
        "Enter the address and the served model name.",
        address="http://192.168.1.20:30000/v1",
        example="Qwen/Qwen3-ASR-1.7B",
        dialect="openai",
    ),
    _preset(
        "localai",
        "LocalAI",
        "Enter the address and the name of a realtime pipeline.",
        address="http://192.168.1.20:8080/v1",
        example="my-pipeline",
        dialect="openai",
    ),
    _preset(
        "groq",
        "Groq",
        "Enter an API key of your account. Text appears after release.",
        url="https://api.groq.com/openai/v1",
        model="whisper-large-v3-turbo",
        transport="rest",
    ),
    _preset(
        "rest",
        "File server",
        "Enter the address of a server that accepts files. Text appears after release.",
        address="http://192.168.1.20:8000/v1",
        example="whisper-large-v3-turbo",
        transport="rest",
    ),
    _preset(
        "custom",
        "My server",
        "Enter the address, and an API key and a model if the server requires them.",
        address="http://192.168.1.20:8000/v1",
    ),
)


def find_preset(name: str) -> Preset:
    """Return the preset with that name.

    Raises:
        ProblemError: There is none; the message suggests the most similar name.
    """
    names = [preset.name for preset in PRESETS]
    for preset in PRESETS:
        if preset.name == name.lower():
            return preset
    close = difflib.get_close_matches(name.lower(), names, n=1)
    presets = ", ".join(names)
    if close:
        raise ProblemError(
            problems.UNKNOWN_PRESET_DID_YOU_MEAN(name=name, close=close[0], presets=presets)
        )
    raise ProblemError(problems.UNKNOWN_PRESET(name=name, presets=presets))
