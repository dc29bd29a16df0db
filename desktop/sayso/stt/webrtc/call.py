"""One WebRTC connection: audio as Opus over RTP, messages over a data channel.

The only module that imports aiortc. Opus is encoded here, because aiortc would send stereo at 96
kbit/s: for speech recognition 32 kbit/s of mono with forward error correction (FEC) are enough. No
STUN server is used, because OpenAI's answer has addresses that can be reached from behind a NAT.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs
from aiortc import (
    InvalidStateError,
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRemoteInboundRtpStreamStats,
    RTCRtpSender,
    RTCSessionDescription,
)
from av import AudioCodecContext, AudioFrame, CodecContext, Packet

from ...core.dictation.take import BYTES_PER_SAMPLE
from ..realtime.session import ConnectionClosedError
from .silence_trimmer import FRAME_MS, SilenceTrimmer

DATA_CHANNEL = "oai-events"
BIT_RATE = 32_000
RTP_CLOCK_HZ = 48_000
"""RTP clock of Opus for every sample rate (RFC 7587)."""
MAX_CATCH_UP_S = 0.2
"""Maximum delay of this computer that is compensated at once. The receiver sees it as network
jitter."""
MAX_QUEUED_MESSAGES = 500
"""Limit for messages of up to 64 KB that are not read yet. More of them close the connection."""
ABNORMAL_CLOSURE = 1006


class CallFailedError(Exception):
    """The SDP answer is invalid, or no connection was possible."""


class OpusTrack(MediaStreamTrack):
    """Sends audio, s16le mono at `rate_hz`, as one Opus packet every 20 ms while there is any."""

    kind = "audio"

    def __init__(self, rate_hz: int, on_sent: Callable[[bytes], object]) -> None:
        super().__init__()
        self.trimmer = SilenceTrimmer(rate_hz)
        self._rate_hz, self._on_sent = rate_hz, on_sent
        self._encoder = _create_encoder(rate_hz)
        self._changed = asyncio.Event()
        self._ended = False
        self._silent_frames = 0
        self.all_sent = asyncio.Event()
        self._packet_number = 0
        self._due_s = 0.0

    def append(self, pcm: bytes) -> None:
        self.trimmer.append(pcm)
        self._changed.set()

    def end(self, silence_ms: int) -> None:
        """End the audio; `all_sent` is set after `silence_ms` of silence."""
        self.trimmer.end()
        self._silent_frames = silence_ms // FRAME_MS
        self._ended = True
        self._changed.set()

    async def recv(self) -> Packet[Any]:
        """Return the next packet when it is due. Called by aiortc."""
        while (frame := self.trimmer.next()) is None and not self._silent_frames:
            if self._ended:
                self.all_sent.set()
            self._changed.clear()
            await self._changed.wait()
        await asyncio.sleep(self._wait_s(time.monotonic()))
        if frame is None:
            self._silent_frames -= 1
            return self._packet(bytes(self.trimmer.frame_bytes))
        self._on_sent(frame)
        return self._packet(frame)

    def _wait_s(self, now_s: float) -> float:
        self._due_s = max(self._due_s, now_s - MAX_CATCH_UP_S)
        wait_s = max(0.0, self._due_s - now_s)
        self._due_s += FRAME_MS / 1000
        return wait_s

    def _packet(self, pcm: bytes) -> Packet[Any]:
        frame = AudioFrame("s16", "mono", len(pcm) // BYTES_PER_SAMPLE)
        frame.planes[0].update(pcm)
        frame.sample_rate = self._rate_hz
        frame.pts = self._packet_number * frame.samples
        frame.time_base = Fraction(1, self._rate_hz)
        (packet,) = self._encoder.encode(frame)
        packet.pts = self._packet_number * RTP_CLOCK_HZ * FRAME_MS // 1000
        packet.time_base = Fraction(1, RTP_CLOCK_HZ)
        self._packet_number += 1
        return packet


def _create_encoder(rate_hz: int) -> AudioCodecContext:
    encoder = CodecContext.create("libopus", "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = rate_hz, "mono", "s16"
    encoder.bit_rate = BIT_RATE
    encoder.options = {
        "application": "voip",
        "frame_duration": str(FRAME_MS),
        "fec": "1",
        "packet_loss": "10",
    }
    return encoder


@attrs.define(eq=False)
class Call:
    """Implements `sayso.stt.realtime.session.Connection`. Create it in a running event loop."""

    track: OpusTrack
    _peer: RTCPeerConnection = attrs.field(init=False)
    _channel: RTCDataChannel = attrs.field(init=False)
    _opened: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    _closed: bool = attrs.field(default=False, init=False)
    _messages: asyncio.Queue[str | bytes | None] = attrs.field(factory=asyncio.Queue, init=False)

    def __attrs_post_init__(self) -> None:
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        sound = self._peer.addTransceiver(self.track, direction="sendonly")
        codecs = RTCRtpSender.getCapabilities("audio").codecs
        sound.setCodecPreferences([codec for codec in codecs if codec.mimeType == "audio/opus"])
        self._channel = self._peer.createDataChannel(DATA_CHANNEL)
        self._channel.on("open", self._opened.set)
        self._channel.on("message", self._on_message)
        self._channel.on("close", self._on_close)
        self._peer.on("connectionstatechange", self._on_state_change)

    async def offer(self) -> str:
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return self._peer.localDescription.sdp

    async def connect(self, answer: str) -> None:
        """Wait until messages can be sent. Has no timeout.

        Raises:
            CallFailedError: The answer does not match the offer, or no connection was possible.
        """
        try:
            description = RTCSessionDescription(answer, "answer")
            await self._peer.setRemoteDescription(description)
        except (ValueError, LookupError, AssertionError, AttributeError, TypeError) as error:
            raise CallFailedError(f"invalid answer: {type(error).__name__}") from error
        await self._opened.wait()
        if self._closed:
            raise CallFailedError("connection failed")

    async def send(self, message: str) -> None:
        try:
            self._channel.send(message)
        except InvalidStateError as error:
            raise ConnectionClosedError(ABNORMAL_CLOSURE, "") from error

    async def recv(self) -> str | bytes:
        message = await self._messages.get()
        if message is None:
            self._messages.put_nowait(None)  # for the next call
            raise ConnectionClosedError(ABNORMAL_CLOSURE, "")
        return message

    async def lost_s(self) -> float:
        """Return the seconds of audio that the receiver reported as lost (RFC 3550, section 6.4).

        Reports arrive about once per second; 0.0 if there are none.
        """
        reports = (await self._peer.getStats()).values()
        lost = [r.packetsLost for r in reports if isinstance(r, RTCRemoteInboundRtpStreamStats)]
        return max(0, *lost, 0) * FRAME_MS / 1000

    async def close(self) -> None:
        await self._peer.close()

    def _on_state_change(self) -> None:
        if self._peer.connectionState in ("failed", "closed"):
            self._on_close()

    def _on_message(self, message: str | bytes) -> None:
        if self._messages.qsize() >= MAX_QUEUED_MESSAGES:
            self._on_close()
        elif not self._closed:
            self._messages.put_nowait(message)

    def _on_close(self) -> None:
        if not self._closed:
            self._closed = True
            self._opened.set()
            self._messages.put_nowait(None)
