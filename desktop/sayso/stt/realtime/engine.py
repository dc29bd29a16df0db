"""Engine `realtime`: streams a take to a server while the user speaks.

The connection for a take is opened at key down. Audio from before the session is ready waits in the
take and is sent at three times real time. If the connection fails, `transcribe` raises, and the
caller reads the take again from where its text is final.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import attrs

from ...core.dictation.take import Take
from ...core.problems import ProblemError
from ...core.recognition.plausibility import EngineReport
from ...core.settings.endpoint import Endpoint
from ...core.settings.urls import host_of, service_name, websocket_url
from ...core.settings.validators import parse_keywords
from ..engine import EngineEvent
from ..reader import Reader
from ..server.auth import GetApiKey
from ..server.ephemeral_keys import EphemeralKeys
from ..server.pricing import record_usage
from ..server.request_options import language_code
from .detect import create_protocol
from .protocol import RealtimeProtocol
from .session import Carrier
from .timeouts import Timeouts


@attrs.define(eq=False)
class RealtimeEngine:
    """Implements `sayso.stt.engine.Engine`. Requests the API key for each take and keeps none."""

    endpoint: Endpoint
    language: str
    get_api_key: GetApiKey = attrs.field(repr=False)
    carrier: Carrier | None = attrs.field(default=None, repr=False)
    timeouts: Timeouts = attrs.field(factory=Timeouts, repr=False)
    ephemeral_keys: EphemeralKeys = attrs.field(init=False, repr=False)

    @ephemeral_keys.default
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
        """Check the address and load the libraries, which takes up to 0.15 s. Does not connect."""
        websocket_url(self.endpoint.url, self.endpoint.allow_insecure)
        await asyncio.to_thread(self._check_requirements)
        self._get_carrier()

    async def transcribe(self, audio: Reader, on_event: Callable[[EngineEvent], None]) -> str:
        url = websocket_url(self.endpoint.url, self.endpoint.allow_insecure)
        credentials = await self.ephemeral_keys.credentials(host_of(url))
        language = language_code(self.language)
        protocol = create_protocol(self.endpoint, language, credentials, self.timeouts)
        text = None
        try:
            text = await self._get_carrier().run_session(protocol, audio, on_event)
        except ProblemError:
            self.ephemeral_keys.discard()  # the key may be the cause
            raise
        finally:  # also after cancellation, for example because the session took too long
            protocol = protocol.active
            self._record_usage(audio.take, protocol, completed=text is not None)
        name, skips_pauses = service_name(protocol.host), protocol.skips_pauses
        terms = (self.endpoint.prompt, *parse_keywords(self.endpoint.keywords))
        on_event(EngineReport(name, protocol.sent_s, protocol.processed_s, skips_pauses, terms))
        return text.strip()

    async def close(self) -> None:
        if self.carrier is not None:
            await self.carrier.close()
        await self.ephemeral_keys.close()

    def _record_usage(self, take: Take, protocol: RealtimeProtocol, *, completed: bool) -> None:
        """Record the reported usage; without a report, the audio that was sent and answered."""
        tokens = protocol.used_tokens
        sent_s = protocol.sent_s if completed or tokens else 0.0
        endpoint, seconds = self.endpoint, protocol.processed_s or sent_s
        record_usage(take, protocol.host, endpoint.model, endpoint.name, seconds, tokens)

    def _check_requirements(self) -> None:
        if self.endpoint.transport == "webrtc":
            from ..webrtc.carrier import check_support

            check_support(self.endpoint)
        else:
            from . import websocket  # noqa: F401  loads the library

    def _get_carrier(self) -> Carrier:
        """Create the carrier on first use. The imports take 0.1 s."""
        if self.carrier is None:
            if self.endpoint.transport == "webrtc":
                from ..webrtc.carrier import WebRtcCarrier

                self.carrier = WebRtcCarrier(self.endpoint, self.timeouts)
            else:
                from .websocket import WebSocketCarrier

                self.carrier = WebSocketCarrier(self.timeouts)
        return self.carrier
