"""Which engine asks which kind of server; nothing is loaded that it does not need."""

from __future__ import annotations

from ..core.settings.endpoint import Endpoint
from .engine import Engine
from .server.api_key import KeyOf


def engine_for(endpoint: Endpoint, language: str, key_of: KeyOf) -> Engine:
    """`language` is as in the setting: '' detects it."""
    if endpoint.transport == "rest":
        from .file_upload.engine import RestEngine

        return RestEngine(endpoint, language, key_of)
    from .realtime.engine import RealtimeEngine

    return RealtimeEngine(endpoint, language, key_of)
