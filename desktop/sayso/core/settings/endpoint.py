"""A place that recognises speech, as the settings keep it. Several have names; one is in use.

Which of these a kind of server needs is in `sayso.stt.server.presets`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, get_args

import attrs
from attrs import validators as v

from .headers import parse_headers
from .vocabulary import check_prompt, parse_keywords

Transport = Literal["websocket", "webrtc", "rest"]
Auth = Literal["bearer", "api-key", "none", "cloudflare"]
ProtocolName = Literal["auto", "openai", "vllm", "speaches", "lemonade", "together"]
Delay = Literal["", "minimal", "low", "medium", "high", "xhigh"]
NoiseReduction = Literal["", "near_field", "far_field"]

OPENAI_URL = "wss://api.openai.com/v1/realtime"
ON_DEVICE: Final = "on-device"
"""This computer, where endpoints are named."""
MAX_KEEP_OPEN_S = 55 * 60
"""A session ends after 60 minutes (PROTOCOL 1.10)."""


def _validate_name(_: object, __: object, value: str) -> None:
    if not value.strip() or value != value.strip() or len(value) > 60:
        raise ValueError("A name has 1 to 60 characters and no spaces around it.")
    if "," in value or not value.isprintable():
        raise ValueError("A name has no commas in it.")
    if value.casefold() == ON_DEVICE:
        raise ValueError("That is this computer’s name. Take another.")


def _validate_headers(_: object, __: object, value: str) -> None:
    parse_headers(value)


def validate_keywords(_: object, __: object, value: str) -> None:
    parse_keywords(value)


def validate_prompt(_: object, __: object, value: str) -> None:
    check_prompt(value)


def one_of(literal: Any) -> Any:
    return v.in_(get_args(literal))


def text_field(default: str = "") -> Any:
    return attrs.field(default=default, validator=v.instance_of(str))


def bool_field(default: bool) -> Any:
    return attrs.field(default=default, validator=v.instance_of(bool))


@attrs.frozen(kw_only=True)
class Endpoint:
    name: str = attrs.field(default="OpenAI", validator=[v.instance_of(str), _validate_name])
    url: str = text_field(OPENAI_URL)
    model: str = text_field("gpt-live-transcribe")
    allow_insecure: str = text_field()
    """The one host that may be spoken to without TLS; loopback always may."""
    dialect: ProtocolName = attrs.field(default="auto", validator=one_of(ProtocolName))
    """How the server speaks; 'auto' finds out as far as that is certain."""
    transport: Transport = attrs.field(default="websocket", validator=one_of(Transport))
    auth: Auth = attrs.field(default="bearer", validator=one_of(Auth))
    """How the key is shown. 'cloudflare': the gateway's token in a header of its own, and the
    provider's key as bearer where there is one (PROTOCOL 3.7)."""
    model_in_url: bool = bool_field(True)
    """Gateways route by it; never sent to api.openai.com (PROTOCOL 1.1)."""
    headers: str = attrs.field(default="", validator=[v.instance_of(str), _validate_headers])
    """Lines of `Name: value`, without secrets; see `sayso.core.settings.headers`."""
    secrets_url: str = text_field()
    """Who hands out a key that soon expires: '' nobody, 'openai' the server itself
    (PROTOCOL 2), else an https address."""
    keep_open_s: int = attrs.field(
        default=0, validator=[v.instance_of(int), v.ge(0), v.le(MAX_KEEP_OPEN_S)]
    )
    """How long a socket waits for the next take; 0: it is closed after each."""
    prompt: str = attrs.field(default="", validator=[v.instance_of(str), validate_prompt])
    """What it is about, in the speaker's words."""
    keywords: str = attrs.field(default="", validator=[v.instance_of(str), validate_keywords])
    """Names and terms to expect, with commas between them."""
    delay: Delay = attrs.field(default="", validator=one_of(Delay))
    """How long the model waits before it decides on a word; '' leaves it to the model."""
    noise: NoiseReduction = attrs.field(default="", validator=one_of(NoiseReduction))
    """Where the microphone is, for the server's noise reduction; '' does without."""


def unique_name(wanted: str, taken: Iterable[str]) -> str:
    """The name, with a number after it where another has it: `OpenAI 2`."""
    have = {name.casefold() for name in taken} | {ON_DEVICE}
    if wanted.casefold() not in have:
        return wanted
    number = 2
    while (name := f"{wanted[:55]} {number}").casefold() in have:
        number += 1
    return name
