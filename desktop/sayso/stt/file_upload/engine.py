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
from ...core.recognition.plausibility import Account
from ...core.settings.settings import Endpoint
from ...core.settings.vocabulary import keywords_of
from ..engine import Heard, Partial, Ready
from ..reader import Reader
from ..realtime import messages
from ..realtime.engine import language_code
from ..realtime.transcript import Items, TooMuchError
from ..server import models
from ..server.api_key import KeyOf
from ..server.auth import Access, access_for
from ..server.errors import messages as refusals
from ..server.http import EVENTS, MOST_BYTES, Answer, Web, kind_of, no_text, refused
from ..server.pricing import charge
from ..server.request_options import Hints
from ..server.urls import host_of, web_url
from .audio_files import BYTES_PER_S, RATE_HZ, Parcel, parcels

if TYPE_CHECKING:
    import httpx2

PATH = "/audio/transcriptions"
INFERENCE = "/inference"
"""whisper.cpp's server has its own, if it was not started with another."""
INSTEAD = "gpt-transcribe"
"""The models that hear while somebody speaks take no files (404)."""
LEAST_BYTES = BYTES_PER_S // 10
ANSWER_S = 30.0
"""And as long as the take is, on a computer that is no faster than somebody speaks."""
SLOWEST_BYTES_PER_S = 8_000
"""Of a line up that is still of use: 64 kbit/s."""


@attrs.define(eq=False)
class RestEngine:
    """Follows `sayso.stt.engine.Engine`. Holds no key: it is asked for at each take."""

    endpoint: Endpoint
    language: str
    """As in the setting: '' detects it."""
    api_key: KeyOf = attrs.field(repr=False)
    _web: Web | None = attrs.field(default=None, init=False, repr=False)

    @property
    def name(self) -> str:
        return self.endpoint.name

    @property
    def ready(self) -> bool:
        try:
            file_url(self.endpoint)
        except ProblemError:
            return False
        return True

    async def prepare(self) -> None:
        """Check the address and load what a request needs, 0.3 s at most; makes none.

        Raises:
            ProblemError: The address cannot be used.
        """
        file_url(self.endpoint)
        await self._opened().open()

    async def recognise(self, audio: Reader, heard: Callable[[Heard], None]) -> str:
        """All the text, '' if nothing was said. `Ready` at once: the sound waits in the take.

        Raises:
            ProblemError: No key, no connection, refused, lost, or no answer in time.
        """
        url = file_url(self.endpoint)
        access = await access_for(self.endpoint, host_of(url), self.api_key)
        heard(Ready())
        pcm = bytearray()
        async for piece in audio.chunks(RATE_HZ):
            pcm += piece
        if len(pcm) < LEAST_BYTES:
            return ""
        request = _Request(self.endpoint, self.language, url, access, self._opened(), audio, heard)
        texts: list[str] = []
        rest = parcels(bytes(pcm))
        while parcel := await asyncio.to_thread(next, rest, None):
            texts.append(await request.text(parcel, texts))
            if parcel.end_bytes < len(
                pcm
            ):  # if the next is refused, this one need not be sent again
                until_bytes = audio.position_bytes(parcel.end_bytes, RATE_HZ)
                audio.take.settle(texts[-1], until_bytes)
        heard(request.account)
        return " ".join(text for text in texts if text)

    async def close(self) -> None:
        if self._web is not None:
            await self._web.close()

    def _opened(self) -> Web:
        if self._web is None:
            self._web = Web(host_of(self.endpoint.url))
        return self._web


def file_url(endpoint: Endpoint) -> str:
    """Where the server behind an endpoint takes files.

    Raises:
        ProblemError: The address is none, or would send sound and key in the clear.
    """
    return web_url(endpoint.url, PATH, endpoint.allow_insecure, kept=(PATH, INFERENCE))


@attrs.define(eq=False)
class _Request:
    """The files of one take, one after the other."""

    endpoint: Endpoint
    language: str
    url: str
    access: Access
    web: Web
    audio: Reader
    heard: Callable[[Heard], None]
    model: models.Model = attrs.field(init=False)
    _sent_s: float = attrs.field(default=0.0, init=False)
    _used_s: float = attrs.field(default=0.0, init=False)
    """As the server says; 0.0 where it does not."""
    _fields: dict[str, Any] = attrs.field(init=False, repr=False)
    """Optional ones; one that is refused is left out from then on."""

    def __attrs_post_init__(self) -> None:
        model = models.named(self.endpoint.model)
        self.model = models.named(INSTEAD) if model.known and model.streams else model
        hints = Hints.of(self.endpoint, language_code(self.language))
        self._fields = hints.transcription(self.model.name)
        if self.model.known and self.model.name != "whisper-1":
            self._fields["stream"] = "true"

    @property
    def host(self) -> str:
        return self.web.host

    @property
    def account(self) -> Account:
        told = (self.endpoint.prompt, *keywords_of(self.endpoint.keywords))
        return Account(engine=self.host, sent_s=self._sent_s, used_s=self._used_s, told=told)

    async def text(self, parcel: Parcel, before: list[str]) -> str:
        """The text of one file; partials follow the texts before it."""
        while True:
            result = await self._sent(parcel, before)
            if isinstance(result, str):
                return result
            refusal = refused(self.host, self.model.name, result, self.access.key)
            names = _refused_fields(result, self._fields)
            if not names:
                raise ProblemError(refusal)
            for name in names:
                del self._fields[name]

    async def _sent(self, parcel: Parcel, before: list[str]) -> str | Answer:
        """Its text, or the answer that refuses it."""
        fields = {f"{n}[]" if isinstance(v, list) else n: v for n, v in self._fields.items()}
        data = {"model": self.model.name, "response_format": "json", **fields}
        async with self.web.answer(
            "POST",
            self.url,
            self.access.headers,
            ANSWER_S + parcel.audio_s,
            sending_s=len(parcel.content) / SLOWEST_BYTES_PER_S,
            data=data,
            files={"file": (parcel.name, parcel.content, parcel.kind)},
        ) as response:
            if response.is_success and kind_of(response) == EVENTS:
                return await self._streamed(response, parcel, before)
            answer = await self.web.whole(response)
        if not answer.ok:
            return answer
        said = answer.object()
        if said is None or not isinstance(said.get("text"), str):
            raise ProblemError(no_text(self.host, answer))
        return self._final(_unwrapped(said), Items(), parcel)

    async def _streamed(self, response: httpx2.Response, parcel: Parcel, before: list[str]) -> str:
        import httpx2

        items, size = Items(), 0
        async for event in httpx2.EventSource(response, max_event_size=MOST_BYTES):
            size += len(event.data)
            said = messages.read(event.data) or {}
            kind = messages.kind_of(said)
            if kind == "error":
                code, words = messages.reason(said, self.access.key)
                raise ProblemError(refusals.by_code(self.host, self.model.name, code, words))
            if size > MOST_BYTES:
                raise ProblemError(self._stranger("far too much"))
            if kind == "transcript.text.delta":
                self._add(items, messages.text(said, "delta"))
                self.heard(Partial(" ".join((*before, items.text))))
            elif kind == "transcript.text.done":
                return self._final(said, items, parcel)
        raise ProblemError(refusals.lost(self.host, "the stream ended before the text"))

    def _add(self, items: Items, delta: str) -> None:
        try:
            items.add("", delta)
        except TooMuchError:
            raise ProblemError(self._stranger("far too much text")) from None

    def _final(self, said: dict[str, Any], items: Items, parcel: Parcel) -> str:
        """The text of an answer, and what it cost."""
        try:
            items.complete("", messages.text(said, "text"))
        except TooMuchError:
            raise ProblemError(self._stranger("far too much text")) from None
        usage = said.get("usage")
        self._sent_s += parcel.audio_s
        self._used_s += messages.seconds(usage)
        charge(
            self.audio.take,
            self.host,
            self.model.name,
            endpoint=self.endpoint.name,
            seconds=messages.seconds(usage) or parcel.audio_s,
            tokens=messages.tokens(usage),
        )
        return items.text

    def _stranger(self, detail: str) -> Problem:
        return refusals.not_a_speech_server(self.host, detail)


def _unwrapped(said: dict[str, Any]) -> dict[str, Any]:
    """LiteLLM 1.106 asks for the stream and gives all of its events as the text."""
    for line in reversed(said["text"].splitlines()):
        event = messages.read(line.removeprefix("data: ")) if line.startswith("data: {") else None
        if event and messages.kind_of(event) == "transcript.text.done":
            return event
    return said


def _refused_fields(answer: Answer, fields: dict[str, Any]) -> set[str]:
    """Which of the optional fields a refusal is about."""
    if answer.status not in (400, 422):
        return set()
    said = answer.object() or {}
    error = said.get("error")
    about = error if isinstance(error, dict) else {}
    if messages.text(about, "param"):
        return set(fields) & messages.parts_of(about)
    if refusals.code_of(about) in refusals.NOT_OF_OPTIONS:
        return set()
    words = json.dumps(said)  # FastAPI names it in `detail[].loc`
    return {name for name in fields if f'"{name}' in words or f"'{name}" in words}
