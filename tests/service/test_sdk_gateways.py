"""OpenAI's SDK validates file uploads, ephemeral keys and WebRTC calls."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import wave
from collections.abc import AsyncIterator, Awaitable
from typing import Any, get_type_hints

import openai
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from openai import AsyncOpenAI
from openai.types.audio.transcription_create_params import TranscriptionCreateParamsStreaming
from openai.types.realtime.client_secret_create_params import ClientSecretCreateParams

from event_loop import in_event_loop
from sayso.core.dictation.take import Take
from sayso.core.settings.settings import Endpoint
from sayso.stt.file_upload.engine import FileUploadEngine
from sayso.stt.reader import Reader
from sayso.stt.server.ephemeral_keys import EphemeralKeys as OurSecrets

from .calls import CallService
from .ephemeral_keys import EphemeralKeyService
from .files import FileService
from .http_server import HttpServer
from .standin import KEY, StandIn
from .test_sdk import unknown_fields, violations

TEXT = "Hello from the stand-in."
SESSION: dict[str, Any] = {
    "type": "transcription",
    "audio": {
        "input": {
            "transcription": {"model": "gpt-live-transcribe", "languages": ["en"]},
            "turn_detection": None,
        }
    },
}


@contextlib.asynccontextmanager
async def sdk_client(server: HttpServer, key: str = KEY) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(api_key=key, base_url=server.base, max_retries=0) as client:
        yield client


def wav_file(seconds: float = 1.0) -> tuple[str, bytes]:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(bytes(int(16_000 * seconds) * 2))
    return "take.wav", file.getvalue()


# Files


HINTS: dict[str, dict[str, Any]] = {
    "gpt-transcribe": {"languages": ["en", "de"], "keywords": ["Xenolab"], "prompt": "A lab."},
    "gpt-4o-transcribe": {"language": "en", "prompt": "A lab."},
    "gpt-4o-mini-transcribe": {},
    "whisper-1": {"language": "de"},
}


@pytest.mark.parametrize(("model", "hints"), HINTS.items(), ids=HINTS)
@in_event_loop()
async def test_the_sdk_transcribes_a_file(model: str, hints: dict[str, Any]) -> None:
    files = FileService([TEXT])
    async with HttpServer(files.handlers) as server, sdk_client(server) as client:
        ask: Any = client.audio.transcriptions.create
        answer = await ask(file=wav_file(), model=model, **hints)
        assert answer.text == TEXT
        assert list(unknown_fields(answer)) == []
        assert answer.usage.type == ("tokens" if "4o" in model else "duration")
        sent = files.received[0].fields
        assert {n.removesuffix("[]") for n in sent} == {"model", *hints}


@pytest.mark.parametrize("model", HINTS)
@in_event_loop()
async def test_the_sdk_reads_the_stream(model: str) -> None:
    async with HttpServer(FileService([TEXT]).handlers) as server, sdk_client(server) as client:
        if model == "whisper-1":  # it ignores `stream`
            reply = await client.audio.transcriptions.with_raw_response.create(
                file=wav_file(), model=model, stream=True
            )
            assert json.loads(await reply.http_response.aread())["text"] == TEXT
            return
        stream: Any = await client.audio.transcriptions.create(
            file=wav_file(), model=model, stream=True
        )
        events = [event async for event in stream]
        *deltas, done = events
        assert "".join(event.delta for event in deltas) == TEXT == done.text
        # the SDK's type of the last event has tokens only; `Transcription` has both
        known = {".usage.seconds"} if model == "gpt-transcribe" else set()
        assert {bad for event in events for bad in unknown_fields(event)} <= known


REFUSED: dict[str, tuple[dict[str, Any], type[openai.APIStatusError], str | None]] = {
    "streaming model": ({"model": "gpt-live-transcribe"}, openai.NotFoundError, "model_not_found"),
    "no such model": ({"model": "gpt-9"}, openai.NotFoundError, "model_not_found"),
    "unsupported option": ({"keywords": ["x"]}, openai.BadRequestError, "unknown_parameter"),
    "a language": ({"language": "klingon"}, openai.BadRequestError, "invalid_value"),
    "too short": ({"file": wav_file(0.05)}, openai.BadRequestError, "audio_too_short"),
    "no audio": ({"file": ("a.wav", b"RIFF")}, openai.BadRequestError, "invalid_value"),
    "another ending": ({"file": ("a.txt", wav_file()[1])}, openai.BadRequestError, None),
    "text": ({"response_format": "text"}, openai.BadRequestError, "invalid_value"),
    "too long": ({"file": wav_file(1401)}, openai.APIStatusError, None),
}


@pytest.mark.parametrize(("change", "kind", "code"), REFUSED.values(), ids=REFUSED)
@in_event_loop()
async def test_rejected_files_raise_errors_in_the_sdk(
    change: dict[str, Any], kind: Any, code: Any
) -> None:
    async with HttpServer(FileService().handlers) as server, sdk_client(server) as client:
        ask: Any = client.audio.transcriptions.create
        with pytest.raises(kind) as caught:
            await ask(**{"file": wav_file(), "model": "gpt-4o-transcribe", **change})
        assert caught.value.code == code


@in_event_loop()
async def test_a_wrong_api_key_is_rejected_everywhere() -> None:
    handlers = {
        **FileService().handlers,
        **EphemeralKeyService().handlers,
        **CallService(StandIn()).handlers,
    }
    async with HttpServer(handlers) as server, sdk_client(server, "sk-wrong") as client:
        asked: list[Awaitable[Any]] = [
            client.audio.transcriptions.create(file=wav_file(), model="whisper-1"),
            client.realtime.client_secrets.create(),
            client.realtime.calls.create(sdp="v=0"),
        ]
        for ask in asked:
            with pytest.raises(openai.AuthenticationError) as caught:
                await ask
            assert caught.value.code == "invalid_api_key"


@pytest.mark.parametrize("model", HINTS)
@in_event_loop()
async def test_the_upload_form_matches_the_sdk(model: str) -> None:
    files = FileService([TEXT])
    hints = {"prompt": "A lab.", "keywords": "Xenolab, AC-42"}
    async with HttpServer(files.handlers) as server:
        endpoint = Endpoint(url=server.base, model=model, transport="rest", **hints)
        engine = FileUploadEngine(endpoint, "en", lambda _: KEY)
        take = Take(number=1, id="1", rate_hz=16_000)
        take.append(bytes(16_000))
        take.end()
        assert await engine.transcribe(Reader(take), lambda _: None) == TEXT
        await engine.close()
    sent = files.received[0].fields
    known = set(get_type_hints(TranscriptionCreateParamsStreaming))
    assert {name.removesuffix("[]") for name in sent} <= known


# Ephemeral keys


@in_event_loop()
async def test_the_sdk_creates_and_uses_an_ephemeral_key() -> None:
    secrets = EphemeralKeyService()
    service = StandIn([TEXT], at_openai=True, accepts_ephemeral=secrets.valid)
    async with HttpServer(secrets.handlers, websockets=service) as server:
        async with sdk_client(server) as client:
            made: Any = await client.realtime.client_secrets.create(
                expires_after={"anchor": "created_at", "seconds": 10},
                session=SESSION,  # type: ignore[arg-type]
            )
            assert list(unknown_fields(made)) == []
            assert made.session.type == "transcription"
            assert made.value.startswith("ek_")
        async with sdk_client(server, made.value) as client:
            for query in ({}, {"intent": "transcription"}):
                async with client.realtime.connect(extra_query=query) as connection:
                    assert (await connection.recv()).type == "session.created"
            async with client.realtime.connect(model="gpt-live-transcribe") as connection:
                refused: Any = await connection.recv()
                assert "must not provide a model parameter" in refused.error.message


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"expires_after": {"anchor": "created_at", "seconds": 9}}, "expires_after.seconds"),
        ({"expires_after": {"anchor": "created_at", "seconds": 7201}}, "expires_after.seconds"),
        ({"session": {"type": "realtime", "model": "gpt-realtime"}}, "session.type"),
        (
            {"session": {**SESSION, "audio": {"input": {"transcription": {"model": "gpt-9"}}}}},
            "session.audio.input.transcription.model",
        ),
    ],
    ids=["too short", "too long", "a conversation", "no such model"],
)
@in_event_loop()
async def test_invalid_requests_for_an_ephemeral_key_are_rejected(
    body: dict[str, Any], param: str
) -> None:
    async with HttpServer(EphemeralKeyService().handlers) as server, sdk_client(server) as client:
        create: Any = client.realtime.client_secrets.create
        with pytest.raises(openai.BadRequestError) as caught:
            await create(**{"session": SESSION, **body})
        assert caught.value.param == param


@in_event_loop()
async def test_the_request_for_an_ephemeral_key_matches_the_sdk() -> None:
    secrets = EphemeralKeyService()
    async with HttpServer(secrets.handlers) as server:
        ours = OurSecrets(Endpoint(url=server.base, secrets_url="openai"), lambda _: KEY)
        await ours.credentials(f"127.0.0.1:{server.port}")
        await ours.close()
    body = json.loads(server.requests[0].body)
    assert violations(ClientSecretCreateParams, body) == []


# Calls


@in_event_loop()
async def test_the_sdk_creates_a_webrtc_call() -> None:
    calls = CallService(StandIn([TEXT]))
    peer, connected = RTCPeerConnection(RTCConfiguration(iceServers=[])), asyncio.Event()

    @peer.on("connectionstatechange")
    def on_state_change() -> None:
        if peer.connectionState == "connected":
            connected.set()

    peer.addTransceiver("audio", direction="sendonly")
    peer.createDataChannel("oai-events")
    await peer.setLocalDescription(await peer.createOffer())
    sdp = peer.localDescription.sdp
    async with HttpServer(calls.handlers) as server, sdk_client(server) as client:
        session: Any = SESSION  # the SDK has a type for conversations only
        answer = await client.realtime.calls.create(sdp=sdp, session=session)
        assert answer.response.status_code == 201
        assert answer.response.headers["location"].startswith("/v1/realtime/calls/rtc_")
        description = RTCSessionDescription(answer.content.decode(), "answer")
        await peer.setRemoteDescription(description)
        await connected.wait()
        for wrong, message in (
            ({"sdp": sdp.replace("m=audio", "m=video")}, "audio media section"),
            ({"extra_query": {"model": "gpt-live-transcribe"}}, "in transcription mode"),
        ):
            create: Any = client.realtime.calls.create
            with pytest.raises(openai.BadRequestError, match=message):
                await create(**{"sdp": sdp, "session": session, **wrong})
    await peer.close()
    await calls.close()
