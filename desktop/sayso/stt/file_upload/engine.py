"""Engine for servers that accept files: `POST /v1/audio/transcriptions`.

The take is uploaded after release. If the model streams, its text arrives as server-sent events,
the last of which is `transcript.text.done`. See "File upload" in `docs/realtime-protocol.md`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from ...core.problems import ProblemError
from ...core.recognition.plausibility import EngineReport
from ...core.settings import server_models
from ...core.settings.endpoint import Endpoint
from ...core.settings.urls import host_of, http_url, service_name
from ...core.settings.validators import parse_keywords
from ..engine import EngineEvent, Partial, Ready
from ..reader import Reader
from ..realtime.transcript import ItemTranscript, TranscriptTooLongError
from ..server import json_fields
from ..server.auth import Credentials, GetApiKey, credentials_for
from ..server.errors import messages as errors
from ..server.errors.redaction import error_code
from ..server.http import (
    EVENT_STREAM,
    MAX_RESPONSE_BYTES,
    HttpClient,
    HttpResponse,
    media_type_of,
    response_problem,
    unexpected_response,
)
from ..server.pricing import record_usage
from ..server.request_options import NOISE_FIELD, language_code, request_options
from .audio_files import BYTES_PER_S, RATE_HZ, AudioFile, FileLimits, split_into_files

if TYPE_CHECKING:
    import httpx2

TRANSCRIPTIONS_PATH = "/audio/transcriptions"
WHISPER_CPP_PATH = "/inference"
MIN_AUDIO_BYTES = BYTES_PER_S // 10
RESPONSE_TIMEOUT_S = 30.0
"""The duration of the audio is added, for a computer that is no faster than real time."""
MIN_UPLOAD_BYTES_PER_S = 8_000


@attrs.define(eq=False)
class FileUploadEngine:
    """Implements `sayso.stt.engine.Engine`. Requests the API key for each take and keeps none."""

    endpoint: Endpoint
    language: str
    get_api_key: GetApiKey = attrs.field(repr=False)
    response_timeout_s: float = RESPONSE_TIMEOUT_S
    limits: FileLimits = attrs.field(factory=FileLimits)
    http: HttpClient = attrs.field(factory=HttpClient, init=False, repr=False)

    @property
    def name(self) -> str:
        return self.endpoint.name

    @property
    def ready(self) -> bool:
        try:
            upload_url(self.endpoint)
        except ProblemError:
            return False
        return True

    async def prepare(self) -> None:
        """Check the address and load the HTTP library, which takes up to 0.3 s. Sends nothing."""
        await self.http.open(upload_url(self.endpoint))

    async def transcribe(self, audio: Reader, on_event: Callable[[EngineEvent], None]) -> str:
        url = upload_url(self.endpoint)
        credentials = await credentials_for(self.endpoint, host_of(url), self.get_api_key)
        on_event(Ready())
        pcm = bytearray()
        async for chunk in audio.chunks(RATE_HZ):
            pcm += chunk
        if len(pcm) < MIN_AUDIO_BYTES:
            return ""
        upload = _TakeUpload(self, url, credentials, audio, on_event)
        texts: list[str] = []
        files = split_into_files(bytes(pcm), self.limits)
        while file := await asyncio.to_thread(next, files, None):
            texts.append(await upload.upload(file, texts))
            if file.end_bytes < len(pcm):  # if the next file fails, this text need not be repeated
                end_bytes = audio.position_bytes(file.end_bytes, RATE_HZ)
                audio.take.commit(texts[-1], end_bytes)
        on_event(upload.report)
        return " ".join(text for text in texts if text)

    async def close(self) -> None:
        await self.http.close()


def upload_url(endpoint: Endpoint) -> str:
    """Return the address for file uploads; raises `ProblemError` if it is unusable."""
    paths = (TRANSCRIPTIONS_PATH, WHISPER_CPP_PATH)
    return http_url(endpoint.url, TRANSCRIPTIONS_PATH, endpoint.allow_insecure, paths)


@attrs.define(eq=False)
class _TakeUpload:
    engine: FileUploadEngine
    url: str
    credentials: Credentials
    audio: Reader
    on_event: Callable[[EngineEvent], None]
    model: server_models.ServerModel = attrs.field(init=False)
    _sent_s: float = attrs.field(default=0.0, init=False)
    _processed_s: float = attrs.field(default=0.0, init=False)
    _optional_fields: dict[str, Any] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        endpoint = self.engine.endpoint
        model = server_models.by_name(endpoint.model)
        replaced = model.known and model.streams
        self.model = server_models.by_name(server_models.FILE_MODEL) if replaced else model
        language = language_code(self.engine.language)
        self._optional_fields = request_options(endpoint, language, self.model.name)
        self._optional_fields.pop(NOISE_FIELD, None)  # for sessions only
        if self.model.known and self.model.name != "whisper-1":
            self._optional_fields["stream"] = "true"

    @property
    def host(self) -> str:
        return host_of(self.url)

    @property
    def report(self) -> EngineReport:
        endpoint = self.engine.endpoint
        return EngineReport(
            engine=service_name(self.host),
            sent_s=self._sent_s,
            processed_s=self._processed_s,
            prompt_terms=(endpoint.prompt, *parse_keywords(endpoint.keywords)),
        )

    async def upload(self, file: AudioFile, previous: list[str]) -> str:
        """Return the text of one file. Partial text follows the texts of the previous files."""
        while True:
            try:
                result = await self._send(file, previous)
            except TranscriptTooLongError:
                raise ProblemError(errors.not_a_speech_server(self.host, "text too long")) from None
            if isinstance(result, str):
                return result
            names = _rejected_fields(result, self._optional_fields)
            if not names:
                api_key = self.credentials.api_key
                raise ProblemError(response_problem(self.host, self.model.name, result, api_key))
            for name in names:
                del self._optional_fields[name]

    async def _send(self, file: AudioFile, previous: list[str]) -> str | HttpResponse:
        fields = {
            f"{name}[]" if isinstance(value, list) else name: value
            for name, value in self._optional_fields.items()
        }
        async with self.engine.http.stream(
            "POST",
            self.url,
            self.credentials.headers,
            self.engine.response_timeout_s + file.audio_s,
            upload_s=len(file.content) / MIN_UPLOAD_BYTES_PER_S,
            data={"model": self.model.name, "response_format": "json", **fields},
            files={"file": (file.name, file.content, file.media_type)},
        ) as stream:
            if stream.is_success and media_type_of(stream) == EVENT_STREAM:
                return await self._read_stream(stream, file, previous)
            response = await self.engine.http.read_all(stream)
        if not response.ok:
            return response
        answer = response.json_object()
        if answer is None or not isinstance(answer.get("text"), str):
            raise ProblemError(unexpected_response(self.host, response))
        return self._finish(_unwrap_stream(answer), ItemTranscript(), file)

    async def _read_stream(
        self, stream: httpx2.Response, file: AudioFile, previous: list[str]
    ) -> str:
        import httpx2

        transcript, size = ItemTranscript(), 0
        async for event in httpx2.EventSource(stream, max_event_size=MAX_RESPONSE_BYTES):
            size += len(event.data)
            fields = json_fields.parse_event(event.data) or {}
            kind = json_fields.event_type(fields)
            if kind == "error":
                code, message = json_fields.error_code_and_message(fields, self.credentials.api_key)
                problem = errors.from_error(self.host, self.model.name, code, message)
                raise ProblemError(problem)
            if size > MAX_RESPONSE_BYTES:
                raise ProblemError(errors.not_a_speech_server(self.host, "response too large"))
            if kind == "transcript.text.delta":
                transcript.append("", json_fields.string_field(fields, "delta"))
                self.on_event(Partial(" ".join((*previous, transcript.text))))
            elif kind == "transcript.text.done":
                return self._finish(fields, transcript, file)
        raise ProblemError(errors.connection_lost(self.host, "the stream ended before the text"))

    def _finish(self, answer: dict[str, Any], transcript: ItemTranscript, file: AudioFile) -> str:
        transcript.complete("", json_fields.string_field(answer, "text"))
        processed_s = json_fields.usage_seconds(answer.get("usage"))
        self._sent_s += file.audio_s
        self._processed_s += processed_s
        tokens = json_fields.usage_tokens(answer.get("usage"))
        take, name = self.audio.take, self.engine.endpoint.name
        seconds = processed_s or file.audio_s
        record_usage(take, self.host, self.model.name, name, seconds, tokens)
        return transcript.text


def _unwrap_stream(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the last event if the text is an event stream, as LiteLLM 1.106 returns it."""
    for line in reversed(answer["text"].splitlines()):
        if line.startswith("data: {"):
            event = json_fields.parse_event(line.removeprefix("data: "))
            if event and json_fields.event_type(event) == "transcript.text.done":
                return event
    return answer


def _rejected_fields(response: HttpResponse, fields: dict[str, Any]) -> set[str]:
    if response.status not in (400, 422):
        return set()
    body = response.json_object() or {}
    error = json_fields.error_object(body)
    if json_fields.string_field(error, "param"):
        return set(fields) & set(json_fields.error_param_names(error))
    if error_code(error) in errors.CODES_NOT_ABOUT_OPTIONS:
        return set()
    text = json.dumps(body)  # FastAPI names the field in `detail[].loc`
    return {name for name in fields if f'"{name}' in text or f"'{name}" in text}
