"""An endpoint: the address of a speech server, with its protocol, model and options.

The presets for known kinds of servers are in `sayso.stt.server.presets`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, count
from typing import Any, Final, Literal

import attrs

from .fields import choice, switch, text
from .validators import check_prompt, check_secret_header, parse_headers, parse_keywords

Transport = Literal["websocket", "webrtc", "rest"]
Auth = Literal["bearer", "api-key", "none"]
ProtocolName = Literal["auto", "openai", "vllm", "speaches", "lemonade", "together"]
Delay = Literal["", "minimal", "low", "medium", "high", "xhigh"]
NoiseReduction = Literal["", "near_field", "far_field"]

OPENAI_URL = "wss://api.openai.com/v1/realtime"
ON_DEVICE: Final = "on-device"
"""Name of the on-device engine, where endpoints are named."""
FROM_SERVER: Final = "openai"
"""Value of `Endpoint.secrets_url` if the endpoint's own server issues ephemeral keys."""
MAX_NAME_CHARS = 60


def _check_name(name: str) -> None:
    if not name.strip() or name != name.strip() or len(name) > MAX_NAME_CHARS:
        raise ValueError(
            f"A name has 1 to {MAX_NAME_CHARS} characters and no spaces at the beginning or end."
        )
    if "," in name or not name.isprintable():
        raise ValueError("A name has no commas and no control characters.")
    if name.casefold() == ON_DEVICE:
        raise ValueError("This name stands for this computer. Choose another one.")


def keywords_field() -> Any:
    allowed = "names and terms separated by commas"
    help_text = "Separate them with commas."
    return text("", "Na&mes and terms", help_text, allowed, check=parse_keywords)


def prompt_field() -> Any:
    help_text = "One or two sentences about what you dictate."
    return text("", "To&pic", help_text, check=check_prompt)


@attrs.frozen(kw_only=True)
class Endpoint:
    name: str = text("OpenAI", "&Name", "Shown in menus and the history.", check=_check_name)
    url: str = text(OPENAI_URL, "&Address", "Ends in /v1 on most servers.")
    model: str = text("gpt-live-transcribe", "&Model", "The name the server uses.")
    allow_insecure: str = text(
        "",
        "Allow this server without &encryption",
        "Host to which an unencrypted connection is allowed. This computer always is.",
        "one host, such as 192.168.1.20:8000, or empty text",
    )
    dialect: ProtocolName = choice(
        ProtocolName,
        "auto",
        "Proto&col",
        "Most servers follow OpenAI’s.",
        "Detect automatically | OpenAI-compatible | vLLM | speaches | Lemonade | Together",
    )
    transport: Transport = choice(
        Transport,
        "websocket",
        "&Send audio",
        "While speaking needs about 64 KB a second.",
        "While speaking | While speaking, compressed | After release, as a file",
    )
    auth: Auth = choice(
        Auth,
        "bearer",
        "Aut&hentication",
        "How the API key is sent.",
        "Bearer token (usual) | api-key header (Azure) | None",
    )
    model_in_url: bool = switch(
        True, "Put the model in the a&ddress", "Most gateways need it; some servers reject it."
    )
    """Never applies to api.openai.com, which rejects it."""
    headers: str = text(
        "",
        "Headers",
        "Sent with each request, one per line. Do not enter API keys here.",
        "lines of the form Name: value",
        check=parse_headers,
        is_confidential=True,
    )
    secret_header: str = text(
        "",
        "Secret header",
        "A header with a second key, such as cf-aig-authorization. The key is kept in the keyring.",
        "the name of a header, or empty text",
        check=check_secret_header,
    )
    secrets_url: str = text(
        "",
        "Address of the key ser&ver",
        "Issues short-lived API keys. An https address.",
        "an https address, 'openai' for the server itself, or empty text",
    )
    prompt: str = prompt_field()
    keywords: str = keywords_field()
    delay: Delay = choice(
        Delay,
        "",
        "&Latency",
        "Higher latency is more accurate.",
        "Model default | Minimal | Low | Medium | High | Highest accuracy",
    )
    noise: NoiseReduction = choice(
        NoiseReduction,
        "",
        "Noise &reduction",
        "Choose how far the microphone is from you.",
        "Off | Near: a headset | Far: a laptop or a room",
    )


def unique_name(wanted: str, taken: Iterable[str]) -> str:
    """Return the name, with a number appended if it is taken: `OpenAI 2`."""
    used = {name.casefold() for name in taken} | {ON_DEVICE}
    numbered = (f"{wanted[: MAX_NAME_CHARS - 5]} {number}" for number in count(2))
    return next(name for name in chain([wanted], numbered) if name.casefold() not in used)
