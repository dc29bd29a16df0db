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

from ...core.problems import Problem, ProblemError
from ...core.settings.endpoint import Endpoint
from ..engine import Heard
from ..reader import Reader
from ..realtime.protocol import Dialect, Event, Refused, Send, Settled
from ..realtime.session import SEND_S, Conversation, HungUpError
from ..server import models
from ..server.ephemeral_keys import session_for
from ..server.errors import messages
from ..server.http import SDP, Answer, Web, refused
from ..server.urls import host_of, web_url

if TYPE_CHECKING:
    from ..realtime.websocket import Link
    from .call import Call

log = logging.getLogger(__name__)

PATH = "/realtime/calls"
ANSWER_S = 10.0
THROUGH_S = 5.0
"""From the answer until messages can be sent."""
LONGEST_BACKLOG_S = 6.0
BY_SOCKET_S = 600.0
"""After a call that did not do; then another is tried."""
MOST_LOST_S = 0.2
"""A syllable. Opus repeats some of what was lost, if the server listens to that."""
SILENCE_MS = 600
"""After the last word, before the commit: the dialect's padding, and what a server holds back.
PROTOCOL 1.9 saw clients add as much."""
MISSING = Problem(
    "WebRTC is not installed.",
    "Choose WebSocket, or pip install 'sayso[webrtc]'.",
    "recognition",
)


@attrs.define(eq=False)
class Calls:
    """Makes a call for each conversation; stands where `sayso.stt.realtime.websocket.Link` does."""

    endpoint: Endpoint
    _web: Web | None = attrs.field(default=None, init=False)
    _link: Link | None = attrs.field(default=None, init=False)
    _by_socket_until_s: float = attrs.field(default=0.0, init=False)
    """Of the loop's clock: the network was seen to be of no use for calls."""
    _closing: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)

    async def converse(
        self, dialect: Dialect, audio: Reader, heard: Callable[[Heard], None]
    ) -> str:
        """Speak all the audio, and return all the text. May be cancelled, and does not wait then.

        Raises:
            ProblemError: No connection, refused, lost, or no final within the dialect's patience.
        """
        clock = asyncio.get_running_loop().time
        if clock() < self._by_socket_until_s or audio.duration_s > LONGEST_BACKLOG_S:
            return await self._by_socket(dialect, audio, heard)
        calls = await asyncio.to_thread(library)
        call = calls.Call(calls.Voice(dialect.rate_hz, dialect.audio))
        try:
            if await self._connected(call, dialect):
                text = await _Conversation(dialect, audio, heard, call).text()
                await self._check(call, dialect)
                return text
        except ProblemError as error:
            if error.problem.again_s is not None:
                self._by_socket_until_s = clock() + BY_SOCKET_S
            raise
        finally:
            self._take_leave(call)
        self._by_socket_until_s = clock() + BY_SOCKET_S
        return await self._by_socket(dialect, audio, heard)

    async def _by_socket(
        self, dialect: Dialect, audio: Reader, heard: Callable[[Heard], None]
    ) -> str:
        if self._link is None:
            from ..realtime.websocket import Link

            self._link = Link()
        return await self._link.converse(dialect, audio, heard)

    async def _connected(self, call: Call, dialect: Dialect) -> bool:
        """Whether the call goes through.

        Raises:
            ProblemError: The server does not take it.
        """
        answer = await self._answered(await call.offer(), dialect)
        try:
            async with asyncio.timeout(THROUGH_S):
                await call.connect(answer)
        except (TimeoutError, library().CannotCallError) as error:
            why = str(error) or "not in time"
            log.info("No call gets through to %s: %s", dialect.host, why)
            return False
        return True

    async def close(self) -> None:
        await asyncio.gather(*self._closing)
        if self._link is not None:
            await self._link.close()
        if self._web is not None:
            await self._web.close()

    async def _check(self, call: Call, dialect: Dialect) -> None:
        """Nothing is sent twice in a call: what the network loses is missing from the text.

        Raises:
            ProblemError: Words may have been lost; another try goes over the websocket.
        """
        lost_s = await call.lost_s()
        if lost_s > MOST_LOST_S:
            raise ProblemError(messages.lost(dialect.host, f"{lost_s:.2f} s of sound got lost"))

    async def _answered(self, offer: str, dialect: Dialect) -> str:
        url = web_url(self.endpoint.url, PATH, self.endpoint.allow_insecure)
        if self._web is None:
            self._web = Web(host_of(url))
        content: dict[str, Any]
        headers = dialect.headers()
        if self.endpoint.secrets_url:
            headers["Content-Type"] = SDP
            content = {"content": offer.encode()}
        else:
            session = json.dumps(session_for(self.endpoint.model))
            form = {"sdp": (None, offer, SDP), "session": (None, session, "application/json")}
            content = {"files": form}
        answer = await self._web.ask("POST", url, headers, ANSWER_S, **content)
        if not answer.ok:
            raise ProblemError(_refused(dialect.host, self.endpoint.model, answer))
        if not answer.body.startswith(b"v=0"):
            raise ProblemError(messages.not_a_speech_server(dialect.host, answer.kind))
        return answer.body.decode("utf-8", "replace")

    def _take_leave(self, call: Call) -> None:
        task = asyncio.create_task(call.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class _Conversation(Conversation):
    """Whose sound does not go through the socket."""

    def __init__(
        self, dialect: Dialect, audio: Reader, heard: Callable[[Heard], None], call: Call
    ) -> None:
        super().__init__(dialect, audio, heard, call)
        self._voice = call.voice

    async def _say(self) -> None:
        await self._ready.wait()
        with contextlib.suppress(HungUpError):  # _hear tells it
            async with contextlib.aclosing(self._audio.chunks(self._dialect.rate_hz)) as chunks:
                async for pcm in chunks:
                    self._voice.say(pcm)
            self._voice.end(SILENCE_MS)
            try:
                async with asyncio.timeout(
                    (self._voice.sound.behind_ms + SILENCE_MS) / 1000 + SEND_S
                ):
                    await self._voice.all_sent.wait()
            except TimeoutError:
                lost = messages.lost(self._dialect.host, "the voice does not go on")
                await self._follow([Refused(lost)])
            await self._follow([e for e in self._dialect.commit() if not _is_sound(e)])
            self._committed_s = self._loop.time()
            self._wait_on()

    async def _follow(self, events: Sequence[Event]) -> None:
        """Nothing is settled before the end: pauses that were left out lie between."""
        await super()._follow([event for event in events if not isinstance(event, Settled)])


def _is_sound(event: Event) -> bool:
    """The padding, which the voice has sent as silence."""
    return isinstance(event, Send) and "input_audio_buffer.append" in event.message


def library() -> Any:
    """The module that makes calls; takes 0.7 s the first time.

    Raises:
        ProblemError: The extra is not installed.
    """
    try:
        from . import call
    except ImportError as error:
        raise ProblemError(attrs.evolve(MISSING, detail=str(error))) from error
    return call


def check(endpoint: Endpoint) -> None:
    """Raises:
    ProblemError: A call to that endpoint cannot be: its model, its dialect, or what is missing.
    """
    model = models.named(endpoint.model)
    if not model.webrtc:
        raise ProblemError(
            Problem(
                f"{model.name} does not work over WebRTC.",
                "Choose another model, or WebSocket.",
                "recognition",
            )
        )
    library()


def _refused(host: str, model: str, answer: Answer) -> Problem:
    said = answer.object() or {}
    error = said.get("error")
    if answer.status == 400 and not (isinstance(error, dict) and error.get("message")):
        return messages.no_call(host, f"{host}: HTTP 400")
    return refused(host, model, answer, None)
