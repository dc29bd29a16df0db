"""The stand-in of `POST /v1/realtime/calls`: an answerer that decodes real Opus.

The offer comes as a form of `sdp` and `session` with the standard key, or bare with an ephemeral
one. Messages go over the data channel `oai-events` and are those of the socket; sound comes as
RTP only, and an `append` is refused. What comes before the session is ready is not kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

import attrs
import av
import numpy as np
from aiortc import (
    AudioStreamTrack,
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from . import rules
from .ephemeral_keys import Secrets
from .http_server import Handler, Reply, Request, key_refusal, refusal
from .rules import RefusedError
from .session import BYTES_PER_S, RATE_HZ, WORD_S, Record, Session
from .standin import StandIn

NOT_BY_CALL = frozenset({"gpt-transcribe"})


@attrs.define
class Channel:
    """As much of a `ServerConnection` as a session uses."""

    channel: RTCDataChannel
    hang_up: Callable[[], Any]
    close_code: int | None = None

    async def send(self, message: str) -> None:
        if self.channel.readyState == "open":
            self.channel.send(message)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.close_code = code
        self.channel.close()

    @property
    def transport(self) -> Channel:
        return self

    def abort(self) -> None:
        self.hang_up()


class CallSession(Session):
    """Whose sound is decoded RTP."""

    async def on_append(self, event: dict[str, Any]) -> None:
        raise RefusedError("invalid_value", "Audio is sent as media in a call.", "type")

    async def sound(self, pcm: bytes) -> None:
        if not self.configured:
            self.record.too_early_bytes += len(pcm)
            return
        first = not self.record.audio
        self.record.audio += pcm
        if first and not await self.stage("audio"):
            return
        self.buffer += pcm
        await self.say_words(int(len(self.buffer) / BYTES_PER_S / WORD_S))


class Calls:
    """`service` has the script, key and mischief; `held_back_s` of sound is heard late, as by a
    jitter buffer. With `answers_sound` the answerer sends Opus too."""

    def __init__(
        self,
        service: StandIn,
        *,
        secrets: Secrets | None = None,
        held_back_s: float = 0.2,
        answers_sound: bool = False,
        answer: Callable[[str], str] = lambda sdp: sdp,
    ) -> None:
        self.service, self.secrets = service, secrets or Secrets()
        self.held_back_s, self.answers_sound, self.answer = held_back_s, answers_sound, answer
        self.peers: list[RTCPeerConnection] = []
        self.codecs: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def handlers(self) -> dict[tuple[str, str], Handler]:
        return {("POST", "/v1/realtime/calls"): self.create}

    @property
    def record(self) -> Record:
        return self.service.records[-1]

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(peer.close() for peer in self.peers))

    async def create(self, request: Request) -> Reply:
        if refused := key_refusal(request, self.service.key, self.secrets.valid):
            return refused
        if model := request.query.get("model"):
            message = f'Model "{model[0]}" is not supported in transcription mode.'
            return refusal(400, message, "invalid_model")
        try:
            sdp, session = self._wanted(request)
        except RefusedError as error:
            return refusal(400, error.message, error.code, error.param)
        model = ((session or {})["audio"]["input"]["transcription"] or {}).get("model", "")
        if model in NOT_BY_CALL:
            return refusal(400, "")  # as the service does: it does not say why
        if "m=audio" not in sdp:
            return refusal(400, "An audio media section is required.", "invalid_offer")
        return await self._answered(sdp, session, request)

    def _wanted(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Raises:
        RefusedError: Neither a form nor bare SDP, or a session that is refused.
        """
        first = rules.first_session(self.service.new_id("sess"), 0)
        if request.kind == "application/sdp":
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if token == self.service.key:
                raise RefusedError("missing_required_parameter", "Missing 'session'.", "session")
            issued = list(self.secrets.issued).index(token) if self.secrets.issued else -1
            session = self.secrets.sessions[issued] if self.secrets.sessions else first
            return request.body.decode(), {**first, **session}
        parts = {part.name: part for part in request.form}
        if set(parts) != {"sdp", "session"}:
            raise RefusedError("missing_required_parameter", "Missing 'sdp'.", "sdp")
        if parts["sdp"].kind != "application/sdp" or parts["session"].kind != "application/json":
            raise RefusedError("invalid_value", "Wrong type of a part.", "sdp")
        session = rules.updated(first, json.loads(parts["session"].value))
        return parts["sdp"].value.decode(), session

    async def _answered(self, sdp: str, session: dict[str, Any], request: Request) -> Reply:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.peers.append(peer)
        ready: asyncio.Future[CallSession] = asyncio.get_running_loop().create_future()
        peer.on("track", lambda track: self._spawn(self._listen(track, ready)))
        peer.on("datachannel", lambda channel: self._open(channel, peer, session, request, ready))
        if self.answers_sound:
            peer.addTrack(AudioStreamTrack())
        try:
            await peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        except (ValueError, AssertionError):
            return refusal(400, "Invalid SDP.", "invalid_offer")
        await peer.setLocalDescription(await peer.createAnswer())
        answer = peer.localDescription.sdp
        self.codecs += re.findall(r"a=rtpmap:\d+ (\S+)", answer)
        where = {"Location": f"/v1/realtime/calls/{self.service.new_id('rtc')}"}
        return Reply(201, self.answer(answer).encode(), "application/sdp", where)

    def _open(
        self,
        channel: RTCDataChannel,
        peer: RTCPeerConnection,
        session: dict[str, Any],
        request: Request,
        ready: asyncio.Future[CallSession],
    ) -> None:
        assert channel.label == "oai-events"
        record = Record(request.target, True)
        self.service.records.append(record)
        socket: Any = Channel(channel, lambda: self._spawn(peer.close()))
        conversation = CallSession(self.service, socket, record)
        conversation.session = session
        messages: asyncio.Queue[str] = asyncio.Queue()
        channel.on("message", messages.put_nowait)
        ready.set_result(conversation)
        self._spawn(self._converse(conversation, messages))

    async def _converse(self, session: CallSession, messages: asyncio.Queue[str]) -> None:
        try:
            if await session.stage("created"):
                await session.send("session.created", session=session.session)
            while True:
                await session.hear(await messages.get())
        finally:
            session.leave()

    async def _listen(self, track: MediaStreamTrack, ready: asyncio.Future[CallSession]) -> None:
        to_mono = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
        loop = asyncio.get_running_loop()
        with contextlib.suppress(MediaStreamError):
            while True:
                frame: Any = await track.recv()
                heard = b"".join(
                    np.asarray(mono.to_ndarray(), "<i2").tobytes()
                    for mono in to_mono.resample(frame)
                )
                session = await ready
                loop.call_later(self.held_back_s, self._spawn_sound, session, heard)

    def _spawn_sound(self, session: CallSession, pcm: bytes) -> None:
        self._spawn(session.sound(pcm))

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
