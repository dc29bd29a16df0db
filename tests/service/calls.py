"""Stand-in for `POST /v1/realtime/calls`: an answerer that decodes real Opus.

The offer is a form of `sdp` and `session` with an API key, or bare SDP with an ephemeral key.
Messages use the data channel `oai-events`. Audio arrives as RTP only; `append` is rejected. Audio
from before the session is ready is lost.
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
from .ephemeral_keys import EphemeralKeyService
from .http_server import Handler, Reply, Request, authorization_error, error_reply
from .rules import RefusedError
from .session import BYTES_PER_S, RATE_HZ, WORD_S, ConnectionRecord, Session
from .standin import StandIn

NOT_OVER_WEBRTC = frozenset({"gpt-transcribe"})


@attrs.define
class Channel:
    """The part of a `ServerConnection` that a session uses."""

    channel: RTCDataChannel
    on_abort: Callable[[], Any]
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
        self.on_abort()


class CallSession(Session):
    """Session whose audio is decoded RTP."""

    async def on_append(self, event: dict[str, Any]) -> None:
        raise RefusedError("invalid_value", "Audio is sent as media in a call.", "type")

    async def receive_audio(self, pcm: bytes) -> None:
        if not self.configured:
            self.record.too_early_bytes += len(pcm)
            return
        first = not self.record.audio
        self.record.audio += pcm
        if first and not await self.reach("audio"):
            return
        self.buffer += pcm
        await self.send_deltas(int(len(self.buffer) / BYTES_PER_S / WORD_S))


class CallService:
    """`service` provides script, key and misbehavior.

    Audio is delayed by `jitter_delay_s`, as by a jitter buffer. With `sends_audio` the answerer
    sends Opus too.
    """

    def __init__(
        self,
        service: StandIn,
        *,
        ephemeral_keys: EphemeralKeyService | None = None,
        jitter_delay_s: float = 0.2,
        sends_audio: bool = False,
        edit_answer: Callable[[str], str] = lambda sdp: sdp,
    ) -> None:
        self.service, self.ephemeral_keys = service, ephemeral_keys or EphemeralKeyService()
        self.jitter_delay_s, self.sends_audio, self.edit_answer = (
            jitter_delay_s,
            sends_audio,
            edit_answer,
        )
        self.peers: list[RTCPeerConnection] = []
        self.codecs: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def handlers(self) -> dict[tuple[str, str], Handler]:
        return {("POST", "/v1/realtime/calls"): self.create}

    @property
    def record(self) -> ConnectionRecord:
        return self.service.records[-1]

    async def close(self) -> None:
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(peer.close() for peer in self.peers))

    async def create(self, request: Request) -> Reply:
        if refused := authorization_error(request, self.service.key, self.ephemeral_keys.valid):
            return refused
        if model := request.query.get("model"):
            message = f'Model "{model[0]}" is not supported in transcription mode.'
            return error_reply(400, message, "invalid_model")
        try:
            sdp, session = self._parse_offer(request)
        except RefusedError as error:
            return error_reply(400, error.message, error.code, error.param)
        model = ((session or {})["audio"]["input"]["transcription"] or {}).get("model", "")
        if model in NOT_OVER_WEBRTC:
            return error_reply(400, "")  # without a reason, as the real service does
        if "m=audio" not in sdp:
            return error_reply(400, "An audio media section is required.", "invalid_offer")
        return await self._answer_offer(sdp, session, request)

    def _parse_offer(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Return SDP and session; raises `RefusedError` if one of them is invalid."""
        first = rules.initial_session(self.service.new_id("sess"), 0)
        if request.media_type == "application/sdp":
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if token == self.service.key:
                raise RefusedError("missing_required_parameter", "Missing 'session'.", "session")
            issued = (
                list(self.ephemeral_keys.issued).index(token) if self.ephemeral_keys.issued else -1
            )
            session = (
                self.ephemeral_keys.sessions[issued] if self.ephemeral_keys.sessions else first
            )
            return request.body.decode(), {**first, **session}
        parts = {part.name: part for part in request.form}
        if set(parts) != {"sdp", "session"}:
            raise RefusedError("missing_required_parameter", "Missing 'sdp'.", "sdp")
        if (
            parts["sdp"].media_type != "application/sdp"
            or parts["session"].media_type != "application/json"
        ):
            raise RefusedError("invalid_value", "Wrong type of a part.", "sdp")
        session = rules.updated_session(first, json.loads(parts["session"].value))
        return parts["sdp"].value.decode(), session

    async def _answer_offer(self, sdp: str, session: dict[str, Any], request: Request) -> Reply:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.peers.append(peer)
        ready: asyncio.Future[CallSession] = asyncio.get_running_loop().create_future()
        peer.on("track", lambda track: self._spawn(self._receive_track(track, ready)))
        peer.on("datachannel", lambda channel: self._open(channel, peer, session, request, ready))
        if self.sends_audio:
            peer.addTrack(AudioStreamTrack())
        try:
            await peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        except (ValueError, AssertionError):
            return error_reply(400, "Invalid SDP.", "invalid_offer")
        await peer.setLocalDescription(await peer.createAnswer())
        answer = peer.localDescription.sdp
        self.codecs += re.findall(r"a=rtpmap:\d+ (\S+)", answer)
        where = {"Location": f"/v1/realtime/calls/{self.service.new_id('rtc')}"}
        return Reply(201, self.edit_answer(answer).encode(), "application/sdp", where)

    def _open(
        self,
        channel: RTCDataChannel,
        peer: RTCPeerConnection,
        session: dict[str, Any],
        request: Request,
        ready: asyncio.Future[CallSession],
    ) -> None:
        assert channel.label == "oai-events"
        record = ConnectionRecord(request.target, True)
        self.service.records.append(record)
        socket: Any = Channel(channel, lambda: self._spawn(peer.close()))
        conversation = CallSession(self.service, socket, record)
        conversation.session = session
        messages: asyncio.Queue[str] = asyncio.Queue()
        channel.on("message", messages.put_nowait)
        ready.set_result(conversation)
        self._spawn(self._run_session(conversation, messages))

    async def _run_session(self, session: CallSession, messages: asyncio.Queue[str]) -> None:
        try:
            if await session.reach("created"):
                await session.send("session.created", session=session.session)
            while True:
                await session.receive(await messages.get())
        finally:
            session.cancel_tasks()

    async def _receive_track(
        self, track: MediaStreamTrack, ready: asyncio.Future[CallSession]
    ) -> None:
        to_mono = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
        loop = asyncio.get_running_loop()
        with contextlib.suppress(MediaStreamError):
            while True:
                frame: Any = await track.recv()
                audio_pcm = b"".join(
                    np.asarray(mono.to_ndarray(), "<i2").tobytes()
                    for mono in to_mono.resample(frame)
                )
                session = await ready
                loop.call_later(self.jitter_delay_s, self._spawn_audio, session, audio_pcm)

    def _spawn_audio(self, session: CallSession, pcm: bytes) -> None:
        if not self._closed:  # delayed audio may arrive after the end
            self._spawn(session.receive_audio(pcm))

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
