"""The engine that is created for each kind of server."""

from __future__ import annotations

from pathlib import Path

import pytest

from sayso.core.settings import settings as s
from sayso.core.settings.endpoint import Endpoint
from sayso.core.settings.settings import Settings
from sayso.stt.factory import create_engine, create_server_engine
from sayso.stt.file_upload.engine import FileUploadEngine
from sayso.stt.realtime.engine import RealtimeEngine

ENGINES = {"websocket": RealtimeEngine, "webrtc": RealtimeEngine, "rest": FileUploadEngine}


@pytest.mark.parametrize(("transport", "kind"), ENGINES.items(), ids=ENGINES)
def test_the_transport_selects_the_engine(transport: str, kind: type) -> None:
    settings = s.put(Settings(), "engine", "realtime")
    settings = s.put(settings, "endpoint.name", "Work")
    settings = s.put(settings, "endpoint.transport", transport)
    engine = create_engine(settings, lambda host: None, Path(), Path())
    assert type(engine) is kind
    assert engine.name == "Work"
    assert engine.ready


def test_an_engine_does_not_show_the_api_key() -> None:
    for transport in ENGINES:
        engine = create_server_engine(Endpoint(transport=transport), "", lambda host: "sk-1")  # type: ignore[arg-type]
        assert "sk-1" not in repr(engine)
        assert "lambda" not in repr(engine)
