"""Which engine asks which kind of server; nothing is loaded that it does not need."""

from __future__ import annotations

from ..core.settings.endpoint import Endpoint
from .engine import Engine
from .server.api_key import GetApiKey


def create_server_engine(endpoint: Endpoint, language: str, get_key: GetApiKey) -> Engine:
    """`language` is as in the setting: '' detects it."""
    if endpoint.transport == "rest":
        from .file_upload.engine import FileUploadEngine

        return FileUploadEngine(endpoint, language, get_key)
    from .realtime.engine import RealtimeEngine

    return RealtimeEngine(endpoint, language, get_key)
