"""Which engine asks which kind of server; nothing is loaded that it does not need."""

from __future__ import annotations

from ..core.endpoint import Endpoint
from .engine import Engine
from .keys import KeyOf


def engine_for(endpoint: Endpoint, language: str, key_of: KeyOf) -> Engine:
    """`language` is as in the setting: '' detects it."""
    if endpoint.transport == "rest":
        from .rest import RestEngine

        return RestEngine(endpoint, language, key_of)
    from .realtime import RealtimeEngine

    return RealtimeEngine(endpoint, language, key_of)
