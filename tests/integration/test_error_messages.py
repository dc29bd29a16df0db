"""A server problem is shown in the indicator, in sayso doctor and by the connection test."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from faults.harness import AsyncWorkerHarness
from integration.settings_window import recognition, settings_window
from integration.ui_fakes import FakeApp, FakeScreen
from sayso.cli import doctor
from sayso.core.dictation.status import Status
from sayso.core.settings.endpoint import Endpoint
from sayso.core.settings.settings import Settings
from sayso.storage.keyring import ApiKeyStore
from sayso.stt.connection_test import check_connection, success_message
from sayso.stt.factory import create_server_engine
from sayso.ui.indicator.overlay import Overlay
from sayso.ui.settings.window import SettingsWindow
from service import KEY, StandIn, in_thread
from service.session import Session

Server = Callable[[], AbstractContextManager[str]]


def standin_with(**options: Any) -> Server:
    """Return a context manager that yields its address."""

    @contextlib.contextmanager
    def serve() -> Iterator[str]:
        with in_thread(StandIn(["Text."], **options)) as service:
            yield service.url

    return serve


def rejecting_standin(code: str, message: str, close: int) -> Server:
    """Reject a session like OpenAI: HTTP 101, an error and a close."""

    async def refuse(session: Session) -> bool:
        about = {"type": "invalid_request_error", "code": code, "message": message}
        await session.ws.send(json.dumps({"type": "error", "error": about}))
        await session.ws.close(close, f"invalid_request_error.{code}")
        return False

    return standin_with(misbehavior={"created": refuse})


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"<html><h1>Welcome to the hotel</h1></html>")

    def log_message(self, *_: object) -> None: ...


@contextlib.contextmanager
def captive_portal() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, name="captive portal")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


FAILING_SERVERS: dict[str, tuple[Server, str, str]] = {
    "wrong key": (
        standin_with(key="sk-another"), "{host} rejected your API key.",
        "Check the key, or enter another one."),
    "no credit": (
        rejecting_standin("insufficient_quota", f"{KEY} has used up its quota.", 4000),
        "Your {host} account has no credit left.", "Add credit, or use this computer."),
    "not a transcription model": (
        rejecting_standin("invalid_model", "… is not supported in transcription mode.", 4000),
        "“m-1” is not a transcription model.", "Choose another model."),
    "wrong address": (
        standin_with(http_status=404), "There is no speech server at {host}.",
        "The address may need /v1 at its end."),
    "access denied": (
        standin_with(http_status=403), "{host} refused the connection.",
        "Check the API key and the address."),
    "captive portal": (
        captive_portal, "A web page answered instead of {host}.",
        "Sign in to this network, or check the address."),
}  # fmt: skip


async def dictated(folder: Path, settings: Settings) -> Status:
    """Return the status at the end of a dictation with that server."""
    harness = AsyncWorkerHarness(
        folder, settings, lambda s: create_server_engine(s.endpoint, s.language, lambda _: KEY)
    )
    try:
        await harness.dictate(2, speed=4.0)
        await harness.wait_until(
            lambda: harness.worker.status.state == "failed", "it has failed", 20
        )
        return harness.worker.status
    finally:
        await harness.close()


class AppWithConnectionTest(FakeApp):
    """Application whose connection test is real."""

    def test_connection(self) -> str:
        endpoint = self.settings.endpoint
        return success_message(
            asyncio.run(check_connection(create_server_engine(endpoint, "en", lambda _: KEY)))
        )


def shown_after_test(window: SettingsWindow, qtbot: QtBot) -> str:
    row = recognition(window).server.key_row
    row.test_button.click()
    qtbot.waitUntil(lambda: row.test_button.text() != "Cancel", timeout=10_000)
    return row.note.text.text()


@pytest.mark.parametrize(
    ("serving", "what", "remedy"), FAILING_SERVERS.values(), ids=FAILING_SERVERS
)
def test_the_same_problem_is_shown_in_all_three_places(
    serving: Server, what: str, remedy: str, tmp_path: Path, qtbot: QtBot
) -> None:
    with serving() as url:
        what = what.format(host=url.split("/")[2])
        endpoint = Endpoint(name="Own", url=url, model="m-1", dialect="openai")
        settings = Settings(engine="realtime", endpoints=(endpoint,), profile="Own")

        status = asyncio.run(dictated(tmp_path, settings))
        overlay = Overlay(FakeApp().actions(), FakeScreen())
        qtbot.addWidget(overlay)
        overlay.on_status(status)
        assert overlay.view
        assert (overlay.view.text, overlay.view.detail) == (what[:-1], remedy)

        keys = ApiKeyStore(environment={}, keyring=lambda: None)
        keys.keep_in_memory(url.split("/")[2], KEY)
        found = asyncio.run(doctor.check_servers(settings, keys))["endpoint"]
        assert (found.verdict, found.message, found.remedy) == ("problem", what, remedy)
        assert KEY not in found.detail + found.key_location

        app = AppWithConnectionTest()
        app.settings = settings
        with settings_window(app, qtbot) as window:
            assert shown_after_test(window, qtbot) == f"{what} {remedy}"
