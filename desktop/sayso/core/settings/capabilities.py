"""Settings that have an effect for an endpoint, depending on its server, protocol and model."""

from __future__ import annotations

from typing import get_args

import attrs

from .endpoint import Endpoint, Transport
from .server_models import FILE_MODEL, Option, ServerModel, by_name
from .urls import OPENAI_HOST, host_or_empty, is_loopback, requires_api_key

PROTOCOLS_WITH_OPTIONS = frozenset({"auto", "openai"})
"""Protocols with OpenAI's session configuration."""
PROTOCOLS_WITH_LANGUAGE = PROTOCOLS_WITH_OPTIONS | {"speaches"}
UPLOAD_OPTIONS: frozenset[Option] = frozenset({"prompt", "keywords"})
ALWAYS = frozenset({"name", "url", "model", "transport", "headers"})


@attrs.frozen(kw_only=True)
class Capabilities:
    host: str
    """Host of the server, with its port if that is not the default; '' without an address."""
    is_openai: bool
    is_loopback: bool
    requires_api_key: bool
    """True if the server is known to reject requests without a key."""
    settings: frozenset[str]
    """Names of the settings that have an effect: fields of `Endpoint`, and `language`."""
    transports: tuple[Transport, ...]


def capabilities(endpoint: Endpoint) -> Capabilities:
    host = host_or_empty(endpoint.url)
    is_openai = host == OPENAI_HOST
    model = by_name(endpoint.model)
    is_upload, is_websocket = endpoint.transport == "rest", endpoint.transport == "websocket"
    has_options = is_openai or endpoint.dialect in PROTOCOLS_WITH_OPTIONS
    has_language = is_openai or is_upload or endpoint.dialect in PROTOCOLS_WITH_LANGUAGE
    applies = {
        "auth": not is_openai,
        "secret_header": not is_openai,
        "dialect": is_websocket and not is_openai,
        "model_in_url": is_websocket and has_options and not is_openai,
        "secrets_url": not is_upload and has_options,
        "language": has_language,
    }
    effective = {name for name, value in applies.items() if value}
    streams = model.streams or not model.known
    return Capabilities(
        host=host,
        is_openai=is_openai,
        is_loopback=is_loopback(host),
        requires_api_key=requires_api_key(host),
        settings=ALWAYS | effective | _options(model, is_upload, has_options),
        transports=get_args(Transport) if streams and has_options else ("websocket", "rest"),
    )


def _options(model: ServerModel, is_upload: bool, has_options: bool) -> frozenset[str]:
    if is_upload:
        if model.known and model.streams:  # OpenAI transcribes files with another model
            model = by_name(FILE_MODEL)
        return frozenset(model.options & UPLOAD_OPTIONS)
    if not has_options:
        return frozenset()
    return frozenset(model.options & {"prompt", "keywords", "delay", "noise"})
