"""Stand-in for `POST /v1/audio/transcriptions`, which rejects what the real service rejects.

Sources: the guide "Speech to text", the openai SDK 3.52, and errors that clients received: at most
25 MB, 1,400 s for the gpt-4o models, no streaming models, one invalid field rejects the request.
"""

from __future__ import annotations

import asyncio
import io
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import attrs
import numpy as np
import soundfile
import soxr

from . import rules
from .http_server import Handler, Part, Reply, Request, authorization_error, error_reply, json_reply
from .session import RATE_HZ, split_words
from .standin import KEY

MAX_FILE_BYTES = 25_000_000
"""Limit of the guide; the service itself counts 26,214,400 bytes of the whole form."""
MAX_GPT_4O_S = 1400
MIN_AUDIO_S = 0.1
EXTENSIONS = frozenset({"flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"})
FIELDS = frozenset(
    {
        *("file", "model", "language", "languages[]", "keywords[]", "prompt", "response_format"),
        *("temperature", "chunking_strategy", "include[]", "stream", "timestamp_granularities[]"),
    }
)
MODEL_FIELDS = {
    "gpt-transcribe": frozenset({"languages[]", "keywords[]", "prompt"}),
    "gpt-4o-transcribe": frozenset({"language", "prompt"}),
    "gpt-4o-mini-transcribe": frozenset({"language", "prompt"}),
    "whisper-1": frozenset({"language", "prompt"}),
}
OPTION_FIELDS = frozenset({"language", "languages[]", "keywords[]", "prompt"})


class RefusedError(Exception):
    def __init__(
        self, message: str, code: str | None = None, param: str | None = None, status: int = 400
    ) -> None:
        super().__init__(message)
        self.reply = error_reply(status, message, code, param)


@attrs.frozen
class ReceivedFile:
    """An accepted file."""

    fields: Mapping[str, list[str]]
    filename: str
    size_bytes: int
    pcm: bytes = attrs.field(repr=False)
    """s16le mono at 24 kHz."""
    rate_hz: int

    @property
    def audio_s(self) -> float:
        return len(self.pcm) / 2 / RATE_HZ


class FileService:
    """OpenAI's service, or with `own_model` a server with one model and no streams."""

    def __init__(
        self,
        script: list[str] | None = None,
        *,
        key: str | None = KEY,
        own_model: str = "",
        transcribe_pcm: Callable[[bytes], str] | None = None,
        done_marker: bool = False,
        word_delay_s: float = 0.0,
        accepts_ephemeral: Callable[[str], bool] = lambda _: False,
        before: Callable[[Request], Awaitable[Reply | None]] | None = None,
    ) -> None:
        self.script = script or ["Hello from the stand-in."]
        self.key, self.own_model, self.transcribe_pcm = key, own_model, transcribe_pcm
        self.done_marker, self.word_delay_s, self.accepts_ephemeral, self.before = (
            done_marker,
            word_delay_s,
            accepts_ephemeral,
            before,
        )
        self.received: list[ReceivedFile] = []

    @property
    def handlers(self) -> dict[tuple[str, str], Handler]:
        return {("POST", "/v1/audio/transcriptions"): self.transcribe}

    async def transcribe(self, request: Request) -> Reply:
        if self.before and (reply := await self.before(request)):
            return reply
        if refused := authorization_error(request, self.key, self.accepts_ephemeral):
            return refused
        try:
            upload = await asyncio.to_thread(self._parse, request)
        except RefusedError as error:
            return error.reply
        self.received.append(upload)
        if self.transcribe_pcm:
            text = await asyncio.to_thread(self.transcribe_pcm, upload.pcm)
        else:
            text = self.script[min(len(self.received), len(self.script)) - 1]
        if upload.fields.get("stream") == ["true"] and upload.fields["model"] != ["whisper-1"]:
            return Reply(200, self._stream(text, upload), "text/event-stream; charset=utf-8")
        return json_reply(200, self._transcription(text, upload))

    def _parse(self, request: Request) -> ReceivedFile:
        parts = request.form
        if not parts:
            raise RefusedError("Could not parse multipart form")
        fields: dict[str, list[str]] = {}
        file: Part | None = None
        for part in parts:
            if part.name not in FIELDS:
                name = part.name
                raise RefusedError(f"Unknown parameter: '{name}'.", "unknown_parameter", name)
            if part.name == "file":
                file = part
            else:
                fields.setdefault(part.name, []).append(part.value.decode())
        if file is None or not file.filename:
            raise _missing("file")
        self._check(fields)
        return self._decode(file, fields)

    def _check(self, fields: dict[str, list[str]]) -> None:
        model = fields.get("model", [""])[0]
        if not model:
            raise _missing("model")
        (self._check_own if self.own_model else _check_openai)(model, fields)

    def _check_own(self, model: str, fields: dict[str, list[str]]) -> None:
        if model != self.own_model:
            raise RefusedError(f"model {model} not found", None, None, 404)
        for name in ("stream", "languages[]", "keywords[]"):
            if name in fields:
                raise RefusedError(f"Unknown field '{name.removesuffix('[]')}'.")

    def _decode(self, file: Part, fields: dict[str, list[str]]) -> ReceivedFile:
        size = len(file.value)
        if size > MAX_FILE_BYTES:
            message = f"Maximum content size limit (26214400) exceeded ({size} bytes read)"
            raise RefusedError(message, None, None, 413)
        if file.filename.rpartition(".")[2].lower() not in EXTENSIONS:
            raise RefusedError(f"Unrecognized file format. Supported formats: {sorted(EXTENSIONS)}")
        try:
            samples, rate_hz = soundfile.read(io.BytesIO(file.value), dtype="int16")
        except soundfile.LibsndfileError:
            message = "Audio file might be corrupted or unsupported"
            raise RefusedError(message, "invalid_value", "file") from None
        audio_s = len(samples) / rate_hz
        if audio_s < MIN_AUDIO_S:
            message = "Audio file is too short. Minimum audio length is 0.1 seconds."
            raise RefusedError(message, "audio_too_short", "file")
        if fields["model"][0].startswith("gpt-4o") and audio_s > MAX_GPT_4O_S:
            message = (
                f"audio duration {audio_s} seconds is longer than {MAX_GPT_4O_S} seconds which is"
                " the maximum for this model"
            )
            raise RefusedError(message, "invalid_value")
        pcm = samples if rate_hz == RATE_HZ else soxr.resample(samples, rate_hz, RATE_HZ)
        return ReceivedFile(fields, file.filename, size, np.asarray(pcm, "<i2").tobytes(), rate_hz)

    def _transcription(self, text: str, upload: ReceivedFile) -> dict[str, Any]:
        answer: dict[str, Any] = {"text": text}
        model = upload.fields["model"][0]
        if self.own_model:
            return answer
        if model == "gpt-transcribe":
            answer["languages"] = [{"code": "en"}] if text else []
        return {**answer, "usage": _usage(model, upload.audio_s, text)}

    async def _stream(self, text: str, upload: ReceivedFile) -> AsyncIterator[bytes]:
        for word in split_words(text):
            yield _event({"type": "transcript.text.delta", "delta": word})
            await asyncio.sleep(self.word_delay_s)
        yield _event({"type": "transcript.text.done", **self._transcription(text, upload)})
        if self.done_marker:
            yield b"data: [DONE]\n\n"


def _check_openai(model: str, fields: dict[str, list[str]]) -> None:
    if model not in MODEL_FIELDS:
        message = f"The model `{model}` does not exist or you do not have access to it."
        raise RefusedError(message, "model_not_found", None, 404)
    for name in OPTION_FIELDS - MODEL_FIELDS[model]:
        if name in fields:
            short = name.removesuffix("[]")
            raise RefusedError(f"Unknown parameter: '{short}'.", "unknown_parameter", short)
    codes = fields.get("language", []) + fields.get("languages[]", [])
    if not all(map(rules.LANGUAGES.fullmatch, codes)):
        raise RefusedError("Unknown language.", "invalid_value", "language")
    if any(set(word) & set("<>\r\n") for word in fields.get("keywords[]", [])):
        raise RefusedError("Invalid value for 'keywords'.", "invalid_value", "keywords")
    if fields.get("response_format", ["json"]) != ["json"] and model != "whisper-1":
        message = "This response_format is not compatible with the model."
        raise RefusedError(message, "invalid_value", "response_format")
    if fields.get("stream", ["false"])[0] not in ("true", "false"):
        raise RefusedError("Invalid value for 'stream'.", "invalid_value", "stream")


def _usage(model: str, audio_s: float, text: str) -> dict[str, Any]:
    if not rules.MODELS[model].billed_by_tokens:
        return {"type": "duration", "seconds": math.ceil(audio_s)}
    audio_tokens, words = math.ceil(audio_s * 10), len(text.split())
    return {
        "type": "tokens",
        "total_tokens": audio_tokens + words,
        "input_tokens": audio_tokens,
        "input_token_details": {"text_tokens": 0, "audio_tokens": audio_tokens},
        "output_tokens": words,
    }


def _event(value: Any) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def _missing(name: str) -> RefusedError:
    message = f"Missing required parameter: '{name}'."
    return RefusedError(message, "missing_required_parameter", name)
