"""The engine for file uploads against the stand-in."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from event_loop import in_event_loop, run
from integration.sample_takes import RATE_HZ, take_from, transcribe
from sayso.core.dictation.take import Take
from sayso.core.problems import Problem, ProblemError
from sayso.core.recognition.plausibility import EngineReport
from sayso.core.settings.settings import Endpoint
from sayso.stt.connection_test import check_connection
from sayso.stt.engine import EngineEvent, Partial, Ready
from sayso.stt.file_upload.audio_files import FileLimits
from sayso.stt.file_upload.engine import RESPONSE_TIMEOUT_S, FileUploadEngine, upload_url
from sayso.stt.reader import Reader
from service import KEY, in_thread
from service.files import FileService
from service.http_server import HttpServer, Reply, Request, error_reply, json_reply

TEXT = "Put the kettle on, please, and tell nobody."
MODEL = "gpt-transcribe"


def engine_for(
    url: str,
    key: str | None = KEY,
    language: str = "en",
    response_timeout_s: float = RESPONSE_TIMEOUT_S,
    limits: FileLimits | None = None,
    **fields: Any,
) -> FileUploadEngine:
    fields.setdefault("model", MODEL)
    endpoint = Endpoint(url=url, transport="rest", **fields)
    return FileUploadEngine(
        endpoint, language, lambda _: key, response_timeout_s, limits or FileLimits()
    )


def spoken(seconds: float, ended: bool = True, rate_hz: int = RATE_HZ) -> Take:
    wave = np.sin(np.arange(int(rate_hz * seconds)) * math.tau * 220 / rate_hz) * 3000
    return take_from(wave.astype("<i2").tobytes(), rate_hz=rate_hz, ended=ended)


def text_of(files: FileService, take: Take, on_event: Any = lambda _: None, **fields: Any) -> str:
    texts = []

    async def test() -> None:
        async with HttpServer(files.handlers) as server:
            texts.append(await transcribe(engine_for(server.base, **fields), take, on_event))

    run(test)
    return str(texts[0])


def transcription_problem(answer: Reply, **fields: Any) -> Problem:
    """Return the problem for this reply."""
    problems = []

    async def answers(_: Request) -> Reply:
        return answer

    async def test() -> None:
        async with HttpServer({("POST", "/v1/audio/transcriptions"): answers}) as server:
            with pytest.raises(ProblemError) as caught:
                await transcribe(engine_for(server.base, **fields), spoken(0.5))
        problems.append(caught.value.problem)

    run(test)
    return problems[0]


# A take


def test_a_take_is_uploaded_after_its_end_and_its_text_is_streamed() -> None:
    files, received_events = FileService([TEXT]), list[EngineEvent]()
    take = spoken(1.5, rate_hz=48_000)
    assert text_of(files, take, received_events.append) == TEXT
    assert received_events[0] == Ready()
    texts = [event.text for event in received_events if isinstance(event, Partial)]
    assert texts[0] == "Put"
    assert texts[-1] == TEXT
    assert len(texts) == len(TEXT.split())
    (file,) = files.received
    assert file.filename == "take.wav"
    assert file.rate_hz == 16_000
    assert file.audio_s == pytest.approx(1.5, abs=0.01)
    assert file.fields["languages[]"] == ["en"]
    assert received_events[-1] == EngineReport(
        engine=received_events[-1].engine, sent_s=1.5, processed_s=2, prompt_terms=("",)
    )
    (used,) = take.usage
    assert (used.endpoint, used.seconds, used.cost_usd) == ("OpenAI", 2, None)  # it is not theirs


HINTS: dict[str, tuple[str, dict[str, list[str]]]] = {
    "gpt-transcribe": (
        MODEL,
        {"languages[]": ["en"], "keywords[]": ["Xenolab", "AC-42"], "prompt": ["A lab."]},
    ),
    "gpt-4o": ("gpt-4o-transcribe", {"language": ["en"], "prompt": ["A lab."]}),
    "whisper": ("whisper-1", {"language": ["en"], "prompt": ["A lab."]}),
    "one's own": ("Systran/faster-whisper-small", {"language": ["en"]}),
}


@pytest.mark.parametrize(("model", "wanted"), HINTS.values(), ids=HINTS)
def test_a_model_is_sent_the_options_it_supports(model: str, wanted: dict[str, list[str]]) -> None:
    files = FileService([TEXT], own_model=model if "/" in model else "")
    hints = {
        "prompt": "A lab.",
        "keywords": "Xenolab, AC-42",
        "delay": "low",
        "noise": "near_field",
    }
    assert text_of(files, spoken(0.5), model=model, **hints) == TEXT
    sent_fields = {
        n: v for n, v in files.received[0].fields.items() if n not in ("model", "response_format")
    }
    assert sent_fields.pop("stream", None) == (["true"] if model.startswith("gpt") else None)
    assert sent_fields == wanted


def test_a_language_is_sent_without_its_region() -> None:
    files = FileService([TEXT])
    assert text_of(files, spoken(0.5), language="pt-BR") == TEXT
    assert files.received[0].fields["languages[]"] == ["pt"]


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-realtime-whisper"])
def test_a_model_without_file_support_is_replaced(model: str) -> None:
    files = FileService([TEXT])
    assert text_of(files, spoken(0.5), model=model) == TEXT
    assert files.received[0].fields["model"] == [MODEL]


@pytest.mark.parametrize("seconds", [0, 0.05], ids=["nothing", "a tap"])
def test_a_short_take_is_empty_and_not_sent(seconds: float) -> None:
    files = FileService([TEXT])
    assert text_of(files, spoken(seconds)) == ""
    assert files.received == []


def test_silence_is_an_empty_text_and_control_characters_are_removed() -> None:
    assert text_of(FileService([""]), spoken(0.5)) == ""
    assert text_of(FileService(["Hi\x00\x1b[31m\r there\u0007 "]), spoken(0.5)) == "Hi[31m there"


def test_a_stream_can_end_with_a_marker() -> None:
    assert text_of(FileService([TEXT], done_marker=True), spoken(0.5)) == TEXT


@in_event_loop()
async def test_a_stream_can_arrive_in_single_bytes() -> None:
    whole = b"".join(
        f"data: {json.dumps(event)}\r\n\r\n".encode()
        for event in (
            {"type": "transcript.text.delta", "delta": "Zwölf "},
            {"type": "transcript.text.segment", "text": "of no use"},
            {"type": "transcript.text.done", "text": "Zwölf Boxkämpfer"},
        )
    )

    async def crumbs() -> AsyncIterator[bytes]:
        for at in range(len(whole)):
            yield whole[at : at + 1]

    async def answers(_: Request) -> Reply:
        return Reply(200, crumbs(), "text/event-stream")

    async with HttpServer({("POST", "/v1/audio/transcriptions"): answers}) as server:
        assert await transcribe(engine_for(server.base), spoken(0.5)) == "Zwölf Boxkämpfer"


@in_event_loop()
async def test_a_stream_inside_the_text_is_unwrapped() -> None:
    events = [
        {"type": "transcript.text.delta", "delta": "Zwölf"},
        {"type": "transcript.text.done", "text": "Zwölf Boxkämpfer", "usage": {"seconds": 3}},
    ]
    text = "".join(f"data: {json.dumps(event)}\n\n" for event in events)

    async def answers(_: Request) -> Reply:
        return json_reply(200, {"text": text})

    async with HttpServer({("POST", "/v1/audio/transcriptions"): answers}) as server:
        assert await transcribe(engine_for(server.base), spoken(0.5)) == "Zwölf Boxkämpfer"


def test_a_rejected_field_is_removed() -> None:
    files = FileService([TEXT], own_model="gpt-transcribe")  # a gateway's alias of the same name
    keywords = {"keywords": "Xenolab", "prompt": "A lab."}
    assert text_of(files, spoken(0.5), **keywords) == TEXT
    assert files.received[0].fields == {
        "model": [MODEL], "response_format": ["json"], "prompt": ["A lab."]
    }  # fmt: skip


@in_event_loop()
async def test_takes_may_overlap_and_the_api_key_is_optional() -> None:
    files = FileService(["same"], key=None)
    async with HttpServer(files.handlers) as server:
        engine = engine_for(server.base, key=None)
        takes = [engine.transcribe(Reader(spoken(0.5)), lambda _: None) for _ in range(3)]
        assert await asyncio.gather(*takes) == ["same"] * 3
        await engine.close()
    assert all("authorization" not in request.headers for request in server.requests)


# Long takes


def test_a_take_too_large_for_wav_is_sent_as_flac() -> None:
    files = FileService([TEXT])
    assert text_of(files, spoken(3), limits=FileLimits(max_bytes=50_000)) == TEXT
    assert [file.filename for file in files.received] == ["take.flac"]
    assert files.received[0].audio_s == pytest.approx(3, abs=0.01)


def test_a_long_take_is_sent_in_parts_and_joined() -> None:
    files, received_events = FileService(["One.", "Two.", "Three."]), list[EngineEvent]()
    take = take_from(*[spoken(1.4).read(0) + bytes(RATE_HZ // 5 * 2)] * 3)
    limits = FileLimits(max_s=2)
    assert text_of(files, take, received_events.append, limits=limits) == "One. Two. Three."
    assert sum(file.audio_s for file in files.received) == pytest.approx(4.8, abs=0.01)
    cuts = [file.audio_s for file in files.received]
    assert cuts[0] == pytest.approx(1.5, abs=0.12)  # in the pause
    assert Partial("One. Two.") in received_events
    assert [segment.text for segment in take.committed] == ["One.", "Two."]
    assert take.committed_bytes == pytest.approx(sum(cuts[:2]) * RATE_HZ * 2, abs=4)


def test_the_connection_test_returns_seconds() -> None:
    with in_thread(HttpServer(FileService().handlers)) as server:
        assert 0 < asyncio.run(check_connection(engine_for(server.base))) < 10


# Refusals


HTML = b"<html><title>Welcome to the hotel</title></html>"
INVALID_REPLIES: dict[str, tuple[Reply, str]] = {
    "key": (error_reply(401, "Incorrect", "invalid_api_key"), "rejected your API key"),
    "key, by a proxy": (Reply(401, HTML, "text/html"), "rejected your API key"),
    "forbidden": (Reply(403, b"", "text/plain"), "refused the connection. Check the API key"),
    "no such path": (error_reply(404, ""), "The address may need /v1 at its end."),
    "FastAPI's 404": (
        json_reply(404, {"detail": "Not Found"}),
        "The address may need /v1 at its end.",
    ),
    "no such model": (error_reply(404, "no", "model_not_found"), "does not know “gpt-tr"),
    "LocalAI's model": (
        json_reply(404, {"error": {"code": 404, "message": "model x not found", "type": ""}}),
        "rejected the settings: “model x not found”",
    ),
    "vLLM's open error": (
        json_reply(400, {"object": "error", "message": "No such option.", "code": 400}),
        ": “No such option.”",
    ),
    "FastAPI's 422": (json_reply(422, {"detail": [{"loc": ["body", "file"]}]}), "speech server"),
    "method": (error_reply(405, "no"), "There is no speech server at"),
    "too big": (error_reply(413, "Maximum content size"), ": “Maximum content size”"),
    "busy": (error_reply(429, "Slow down"), "is busy. Your recording is kept."),
    "no credit": (error_reply(429, "Pay", "insufficient_quota"), "account has no credit left"),
    "broken": (Reply(500, b"Internal Server Error", "text/plain"), "is unavailable."),
    "down": (Reply(503, HTML, "text/html"), "is unavailable. Your recording is kept."),
    "redirect": (Reply(307, b"", headers={"Location": "/elsewhere"}), "127.0.0.1:"),
    "portal": (Reply(200, HTML, "text/html"), "A web page answered instead of 127.0.0.1:"),
    "text of another kind": (json_reply(200, {"text": 7}), "There is no speech server at"),
    "a list": (json_reply(200, [1]), "There is no speech server at"),
    "nothing": (Reply(200), "There is no speech server at"),
    "no end": (Reply(200, b" " * (2 << 20)), "There is no speech server at"),
    "no end of text": (json_reply(200, {"text": "a" * 300_000}), "There is no speech server at"),
    "compressed": (Reply(200, b"\x1f\x8b\x00", headers={"Content-Encoding": "gzip"}), "server"),
    "stream without end": (
        Reply(200, b"data: {}\n\n", "text/event-stream"),
        "Lost the connection to",
    ),
    "stream of an error": (
        Reply(200, b'data: {"type":"error","error":{"message":"Oh"}}\n\n', "text/event-stream"),
        "could not transcribe this: “Oh”",
    ),
    "stream of garbage": (
        Reply(200, b"data: \xff\xfe[" * 999, "text/event-stream"),
        "Lost the connection to",
    ),
    "stream of too much": (
        Reply(200, b"data: " + b"x" * (2 << 20) + b"\n\n", "text/event-stream"),
        "There is no speech server at",
    ),
    "stream of too much text": (
        Reply(
            200,
            b'data: {"type":"transcript.text.delta","delta":"' + b"x" * 300_000 + b'"}\n\n',
            "text/event-stream",
        ),
        "There is no speech server at",
    ),
}


@pytest.mark.parametrize(("answer", "sentence"), INVALID_REPLIES.values(), ids=INVALID_REPLIES)
def test_every_invalid_reply_is_a_problem(answer: Reply, sentence: str) -> None:
    problem = transcription_problem(answer)
    assert sentence in problem.sentence
    assert problem.remedy


@pytest.mark.parametrize(
    ("answer", "after_s"),
    [
        (error_reply(429, "x", "rate_limit_exceeded", **{"Retry-After": "7"}), 7),
        (error_reply(429, "Please try again in 1m2s."), 62),
        (Reply(503, b"", headers={"Retry-After": "3"}), 3),
    ],
    ids=["header", "words", "down"],
)
def test_the_wait_is_the_one_the_server_requests(answer: Reply, after_s: float) -> None:
    assert transcription_problem(answer).retry_after_s == after_s


@in_event_loop()
async def test_api_key_and_audio_do_not_follow_a_redirect() -> None:
    async def elsewhere(_: Request) -> Reply:
        return Reply(308, b"", headers={"Location": f"{other.base}/audio/transcriptions"})

    path = ("POST", "/v1/audio/transcriptions")
    async with HttpServer(FileService().handlers) as other, HttpServer({path: elsewhere}) as server:
        with pytest.raises(ProblemError):
            await transcribe(engine_for(server.base), spoken(0.5))
        assert other.requests == []
        assert len(server.requests) == 1


@in_event_loop()
async def test_the_api_key_of_another_host_is_never_requested() -> None:
    asked = []
    async with HttpServer(FileService(key=None).handlers) as server:
        endpoint = Endpoint(url=server.base, model=MODEL, transport="rest")
        await transcribe(FileUploadEngine(endpoint, "", asked.append), spoken(0.5))
        assert asked == [f"127.0.0.1:{server.port}"]
        asked.clear()
        none = Endpoint(url=server.base, model=MODEL, transport="rest", auth="none")
        await transcribe(FileUploadEngine(none, "", asked.append), spoken(0.5))
    assert asked == []


@in_event_loop()
async def test_openai_is_not_contacted_without_an_api_key() -> None:
    engine = FileUploadEngine(Endpoint(transport="rest"), "", lambda _: None)
    assert engine.ready
    with pytest.raises(ProblemError, match=r"no API key for OpenAI"):
        await transcribe(engine, spoken(0.5))


@pytest.mark.parametrize("url", ["", "http://other.example/v1", "https://sk-1@other.example"])
@in_event_loop()
async def test_an_unusable_address_is_reported_before_a_take(url: str) -> None:
    engine = FileUploadEngine(Endpoint(url=url, transport="rest"), "", lambda _: None)
    assert not engine.ready
    with pytest.raises(ProblemError) as caught:
        await engine.prepare()
    assert caught.value.problem.code.startswith("server.")


@in_event_loop()
async def test_a_rejected_api_key_is_reported_and_never_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = "sk-wrong-5d41402abc4b2a76b9719d911017c592"
    async with HttpServer(FileService().handlers) as server:
        engine = engine_for(server.base, key)
        with pytest.raises(ProblemError) as caught:
            await transcribe(engine, spoken(0.5))
        problem = caught.value.problem
        assert problem.code == "server.key_rejected"
        assert "wrong-5d" not in repr(problem) + repr(engine) + caplog.text
        right = engine_for(server.base)
        await transcribe(right, spoken(0.5))
        assert KEY not in repr(right) + caplog.text


@in_event_loop(timeout_s=5)
async def test_a_server_that_does_not_respond_causes_a_problem() -> None:
    arrived = asyncio.Event()

    async def sleeps(_: Request) -> Reply | None:
        arrived.set()
        await asyncio.Event().wait()
        return None

    async with HttpServer(FileService(before=sleeps).handlers) as server:
        with pytest.raises(ProblemError, match="did not respond"):
            await transcribe(engine_for(server.base, response_timeout_s=0.0), spoken(0.5))
        arrived.clear()
        work = asyncio.create_task(transcribe(engine_for(server.base), spoken(0.5)))
        await arrived.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work


@in_event_loop()
async def test_the_duration_of_the_take_is_added_to_the_timeout() -> None:
    async def slow(request: Request) -> Reply | None:
        await asyncio.sleep(0.3)  # within the 0.5 s that the take lasted
        return None

    async with HttpServer(FileService([TEXT], before=slow, word_delay_s=0.05).handlers) as server:
        engine = engine_for(server.base, response_timeout_s=0.0)
        assert await transcribe(engine, spoken(0.5)) == TEXT


@in_event_loop()
async def test_a_take_canceled_while_the_user_speaks_is_not_sent() -> None:
    files, ready = FileService(), asyncio.Event()
    async with HttpServer(files.handlers) as server:
        engine, take = engine_for(server.base), spoken(0.5, ended=False)
        work = asyncio.create_task(transcribe(engine, take, lambda _: ready.set()))
        await ready.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    assert server.requests == []


@in_event_loop()
async def test_an_unreachable_server_is_a_problem() -> None:
    async with HttpServer({}) as server:
        url = server.base
    with pytest.raises(ProblemError, match=r"No server responds at 127.0.0.1:"):
        await transcribe(engine_for(url), spoken(0.5))
    async with HttpServer({}) as plain:
        tls = plain.base.replace("http:", "https:")
        with pytest.raises(ProblemError, match=r"no secure connection|closed the connection"):
            await transcribe(engine_for(tls), spoken(0.5))


@in_event_loop()
async def test_a_closed_stream_is_a_lost_connection() -> None:
    async def gone() -> AsyncIterator[bytes]:
        yield b"data: {}\n\n"
        raise ConnectionResetError

    async def answers(_: Request) -> Reply:
        return Reply(200, gone(), "text/event-stream")

    async with HttpServer({("POST", "/v1/audio/transcriptions"): answers}) as server:
        with pytest.raises(ProblemError, match=r"Lost the connection to"):
            await transcribe(engine_for(server.base), spoken(0.5))


ADDRESSES = {
    "OpenAI": ("wss://api.openai.com/v1/realtime", "https://api.openai.com/v1"),
    "Groq": ("https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
    "Azure": (
        "wss://me.openai.azure.com/openai/v1/realtime?intent=transcription",
        "https://me.openai.azure.com/openai/v1",
    ),
    "with a slash": ("http://localhost:8000/v1/", "http://localhost:8000/v1"),
    "whole": ("http://localhost:8000/v1/audio/transcriptions", "http://localhost:8000/v1"),
}


@pytest.mark.parametrize(("url", "base"), ADDRESSES.values(), ids=ADDRESSES)
def test_the_upload_address_follows_from_the_endpoint(url: str, base: str) -> None:
    assert upload_url(Endpoint(url=url)) == f"{base}/audio/transcriptions"


def test_the_path_of_whisper_cpp_is_kept() -> None:
    assert upload_url(Endpoint(url="http://localhost/inference")) == "http://localhost/inference"
