"""Carries OpenAI's dialect over WebRTC: an eighth of the websocket's bytes, for slow networks.

The offer goes to `/v1/realtime/calls`, never with a model in the address: with the key as a form
of `sdp` and `session`, with a short-lived key as bare SDP. Messages are the websocket's own.
Sound goes as it is spoken and cannot go faster. What was said before the call stands is sent
late, and is caught up with in pauses (`sayso.stt.webrtc.silence_trimmer`); when the key is let go
the rest is
played to its end, then silence, and then the commit, since nothing says what has arrived and a
server holds sound back for a moment to put it in order. Where more waits than that is good for
(a take that is read again), and where the network lets no call through or loses sound on the way,
the same conversation is held over the websocket.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ...core.problems import Problem, ProblemError, replaced, untyped_problem
from ...core.settings import server_models as models
from ...core.settings.endpoint import Endpoint
from ...core.settings.urls import host_of, http_url
from ..engine import EngineEvent
from ..reader import Reader
from ..realtime.protocol import Event, FinalText, RealtimeProtocol, Rejected, Send
from ..realtime.session import SEND_TIMEOUT_S, ConnectionClosedError, SessionRunner
from ..server.ephemeral_keys import session_settings
from ..server.errors import messages
from ..server.http import SDP, HttpClient, HttpResponse, response_problem

if TYPE_CHECKING:
    from ..realtime.websocket import WebSocketCarrier
    from .call import Call

log = logging.getLogger(__name__)

CALLS_PATH = "/realtime/calls"
ANSWER_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 5.0
"""From the answer until messages can be sent."""
MAX_BACKLOG_S = 6.0
WEBSOCKET_FALLBACK_S = 600.0
"""After a call that did not do; then another is tried."""
MAX_LOST_S = 0.2
"""A syllable. Opus repeats some of what was lost, if the server listens to that."""
TRAILING_SILENCE_MS = 600
"""After the last word, before the commit: the dialect's padding, and what a server holds back.
PROTOCOL 1.9 saw clients add as much."""
NOT_INSTALLED = untyped_problem(
    "WebRTC is not installed.",
    "Choose WebSocket, or pip install 'sayso[webrtc]'.",
    "recognition",
)


@attrs.define(eq=False)
class WebRtcCarrier:
    """Makes a call for each conversation; stands where `sayso.stt.realtime.websocket.Link` does."""

    endpoint: Endpoint
    _http: HttpClient | None = attrs.field(default=None, init=False)
    _websocket: WebSocketCarrier | None = attrs.field(default=None, init=False)
    _websocket_until_s: float = attrs.field(default=0.0, init=False)
    """Of the loop's clock: the network was seen to be of no use for calls."""
    _closing: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)

    async def run_session(
        self, protocol: RealtimeProtocol, audio: Reader, heard: Callable[[EngineEvent], None]
    ) -> str:
        """Speak all the audio, and return all the text. May be cancelled, and does not wait then.

        Raises:
            ProblemError: No connection, refused, lost, or no final within the dialect's patience.
        """
        clock = asyncio.get_running_loop().time
        if clock() < self._websocket_until_s or audio.duration_s > MAX_BACKLOG_S:
            return await self._run_over_websocket(protocol, audio, heard)
        calls = await asyncio.to_thread(load_call_module)
        call = calls.Call(calls.OpusTrack(protocol.rate_hz, protocol.append_audio))
        try:
            if await self._connect(call, protocol):
                text = await _CallRunner(protocol, audio, heard, call).run()
                await self._check_packet_loss(call, protocol)
                return text
        except ProblemError as error:
            if error.problem.retry_after_s is not None:
                self._websocket_until_s = clock() + WEBSOCKET_FALLBACK_S
            raise
        finally:
            self._close_gracefully(call)
        self._websocket_until_s = clock() + WEBSOCKET_FALLBACK_S
        return await self._run_over_websocket(protocol, audio, heard)

    async def _run_over_websocket(
        self, protocol: RealtimeProtocol, audio: Reader, heard: Callable[[EngineEvent], None]
    ) -> str:
        if self._websocket is None:
            from ..realtime.websocket import WebSocketCarrier

            self._websocket = WebSocketCarrier()
        return await self._websocket.run_session(protocol, audio, heard)

    async def _connect(self, call: Call, protocol: RealtimeProtocol) -> bool:
        """Whether the call goes through.

        Raises:
            ProblemError: The server does not take it.
        """
        answer = await self._exchange_offer(await call.offer(), protocol)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await call.connect(answer)
        except (TimeoutError, load_call_module().CallFailedError) as error:
            why = str(error) or "not in time"
            log.info("No call gets through to %s: %s", protocol.host, why)
            return False
        return True

    async def close(self) -> None:
        await asyncio.gather(*self._closing)
        if self._websocket is not None:
            await self._websocket.close()
        if self._http is not None:
            await self._http.close()

    async def _check_packet_loss(self, call: Call, protocol: RealtimeProtocol) -> None:
        """Nothing is sent twice in a call: what the network loses is missing from the text.

        Raises:
            ProblemError: Words may have been lost; another try goes over the websocket.
        """
        lost_s = await call.lost_s()
        if lost_s > MAX_LOST_S:
            raise ProblemError(
                messages.connection_lost(protocol.host, f"{lost_s:.2f} s of sound got lost")
            )

    async def _exchange_offer(self, offer: str, protocol: RealtimeProtocol) -> str:
        url = http_url(self.endpoint.url, CALLS_PATH, self.endpoint.allow_insecure)
        if self._http is None:
            self._http = HttpClient(host_of(url))
        content: dict[str, Any]
        headers = protocol.headers()
        if self.endpoint.secrets_url:
            headers["Content-Type"] = SDP
            content = {"content": offer.encode()}
        else:
            session = json.dumps(session_settings(self.endpoint.model))
            form = {"sdp": (None, offer, SDP), "session": (None, session, "application/json")}
            content = {"files": form}
        answer = await self._http.request("POST", url, headers, ANSWER_TIMEOUT_S, **content)
        if not answer.ok:
            raise ProblemError(_answer_problem(protocol.host, self.endpoint.model, answer))
        if not answer.body.startswith(b"v=0"):
            raise ProblemError(messages.not_a_speech_server(protocol.host, answer.media_type))
        return answer.body.decode("utf-8", "replace")

    def _close_gracefully(self, call: Call) -> None:
        task = asyncio.create_task(call.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class _CallRunner(SessionRunner):
    """Whose sound does not go through the socket."""

    def __init__(
        self,
        dialect: RealtimeProtocol,
        audio: Reader,
        heard: Callable[[EngineEvent], None],
        call: Call,
    ) -> None:
        super().__init__(dialect, audio, heard, call)
        self._track = call.track

    async def _send_audio(self) -> None:
        await self._ready.wait()
        with contextlib.suppress(ConnectionClosedError):  # _hear tells it
            async with contextlib.aclosing(self._audio.chunks(self._protocol.rate_hz)) as chunks:
                async for pcm in chunks:
                    self._track.append(pcm)
            self._track.end(TRAILING_SILENCE_MS)
            try:
                async with asyncio.timeout(
                    (self._track.trimmer.backlog_ms + TRAILING_SILENCE_MS) / 1000 + SEND_TIMEOUT_S
                ):
                    await self._track.all_sent.wait()
            except TimeoutError:
                lost = messages.connection_lost(self._protocol.host, "the voice does not go on")
                await self._dispatch([Rejected(lost)])
            await self._dispatch([e for e in self._protocol.commit() if not _is_audio(e)])
            self._committed_s = self._loop.time()
            self._extend_deadline()

    async def _dispatch(self, events: Sequence[Event]) -> None:
        """Nothing is settled before the end: pauses that were left out lie between."""
        await super()._dispatch([event for event in events if not isinstance(event, FinalText)])


def _is_audio(event: Event) -> bool:
    """The padding, which the voice has sent as silence."""
    return isinstance(event, Send) and "input_audio_buffer.append" in event.message


def load_call_module() -> Any:
    """The module that makes calls; takes 0.7 s the first time.

    Raises:
        ProblemError: The extra is not installed.
    """
    try:
        from . import call
    except ImportError as error:
        raise ProblemError(replaced(NOT_INSTALLED, detail=str(error))) from error
    return call


def check_support(endpoint: Endpoint) -> None:
    """Raises:
    ProblemError: A call to that endpoint cannot be: its model, its dialect, or what is missing.
    """
    model = models.by_name(endpoint.model)
    if not model.webrtc:
        raise ProblemError(
            untyped_problem(
                f"{model.name} does not work over WebRTC.",
                "Choose another model, or WebSocket.",
                "recognition",
            )
        )
    load_call_module()


def _answer_problem(host: str, model: str, answer: HttpResponse) -> Problem:
    said = answer.json_object() or {}
    error = said.get("error")
    if answer.status == 400 and not (isinstance(error, dict) and error.get("message")):
        return messages.call_rejected(host, f"{host}: HTTP 400")
    return response_problem(host, model, answer, None)
