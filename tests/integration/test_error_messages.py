"""What a server refuses arrives as one sentence in the pill, in sayso doctor and under Test."""

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

from faults.harness import Desk as WorkersDesk
from integration.settings_window import recognition, settings_window
from integration.ui_fakes import FakeApp
from sayso.cli import doctor
from sayso.core.dictation.status import Status
from sayso.core.settings.endpoint import Endpoint
from sayso.core.settings.settings import Settings
from sayso.stt.factory import engine_for
from sayso.stt.realtime.engine import it_works, try_out
from sayso.ui.indicator.overlay import Desk, Overlay
from sayso.ui.settings.window import SettingsWindow
from service import KEY, StandIn, in_thread
from service.session import Session

Serving = Callable[[], AbstractContextManager[str]]


def standin(**options: Any) -> Serving:
    """Gives its address."""

    @contextlib.contextmanager
    def serve() -> Iterator[str]:
        with in_thread(StandIn(["Text."], **options)) as service:
            yield service.url

    return serve


def error(code: str, message: str, close: int) -> Serving:
    """101, then an error and a close, as OpenAI refuses."""

    async def refuse(session: Session) -> bool:
        about = {"type": "invalid_request_error", "code": code, "message": message}
        await session.ws.send(json.dumps({"type": "error", "error": about}))
        await session.ws.close(close, f"invalid_request_error.{code}")
        return False

    return standin(mischief={"created": refuse})


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
def hotel() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, name="hotel")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


CASES: dict[str, tuple[Serving, str, str]] = {
    "a wrong key": (
        standin(key="sk-another"), "Your API key was refused by {host}.",
        "Open Settings > Recognition to change it."),
    "no credit": (
        error("insufficient_quota", f"{KEY} has used up its quota.", 4000),
        "There is no credit left at {host}.", "Add credit, or use this computer."),
    "no transcription model": (
        error("invalid_model", 'Model "m-1" is not supported in transcription mode.', 4000),
        "“m-1” does not transcribe.", "Choose a model that transcribes."),
    "a wrong address": (
        standin(http_status=404), "No speech server answers at {host}.",
        "The address may need /v1 at its end."),
    "no way in": (
        standin(http_status=403), "{host} refused the connection.",
        "Check the key and the address."),
    "a captive portal": (
        hotel, "A web page came in place of {host}.",
        "Sign in to this network, or check the address."),
}  # fmt: skip


async def dictated(folder: Path, settings: Settings) -> Status:
    """What the interface is shown at the end of a dictation with that server."""
    desk = WorkersDesk(
        folder, settings, lambda s: engine_for(s.endpoint, s.language, lambda _: KEY)
    )
    try:
        await desk.dictate(2, speed=4.0)
        await desk.until(lambda: desk.worker.status.state == "failed", "it has failed", 20)
        return desk.worker.status
    finally:
        await desk.close()


class App(FakeApp):
    """Whose Test button is real."""

    def test(self) -> str:
        endpoint = self.settings.endpoint
        return it_works(try_out(engine_for(endpoint, "en", lambda _: KEY)))


def said_under_test(window: SettingsWindow, qtbot: QtBot) -> str:
    row = recognition(window).server.key
    row.test_button.click()
    qtbot.waitUntil(lambda: not row.testing, timeout=10_000)
    return row.note.text.text()


class Keys:
    def get(self, host: str) -> str | None:
        return KEY

    def where(self, host: str) -> str:
        return "keyring"


@pytest.mark.parametrize(("serving", "what", "remedy"), CASES.values(), ids=CASES)
def test_the_same_sentence_is_in_all_three_places(
    serving: Serving,
    what: str,
    remedy: str,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving() as url:
        what = what.format(host=url.split("/")[2])
        endpoint = Endpoint(name="Own", url=url, model="m-1", dialect="openai")
        settings = Settings(engine="realtime", endpoints=(endpoint,), profile="Own")

        status = asyncio.run(dictated(tmp_path, settings))
        pill = Overlay(
            FakeApp().actions(), Desk(composited=lambda: False, focus_point=lambda: None)
        )
        qtbot.addWidget(pill)
        pill.show_status(status)
        assert pill.layout_shown is not None
        assert (pill.layout_shown.view.text, pill.layout_shown.view.detail) == (what[:-1], remedy)

        monkeypatch.setattr(doctor, "KeyStore", Keys)
        found = asyncio.run(doctor._servers(settings))["endpoint"]
        assert (found.verdict, found.what, found.remedy) == ("problem", what, remedy)
        assert KEY not in found.detail + found.key

        app = App()
        app.settings = settings
        with settings_window(app, qtbot) as window:
            assert said_under_test(window, qtbot) == f"{what} {remedy}"
