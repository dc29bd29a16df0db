"""Creates the selected engine. The libraries of an engine are imported here."""

from __future__ import annotations

from pathlib import Path

from ..core.settings.endpoint import ON_DEVICE, Endpoint
from ..core.settings.settings import Settings
from ..core.settings.validators import parse_keywords
from .engine import Engine
from .server.auth import GetApiKey


def create_engine(settings: Settings, get_key: GetApiKey, models: Path, cache: Path) -> Engine:
    """Create the selected engine; `models` and `cache` are the folders of the on-device models.

    Raises:
        ProblemError: The settings cannot work, for instance an endpoint without a URL.
    """
    if settings.engine != ON_DEVICE:
        return create_server_engine(settings.endpoint, settings.language, get_key)
    from .ondevice.decoding.prompt import build_prompt
    from .ondevice.engine import OnDeviceEngine
    from .ondevice.models.catalog import by_name

    on_device = settings.on_device
    return OnDeviceEngine(
        settings.language,
        models=models,
        cache=cache,
        model=by_name(on_device.model),
        unload_s=60.0 * on_device.unload_minutes,
        prompt=build_prompt(on_device.prompt, parse_keywords(on_device.keywords)),
    )


def create_server_engine(endpoint: Endpoint, language: str, get_key: GetApiKey) -> Engine:
    """Create the engine for an endpoint; the language '' is detected by the server."""
    if endpoint.transport == "rest":
        from .file_upload.engine import FileUploadEngine

        return FileUploadEngine(endpoint, language, get_key)
    from .realtime.engine import RealtimeEngine

    return RealtimeEngine(endpoint, language, get_key)
