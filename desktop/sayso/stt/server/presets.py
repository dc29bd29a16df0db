"""Kinds of servers, and how each is set up. Pure.

From PROTOCOL.md, sections 1 to 5: addresses, how the key is shown, whether the model goes on
the address, and how the server speaks. What a user has to know of each is in docs/endpoints.md.
"""

from __future__ import annotations

import difflib

import attrs

from ...core.problems import ProblemError, untyped_problem
from ...core.settings.endpoint import Endpoint


@attrs.frozen(kw_only=True)
class Preset:
    name: str
    """As a command takes it; the title is the endpoint's name."""
    endpoint: Endpoint
    example_url: str = ""
    """What an address of it looks like, where everybody's is another."""
    example_model: str = ""
    """What a model of it may be called, where none is everybody's."""
    description: str
    """One sentence: what to enter."""

    @property
    def title(self) -> str:
        return self.endpoint.name

    def create_endpoint(self, url: str = "", model: str = "") -> Endpoint:
        """An endpoint of this kind, with what the user says of it."""
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
    Preset(name="openai", endpoint=Endpoint(), description="Enter a key of your account."),
    _preset(
        "azure",
        "Azure OpenAI",
        "Enter your resource’s address and key; the model is the name of your deployment.",
        address="https://RESOURCE.openai.azure.com/openai/v1",
        example="my-deployment",
        dialect="openai",
        auth="api-key",
        model_in_url=False,
    ),
    _preset(
        "litellm",
        "LiteLLM",
        "Enter the proxy’s address and a virtual key; the model is its alias.",
        address="https://litellm.example.com/v1",
        model="gpt-live-transcribe",
        dialect="openai",
    ),
    _preset(
        "cloudflare",
        "Cloudflare AI Gateway",
        "Enter your gateway’s address, its token, and OpenAI’s key if it does not keep that.",
        address="https://gateway.ai.cloudflare.com/v1/ACCOUNT/GATEWAY/openai",
        model="gpt-live-transcribe",
        dialect="openai",
        auth="cloudflare",
    ),
    _preset(
        "gateway",
        "Gateway",
        "Enter the address of a gateway that passes on OpenAI’s realtime sessions.",
        address="https://gateway.example.com/v1",
        model="gpt-live-transcribe",
        dialect="openai",
    ),
    _preset(
        "vllm",
        "vLLM",
        "Enter the server’s address and the model it was started with.",
        address="http://192.168.1.20:8000/v1",
        model="mistralai/Voxtral-Mini-4B-Realtime-2602",
        dialect="vllm",
    ),
    _preset(
        "speaches",
        "speaches",
        "Enter the server’s address and a model it has downloaded.",
        address="http://192.168.1.20:8000/v1",
        model="Systran/faster-whisper-small",
        dialect="speaches",
    ),
    _preset(
        "sglang",
        "SGLang",
        "Enter the server’s address and the name it serves the model under.",
        address="http://192.168.1.20:30000/v1",
        example="Qwen/Qwen3-ASR-1.7B",
        dialect="openai",
    ),
    _preset(
        "localai",
        "LocalAI",
        "Enter the server’s address and the name of a realtime pipeline.",
        address="http://192.168.1.20:8080/v1",
        example="my-pipeline",
        dialect="openai",
    ),
    _preset(
        "groq",
        "Groq",
        "Enter a key of your account. Words come when you let go.",
        url="https://api.groq.com/openai/v1",
        model="whisper-large-v3-turbo",
        transport="rest",
    ),
    _preset(
        "rest",
        "File server",
        "Enter the address of a server that takes recordings. Words come when you let go.",
        address="http://192.168.1.20:8000/v1",
        example="whisper-large-v3-turbo",
        transport="rest",
    ),
    _preset(
        "custom",
        "My server",
        "Enter the server’s address, and a key and a model if it wants them.",
        address="http://192.168.1.20:8000/v1",
    ),
)


def find_preset(name: str) -> Preset:
    """The kind of that name.

    Raises:
        ProblemError: There is none; the sentence names the nearest.
    """
    for one in PRESETS:
        if one.name == name.lower():
            return one
    names = [one.name for one in PRESETS]
    close = difflib.get_close_matches(name.lower(), names, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise ProblemError(
        untyped_problem(
            f"There is no preset called {name!r}.{hint}", f"They are: {', '.join(names)}."
        )
    )
