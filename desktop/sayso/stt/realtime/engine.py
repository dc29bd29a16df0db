"""The engine `realtime`: a server hears while somebody speaks.

A connection is made while the key goes down, for each take, or kept from the one before if the
endpoint says so. What is said before the server is ready waits in the take and follows at three
times its speed, so nothing is lost and little is late. A connection that breaks is the end of
`recognise`: `sayso.dictation.recognition` points a reader at the take again, from where its text
is settled.
"""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from ...core.dictation.take import Take
from ...core.problems import ProblemError
from ...core.recognition.plausibility import EngineReport
from ...core.settings.settings import Endpoint
from ...core.settings.urls import host_of, websocket_url
from ...core.settings.validators import parse_keywords
from ..engine import Engine, EngineEvent
from ..reader import Reader
from ..server.api_key import GetApiKey
from ..server.ephemeral_keys import EphemeralKeys
from ..server.pricing import record_usage
from .detect import create_protocol
from .openai import RATE_HZ
from .protocol import RealtimeProtocol

if TYPE_CHECKING:
    from ..webrtc.protocol import WebRtcCarrier
    from .websocket import WebSocketCarrier

CHINESE_VARIANTS = frozenset({"zh-cn", "zh-tw", "zh-hk"})


@attrs.define(eq=False)
class RealtimeEngine:
    """Follows `sayso.stt.engine.Engine`. Holds no key: it is asked for at each take."""

    endpoint: Endpoint
    language: str
    """As in the setting: '' detects it."""
    get_api_key: GetApiKey = attrs.field(repr=False)
    _carrier: WebSocketCarrier | WebRtcCarrier | None = attrs.field(default=None, repr=False)
    _ephemeral_keys: EphemeralKeys = attrs.field(init=False, repr=False)

    @_ephemeral_keys.default
    def _default_ephemeral_keys(self) -> EphemeralKeys:
        return EphemeralKeys(self.endpoint, self.get_api_key)

    @property
    def name(self) -> str:
        return self.endpoint.name

    @property
    def ready(self) -> bool:
        try:
            websocket_url(self.endpoint.url, self.endpoint.allow_insecure)
        except ProblemError:
            return False
        return True

    async def prepare(self) -> None:
        """Check the address and load what a connection needs, 0.15 s at most; opens none.

        Raises:
            ProblemError: The address cannot be used.
        """
        websocket_url(self.endpoint.url, self.endpoint.allow_insecure)
        await asyncio.to_thread(_check_requirements, self.endpoint)
        self._get_carrier()

    async def transcribe(self, audio: Reader, on_event: Callable[[EngineEvent], None]) -> str:
        """All the text, '' if nothing was said. `Ready` when the server takes audio.

        Raises:
            ProblemError: No key, no connection, refused, lost, or no final in time.
        """
        url = websocket_url(self.endpoint.url, self.endpoint.allow_insecure)
        access = await self._ephemeral_keys.credentials(host_of(url))
        dialect = create_protocol(self.endpoint, language_code(self.language), access)
        answered = False
        try:
            text = await self._get_carrier().run_session(dialect, audio, on_event)
            answered = True
        except ProblemError:
            self._ephemeral_keys.discard()  # it may have been refused for that
            raise
        finally:  # also where it is cancelled, for being late for instance
            self._record_usage(audio.take, dialect, answered=answered)
        on_event(
            EngineReport(
                engine=dialect.host,
                sent_s=dialect.sent_s,
                processed_s=dialect.processed_s,
                skips_pauses=dialect.skips_pauses,
                prompt_terms=(self.endpoint.prompt, *parse_keywords(self.endpoint.keywords)),
            )
        )
        return text.strip()

    async def test(self) -> float:
        """Send a second of a quiet tone; returns the seconds until its text was back.

        Raises:
            ProblemError: As `recognise`.
        """
        return await measure_connection(self)

    async def close(self) -> None:
        if self._carrier is not None:
            await self._carrier.close()
        await self._ephemeral_keys.close()

    def _record_usage(self, take: Take, protocol: RealtimeProtocol, *, answered: bool) -> None:
        """What the server says it used; where it does not say, what it was sent and answered."""
        tokens = protocol.used_tokens
        seconds = protocol.processed_s or (protocol.sent_s if answered or tokens else 0.0)
        record_usage(
            take,
            protocol.host,
            self.endpoint.model,
            endpoint=self.endpoint.name,
            seconds=seconds,
            tokens=tokens,
        )

    def _get_carrier(self) -> WebSocketCarrier | WebRtcCarrier:
        if self._carrier is None:
            self._carrier = _create_carrier(self.endpoint)
        return self._carrier


async def measure_connection(engine: Engine) -> float:
    """Send a second of a quiet tone; returns the seconds until its text was back.

    Raises:
        ProblemError: As `Engine.recognise`.
    """
    take = Take(number=0, id="test", rate_hz=RATE_HZ)
    take.append(_tone(RATE_HZ))
    take.end()
    clock = asyncio.get_running_loop().time
    began_s = clock()
    await engine.transcribe(Reader(take), lambda _: None)
    return clock() - began_s


async def check_connection(engine: Engine) -> float:
    """`trial` of an engine that is there for nothing else: it is closed.

    Raises:
        ProblemError: As `Engine.recognise`.
    """
    try:
        await engine.prepare()
        return await measure_connection(engine)
    finally:
        await engine.close()


def check_connection_blocking(engine: Engine) -> float:
    """`tried` on a loop of its own, for whoever has none. Blocks.

    Raises:
        ProblemError: As `Engine.recognise`.
    """
    return asyncio.run(check_connection(engine))


def success_message(seconds: float) -> str:
    """What the settings say under Test."""
    return f"It works. A one-second sample came back in {seconds:.1f} s."


def language_code(language: str) -> str:
    """The setting as the server takes it: ISO 639, with a region for Chinese only."""
    code = language.lower()
    return code if code in CHINESE_VARIANTS else code.partition("-")[0]


def _check_requirements(endpoint: Endpoint) -> None:
    """Load what a connection needs.

    Raises:
        ProblemError: It is not installed, or the model does not take it.
    """
    if endpoint.transport == "webrtc":
        from ..webrtc.protocol import check_support

        check_support(endpoint)
    else:
        _create_carrier(endpoint)


def _create_carrier(endpoint: Endpoint) -> WebSocketCarrier | WebRtcCarrier:
    """Both are imported here: websockets takes 0.1 s, and not everybody has a server."""
    if endpoint.transport == "webrtc":
        from ..webrtc.protocol import WebRtcCarrier

        return WebRtcCarrier(endpoint)
    from .websocket import WebSocketCarrier

    return WebSocketCarrier(keep_open_s=endpoint.keep_open_s)


def _tone(samples: int) -> bytes:
    wave = array("h", (round(300 * math.sin(i * math.tau * 440 / RATE_HZ)) for i in range(samples)))
    return wave.tobytes()
