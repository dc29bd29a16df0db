"""The engine for servers that take files: `POST /v1/audio/transcriptions`.

The take is sent when it is over. Where the model streams (OpenAI's do, all but whisper-1) its
words come back as server-sent events; the stream ends at `transcript.text.done`, after which
some servers say `[DONE]`. Sources: the guide "Speech to text" and the openai SDK 3.52.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from ...core.problems import Problem, ProblemError
from ...core.recognition.plausibility import EngineReport
from ...core.settings import server_models as models
from ...core.settings.settings import Endpoint
from ...core.settings.urls import host_of, http_url
from ...core.settings.validators import parse_keywords
from ..engine import EngineEvent, Partial, Ready
from ..reader import Reader
from ..realtime import messages
from ..realtime.engine import language_code
from ..realtime.transcript import ItemTranscript, TranscriptTooLongError
from ..server.api_key import GetApiKey
from ..server.auth import Credentials, credentials_for
from ..server.errors import messages as refusals
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
from ..server.request_options import RequestOptions
from .audio_files import BYTES_PER_S, RATE_HZ, AudioFile, split_into_files

if TYPE_CHECKING:
    import httpx2

TRANSCRIPTIONS_PATH = "/audio/transcriptions"
WHISPER_CPP_PATH = "/inference"
"""whisper.cpp's server has its own, if it was not started with another."""
FILE_MODEL = "gpt-transcribe"
"""The models that hear while somebody speaks take no files (404)."""
MIN_AUDIO_BYTES = BYTES_PER_S // 10
RESPONSE_TIMEOUT_S = 30.0
"""And as long as the take is, on a computer that is no faster than somebody speaks."""
MIN_UPLOAD_BYTES_PER_S = 8_000
"""Of a line up that is still of use: 64 kbit/s."""


@attrs.define(eq=False)
class FileUploadEngine:
    """Follows `sayso.stt.engine.Engine`. Holds no key: it is asked for at each take."""

    endpoint: Endpoint
    language: str
    """As in the setting: '' detects it."""
    get_api_key: GetApiKey = attrs.field(repr=False)
    _http: HttpClient | None = attrs.field(default=None, init=False, repr=False)

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
        """Check the address and load what a request needs, 0.3 s at most; makes none.

        Raises:
            ProblemError: The address cannot be used.
        """
        upload_url(self.endpoint)
        await self._client().open()

    async def transcribe(self, audio: Reader, on_event: Callable[[EngineEvent], None]) -> str:
        """All the text, '' if nothing was said. `Ready` at once: the sound waits in the take.

        Raises:
            ProblemError: No key, no connection, refused, lost, or no answer in time.
        """
        url = upload_url(self.endpoint)
        access = await credentials_for(self.endpoint, host_of(url), self.get_api_key)
        on_event(Ready())
        pcm = bytearray()
        async for piece in audio.chunks(RATE_HZ):
            pcm += piece
        if len(pcm) < MIN_AUDIO_BYTES:
            return ""
        request = _TakeUpload(
            self.endpoint, self.language, url, access, self._client(), audio, on_event
        )
        texts: list[str] = []
        rest = split_into_files(bytes(pcm))
        while parcel := await asyncio.to_thread(next, rest, None):
            texts.append(await request.upload(parcel, texts))
            if parcel.end_bytes < len(
                pcm
            ):  # if the next is refused, this one need not be sent again
                until_bytes = audio.position_bytes(parcel.end_bytes, RATE_HZ)
                audio.take.commit(texts[-1], until_bytes)
        on_event(request.report)
        return " ".join(text for text in texts if text)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    def _client(self) -> HttpClient:
        if self._http is None:
            self._http = HttpClient(host_of(self.endpoint.url))
        return self._http


def upload_url(endpoint: Endpoint) -> str:
    """Where the server behind an endpoint takes files.

    Raises:
        ProblemError: The address is none, or would send sound and key in the clear.
    """
    return http_url(
        endpoint.url,
        TRANSCRIPTIONS_PATH,
        endpoint.allow_insecure,
        keep_suffixes=(TRANSCRIPTIONS_PATH, WHISPER_CPP_PATH),
    )


@attrs.define(eq=False)
class _TakeUpload:
    """The files of one take, one after the other."""

    endpoint: Endpoint
    language: str
    url: str
    credentials: Credentials
    http: HttpClient
    audio: Reader
    heard: Callable[[EngineEvent], None]
    model: models.ServerModel = attrs.field(init=False)
    _sent_s: float = attrs.field(default=0.0, init=False)
    _processed_s: float = attrs.field(default=0.0, init=False)
    """As the server says; 0.0 where it does not."""
    _optional_fields: dict[str, Any] = attrs.field(init=False, repr=False)
    """Optional ones; one that is refused is left out from then on."""

    def __attrs_post_init__(self) -> None:
        model = models.by_name(self.endpoint.model)
        self.model = models.by_name(FILE_MODEL) if model.known and model.streams else model
        hints = RequestOptions.from_endpoint(self.endpoint, language_code(self.language))
        self._optional_fields = hints.transcription_fields(self.model.name)
        if self.model.known and self.model.name != "whisper-1":
            self._optional_fields["stream"] = "true"

    @property
    def host(self) -> str:
        return self.http.host

    @property
    def report(self) -> EngineReport:
        told = (self.endpoint.prompt, *parse_keywords(self.endpoint.keywords))
        return EngineReport(
            engine=self.host, sent_s=self._sent_s, processed_s=self._processed_s, prompt_terms=told
        )

    async def upload(self, file: AudioFile, before: list[str]) -> str:
        """The text of one file; partials follow the texts before it."""
        while True:
            result = await self._send(file, before)
            if isinstance(result, str):
                return result
            refusal = response_problem(self.host, self.model.name, result, self.credentials.api_key)
            names = _rejected_fields(result, self._optional_fields)
            if not names:
                raise ProblemError(refusal)
            for name in names:
                del self._optional_fields[name]

    async def _send(self, file: AudioFile, before: list[str]) -> str | HttpResponse:
        """Its text, or the answer that refuses it."""
        fields = {
            f"{n}[]" if isinstance(v, list) else n: v for n, v in self._optional_fields.items()
        }
        data = {"model": self.model.name, "response_format": "json", **fields}
        async with self.http.stream(
            "POST",
            self.url,
            self.credentials.headers,
            RESPONSE_TIMEOUT_S + file.audio_s,
            upload_s=len(file.content) / MIN_UPLOAD_BYTES_PER_S,
            data=data,
            files={"file": (file.name, file.content, file.media_type)},
        ) as response:
            if response.is_success and media_type_of(response) == EVENT_STREAM:
                return await self._read_stream(response, file, before)
            answer = await self.http.read_all(response)
        if not answer.ok:
            return answer
        said = answer.json_object()
        if said is None or not isinstance(said.get("text"), str):
            raise ProblemError(unexpected_response(self.host, answer))
        return self._finish(_unwrap_stream(said), ItemTranscript(), file)

    async def _read_stream(
        self, response: httpx2.Response, file: AudioFile, before: list[str]
    ) -> str:
        import httpx2

        items, size = ItemTranscript(), 0
        async for event in httpx2.EventSource(response, max_event_size=MAX_RESPONSE_BYTES):
            size += len(event.data)
            said = messages.parse_event(event.data) or {}
            kind = messages.event_type(said)
            if kind == "error":
                code, words = messages.error_code_and_message(said, self.credentials.api_key)
                raise ProblemError(
                    refusals.from_error_code(self.host, self.model.name, code, words)
                )
            if size > MAX_RESPONSE_BYTES:
                raise ProblemError(self._unknown_server("far too much"))
            if kind == "transcript.text.delta":
                self._append_delta(items, messages.string_field(said, "delta"))
                self.heard(Partial(" ".join((*before, items.text))))
            elif kind == "transcript.text.done":
                return self._finish(said, items, file)
        raise ProblemError(refusals.connection_lost(self.host, "the stream ended before the text"))

    def _append_delta(self, transcript: ItemTranscript, delta: str) -> None:
        try:
            transcript.append("", delta)
        except TranscriptTooLongError:
            raise ProblemError(self._unknown_server("far too much text")) from None

    def _finish(self, said: dict[str, Any], transcript: ItemTranscript, file: AudioFile) -> str:
        """The text of an answer, and what it cost."""
        try:
            transcript.complete("", messages.string_field(said, "text"))
        except TranscriptTooLongError:
            raise ProblemError(self._unknown_server("far too much text")) from None
        usage = said.get("usage")
        self._sent_s += file.audio_s
        self._processed_s += messages.usage_seconds(usage)
        record_usage(
            self.audio.take,
            self.host,
            self.model.name,
            endpoint=self.endpoint.name,
            seconds=messages.usage_seconds(usage) or file.audio_s,
            tokens=messages.usage_tokens(usage),
        )
        return transcript.text

    def _unknown_server(self, detail: str) -> Problem:
        return refusals.not_a_speech_server(self.host, detail)


def _unwrap_stream(said: dict[str, Any]) -> dict[str, Any]:
    """LiteLLM 1.106 asks for the stream and gives all of its events as the text."""
    for line in reversed(said["text"].splitlines()):
        event = (
            messages.parse_event(line.removeprefix("data: "))
            if line.startswith("data: {")
            else None
        )
        if event and messages.event_type(event) == "transcript.text.done":
            return event
    return said


def _rejected_fields(answer: HttpResponse, fields: dict[str, Any]) -> set[str]:
    """Which of the optional fields a refusal is about."""
    if answer.status not in (400, 422):
        return set()
    said = answer.json_object() or {}
    error = said.get("error")
    about = error if isinstance(error, dict) else {}
    if messages.string_field(about, "param"):
        return set(fields) & messages.error_param_names(about)
    if refusals.error_code(about) in refusals.CODES_NOT_ABOUT_OPTIONS:
        return set()
    words = json.dumps(said)  # FastAPI names it in `detail[].loc`
    return {name for name in fields if f'"{name}' in words or f"'{name}" in words}
