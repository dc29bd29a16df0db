"""File upload and WebRTC with real speech."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from sayso.audio import files as soundfiles
from sayso.core.settings.settings import Endpoint
from sayso.stt.reader import Reader
from sayso.stt.realtime.engine import RealtimeEngine
from service import KEY, StandIn, in_thread
from service.calls import CallService
from service.files import FileService
from service.http_server import HttpServer

from .desktop_fixture import Desktop
from .editors import Editor
from .processes import wait_until
from .sound import speech_clips
from .test_dictation import MAX_WORD_ERROR_RATE, word_error_rate

CLIPS = speech_clips()
OWN = "Systran/faster-whisper-base"


@pytest.fixture
def transcribing_files(transcribing_service: StandIn) -> Iterator[tuple[HttpServer, FileService]]:
    """Server for files that transcribes real speech."""
    files = FileService(own_model=OWN, transcribe_pcm=transcribing_service.transcribe)
    with in_thread(HttpServer(files.handlers)) as server:  # type: ignore[arg-type]
        yield server, files  # type: ignore[misc]


def test_real_speech_is_inserted_after_a_file_upload(
    desktop: Desktop,
    editor: Callable[[str], Editor],
    transcribing_files: tuple[HttpServer, FileService],
) -> None:
    server, files = transcribing_files
    desktop.configure(
        engine="realtime",
        endpoint__url=server.base,
        endpoint__model=OWN,
        endpoint__transport="rest",
    )
    stored = desktop.sayso("key", "set", stdin=f"{KEY}\n")
    assert stored.returncode == 0, stored.stderr
    desktop.start_app(language="en")
    desktop.wait_until_ready()
    window = editor("xterm")
    path, said = CLIPS[3]
    take = desktop.dictate(path)
    assert take["error"] is None
    assert word_error_rate(take["text"], said) <= MAX_WORD_ERROR_RATE
    wait_until(lambda: window.text().strip() == take["text"], f"{take['text']!r} in the window")
    (file,) = files.received
    assert file.fields["language"] == ["en"]
    assert file.audio_s == pytest.approx(take["duration_s"], abs=0.05)


def test_real_speech_is_transcribed_over_webrtc(
    transcribing_service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    path, said = CLIPS[3]
    take = soundfiles.load_take(path)

    async def test() -> str:
        calls = CallService(StandIn(transcribe=transcribing_service.transcribe))
        async with (
            asyncio.timeout(60),
            HttpServer(calls.handlers, websockets=calls.service, on_close=calls.close) as server,
        ):
            endpoint = Endpoint(url=server.base, transport="webrtc", dialect="openai")
            engine = RealtimeEngine(endpoint, "en", lambda _: KEY)
            try:
                return await engine.transcribe(Reader(take), lambda _: None)
            finally:
                await engine.close()

    assert word_error_rate(asyncio.run(test()), said) <= MAX_WORD_ERROR_RATE
