"""Runs sessions of OpenAI's protocol over WebRTC: an eighth of the data of a WebSocket.

Audio is sent in real time and not faster. Audio from before the connection is sent late, and the
delay is reduced in pauses (`silence_trimmer`). After release, the rest is played to its end,
followed by silence and the commit, because nothing reports what has arrived, and a server holds
audio back to reorder it. A WebSocket is used instead if too much audio is waiting (a take that is
transcribed again), if the network does not allow the connection, and after audio was lost.
See "WebRTC" in `docs/realtime-protocol.md`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ...core.problems import Problem, ProblemError
from ...core.problems import server as problems
from ...core.settings import server_models
from ...core.settings.endpoint import Endpoint
from ...core.settings.urls import http_url
from ..engine import EngineEvent
from ..reader import Reader
from ..realtime.messages import Event, FinalText, Rejected, Send
from ..realtime.protocol import RealtimeProtocol
from ..realtime.session import Carrier, ConnectionClosedError, SessionRunner
from ..realtime.timeouts import Timeouts
from ..server.ephemeral_keys import session_settings
from ..server.errors import messages as errors
from ..server.http import SDP, HttpClient, HttpResponse, response_problem
from ..server.json_fields import error_object

if TYPE_CHECKING:
    from .call import Call

log = logging.getLogger(__name__)

CALLS_PATH = "/realtime/calls"
OFFER_TIMEOUT_S = 10.0
WEBSOCKET_FALLBACK_S = 600.0
MAX_LOST_S = 0.2
"""About one syllable. Opus can restore a part of it."""
TRAILING_SILENCE_MS = 600
"""Replaces the padding of the protocol, and covers the audio that a server holds back."""


@attrs.define(eq=False)
class WebRtcCarrier:
    """Implements `sayso.stt.realtime.session.Carrier`."""

    endpoint: Endpoint
    timeouts: Timeouts = attrs.field(factory=Timeouts)
    connect_timeout_s: float = 5.0
    max_backlog_s: float = 6.0
    _http: HttpClient = attrs.field(factory=HttpClient, init=False)
    _websocket: Carrier | None = attrs.field(default=None, init=False)
    _websocket_until_s: float = attrs.field(default=0.0, init=False)
    _closing: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)

    async def run_session(
        self, protocol: RealtimeProtocol, audio: Reader, on_event: Callable[[EngineEvent], None]
    ) -> str:
        clock = asyncio.get_running_loop().time
        if clock() < self._websocket_until_s or audio.duration_s > self.max_backlog_s:
            return await self._run_over_websocket(protocol, audio, on_event)
        calls = await asyncio.to_thread(load_call_module)
        call = calls.Call(calls.OpusTrack(protocol.rate_hz, protocol.append_audio))
        try:
            if await self._connect(call, protocol):
                runner = _CallRunner(protocol, audio, on_event, call, self.timeouts)
                runner.track = call.track
                text = await runner.run()
                await _check_packet_loss(call, protocol.host)
                return text
        except ProblemError as error:
            if error.problem.retry_after_s is not None:
                self._websocket_until_s = clock() + WEBSOCKET_FALLBACK_S
            raise
        finally:
            self._close_gracefully(call)
        self._websocket_until_s = clock() + WEBSOCKET_FALLBACK_S
        return await self._run_over_websocket(protocol, audio, on_event)

    async def close(self) -> None:
        await asyncio.gather(*self._closing)
        if self._websocket is not None:
            await self._websocket.close()
        await self._http.close()

    async def _run_over_websocket(
        self, protocol: RealtimeProtocol, audio: Reader, on_event: Callable[[EngineEvent], None]
    ) -> str:
        if self._websocket is None:
            from ..realtime.websocket import WebSocketCarrier

            self._websocket = WebSocketCarrier(self.timeouts)
        return await self._websocket.run_session(protocol, audio, on_event)

    async def _connect(self, call: Call, protocol: RealtimeProtocol) -> bool:
        """Return whether the network allows it; raises `ProblemError` if the server rejects it."""
        answer = await self._exchange_offer(await call.offer(), protocol)
        try:
            async with asyncio.timeout(self.connect_timeout_s):
                await call.connect(answer)
        except (TimeoutError, load_call_module().CallFailedError) as error:
            log.info("No WebRTC connection to %s: %s", protocol.host, str(error) or "timeout")
            return False
        return True

    async def _exchange_offer(self, offer: str, protocol: RealtimeProtocol) -> str:
        url = http_url(self.endpoint.url, CALLS_PATH, self.endpoint.allow_insecure)
        content: dict[str, Any]
        headers = protocol.headers
        if self.endpoint.secrets_url:
            headers["Content-Type"] = SDP
            content = {"content": offer.encode()}
        else:
            session = json.dumps(session_settings(self.endpoint.model))
            form = {"sdp": (None, offer, SDP), "session": (None, session, "application/json")}
            content = {"files": form}
        response = await self._http.request("POST", url, headers, OFFER_TIMEOUT_S, **content)
        if not response.ok:
            raise ProblemError(_answer_problem(protocol.host, self.endpoint.model, response))
        if not response.body.startswith(b"v=0"):
            raise ProblemError(errors.not_a_speech_server(protocol.host, response.media_type))
        return response.body.decode("utf-8", "replace")

    def _close_gracefully(self, call: Call) -> None:
        task = asyncio.create_task(call.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class _CallRunner(SessionRunner):
    """Session whose audio is sent by a track instead of messages."""

    track: Any

    async def _send_audio(self) -> None:
        await self._ready.wait()
        with contextlib.suppress(ConnectionClosedError):  # reported by _receive
            async with contextlib.aclosing(self._audio.chunks(self._protocol.rate_hz)) as chunks:
                async for pcm in chunks:
                    self.track.append(pcm)
            self.track.end(TRAILING_SILENCE_MS)
            remaining_s = (self.track.trimmer.backlog_ms + TRAILING_SILENCE_MS) / 1000
            try:
                async with asyncio.timeout(remaining_s + self._timeouts.send_s):
                    await self.track.all_sent.wait()
            except TimeoutError:
                problem = errors.connection_lost(self._protocol.host, "audio is not sent")
                await self._dispatch([Rejected(problem)])
            await self._commit([e for e in self._protocol.commit() if not _is_audio(e)])

    async def _dispatch(self, events: Sequence[Event]) -> None:
        """Ignore final text during the take, because positions are unknown after trimming."""
        await super()._dispatch([event for event in events if not isinstance(event, FinalText)])


def load_call_module() -> Any:
    """Import `call`, which takes 0.7 s; raises `ProblemError` if aiortc is not installed."""
    try:
        from . import call
    except ImportError as error:
        raise ProblemError(problems.WEBRTC_NOT_INSTALLED(detail=str(error))) from error
    return call


def check_support(endpoint: Endpoint) -> None:
    """Raise `ProblemError` if model or installation do not support WebRTC."""
    model = server_models.by_name(endpoint.model)
    if not model.webrtc:
        raise ProblemError(problems.WEBRTC_NOT_SUPPORTED(model=model.name))
    load_call_module()


async def _check_packet_loss(call: Call, host: str) -> None:
    lost_s = await call.lost_s()
    if lost_s > MAX_LOST_S:
        raise ProblemError(errors.connection_lost(host, f"{lost_s:.2f} s of audio lost"))


def _is_audio(event: Event) -> bool:
    return isinstance(event, Send) and "input_audio_buffer.append" in event.message


def _answer_problem(host: str, model: str, response: HttpResponse) -> Problem:
    """Return the problem for a rejected offer. OpenAI sends 400 without a message."""
    if response.status == 400 and not error_object(response.json_object() or {}).get("message"):
        return errors.server_problem(problems.WEBRTC_REJECTED, host, f"{host}: HTTP 400")
    return response_problem(host, model, response, None)
