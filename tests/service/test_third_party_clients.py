"""Third-party clients validate the stand-in: wyoming-openai and vocalbin.

Versions and hashes are in `third_party_env/clients.txt`.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sayso.audio import files
from sayso.stt.reader import Reader

from .standin import KEY, StandIn, in_thread
from .third_party import CLIENTS_PYTHON, SAMPLE, free_port, running

TEXT = "Text for a third-party client."
VOCALBIN_PROGRAM = Path(__file__).parent / "third_party_env" / "speak.py"


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with in_thread(StandIn([TEXT], at_openai=True)) as service:
        yield service


def sample(rate_hz: int) -> bytes:
    async def read() -> bytes:
        chunks = Reader(files.load_take(SAMPLE)).chunks(rate_hz)
        return b"".join([chunk async for chunk in chunks])

    return asyncio.run(read())


# vocalbin


def vocalbin(standin: StandIn, model: str, key: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [CLIENTS_PYTHON, VOCALBIN_PROGRAM, standin.url, model],
        input=sample(24_000), capture_output=True, timeout=60, check=False,
        env={**os.environ, "API_KEY": key},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("model", "usage"), [("gpt-realtime-whisper", "duration"), ("gpt-4o-transcribe", "tokens")]
)
def test_vocalbin_transcribes_a_take(standin: StandIn, model: str, usage: str) -> None:
    done = vocalbin(standin, model, KEY)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0] == {"event": "SessionConnected"}
    deltas = "".join(event["delta"] for event in events if event["event"] == "TranscriptDelta")
    last = events[-1]
    assert (last["event"], last["transcript"], deltas) == ("TranscriptCompleted", TEXT, TEXT)
    assert last["usage"]["type"] == usage
    record = standin.record
    assert record.authorised
    assert record.dropped_bytes == 0
    assert record.too_early_bytes <= 9_600  # it does not wait for session.updated
    assert bytes(record.audio) == sample(24_000)[record.too_early_bytes :]


def test_vocalbin_gets_an_error_for_a_wrong_key(standin: StandIn) -> None:
    done = vocalbin(standin, "gpt-realtime-whisper", "sk-wrong-0123456789")
    assert done.returncode == 1
    assert b"3000 (registered) invalid_request_error.invalid_api_key" in done.stderr


# wyoming-openai: a bridge for the Wyoming protocol, which sends lines of JSON followed by bytes


@pytest.fixture(scope="module")
def bridge(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    command = [
        CLIENTS_PYTHON, "-m", "wyoming_openai", "--uri", f"tcp://127.0.0.1:{port}",
        "--stt-openai-url", f"http://127.0.0.1:{standin.port}/v1",
        "--stt-realtime-models", "gpt-live-transcribe", "gpt-realtime-whisper",
        "--languages", "en",
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("wyoming")
    with running(command, port, folder, {"STT_OPENAI_KEY": KEY}):
        yield port


class Wyoming:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def send(self, kind: str, pcm: bytes = b"", **data: Any) -> None:
        head = {"type": kind, "data": data, "payload_length": len(pcm)}
        self._writer.write(json.dumps(head).encode() + b"\n" + pcm)

    async def until(self, kind: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        while not events or events[-1]["type"] != kind:
            event = json.loads(await self._reader.readline())
            more = await self._reader.readexactly(event.get("data_length") or 0)
            event["data"] = {**event.get("data", {}), **(json.loads(more) if more else {})}
            await self._reader.readexactly(event.get("payload_length") or 0)
            events.append(event)
        return events


async def transcribe_through(port: int, model: str) -> list[dict[str, Any]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(30):
        wyoming = Wyoming(reader, writer)
        shape = {"rate": 16_000, "width": 2, "channels": 1}
        wyoming.send("transcribe", name=model, language="en")
        wyoming.send("audio-start", **shape)
        pcm = await asyncio.to_thread(sample, 16_000)
        for at in range(0, len(pcm), 3_200):
            wyoming.send("audio-chunk", pcm[at : at + 3_200], **shape)
            await asyncio.sleep(0.05)
        wyoming.send("audio-stop")
        events = await wyoming.until("transcript")
    writer.close()
    await writer.wait_closed()
    return events


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-realtime-whisper"])
def test_wyoming_openai_transcribes_a_take(standin: StandIn, bridge: int, model: str) -> None:
    events = asyncio.run(transcribe_through(bridge, model))
    assert events[-1]["data"]["text"] == TEXT
    chunks = [event["data"]["text"] for event in events if event["type"] == "transcript-chunk"]
    assert "".join(chunks) == TEXT
    record = standin.record
    assert record.authorised
    assert record.dropped_bytes == 0
    settings = record.events[0]["session"]["audio"]["input"]["transcription"]
    assert settings["model"] == model
