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
from ...core.recognition.plausibility import Account
from ...core.settings.settings import Endpoint
from ...core.settings.vocabulary import keywords_of
from ..engine import Engine, Heard
from ..reader import Reader
from ..server.api_key import KeyOf
from ..server.ephemeral_keys import Secrets
from ..server.pricing import charge
from ..server.urls import host_of, socket_url
from .detect import dialect_for
from .openai import RATE_HZ
from .protocol import Dialect

if TYPE_CHECKING:
    from ..webrtc.protocol import Calls
    from .websocket import Link

CHINESE = frozenset({"zh-cn", "zh-tw", "zh-hk"})


@attrs.define(eq=False)
class RealtimeEngine:
    """Follows `sayso.stt.engine.Engine`. Holds no key: it is asked for at each take."""

    endpoint: Endpoint
    language: str
    """As in the setting: '' detects it."""
    api_key: KeyOf = attrs.field(repr=False)
    _link: Link | Calls | None = attrs.field(default=None, repr=False)
    _secrets: Secrets = attrs.field(init=False, repr=False)

    @_secrets.default
    def _none_yet(self) -> Secrets:
        return Secrets(self.endpoint, self.api_key)

    @property
    def name(self) -> str:
        return self.endpoint.name

    @property
    def ready(self) -> bool:
        try:
            socket_url(self.endpoint.url, self.endpoint.allow_insecure)
        except ProblemError:
            return False
        return True

    async def prepare(self) -> None:
        """Check the address and load what a connection needs, 0.15 s at most; opens none.

        Raises:
            ProblemError: The address cannot be used.
        """
        socket_url(self.endpoint.url, self.endpoint.allow_insecure)
        await asyncio.to_thread(_check, self.endpoint)
        self._linked()

    async def recognise(self, audio: Reader, heard: Callable[[Heard], None]) -> str:
        """All the text, '' if nothing was said. `Ready` when the server takes audio.

        Raises:
            ProblemError: No key, no connection, refused, lost, or no final in time.
        """
        url = socket_url(self.endpoint.url, self.endpoint.allow_insecure)
        access = await self._secrets.access(host_of(url))
        dialect = dialect_for(self.endpoint, language_code(self.language), access)
        answered = False
        try:
            text = await self._linked().converse(dialect, audio, heard)
            answered = True
        except ProblemError:
            self._secrets.forget()  # it may have been refused for that
            raise
        finally:  # also where it is cancelled, for being late for instance
            self._charge(audio.take, dialect, answered=answered)
        heard(
            Account(
                engine=dialect.host,
                sent_s=dialect.sent_s,
                used_s=dialect.used_s,
                skips_pauses=dialect.skips_pauses,
                told=(self.endpoint.prompt, *keywords_of(self.endpoint.keywords)),
            )
        )
        return text.strip()

    async def test(self) -> float:
        """Send a second of a quiet tone; returns the seconds until its text was back.

        Raises:
            ProblemError: As `recognise`.
        """
        return await trial(self)

    async def close(self) -> None:
        if self._link is not None:
            await self._link.close()
        await self._secrets.close()

    def _charge(self, take: Take, dialect: Dialect, *, answered: bool) -> None:
        """What the server says it used; where it does not say, what it was sent and answered."""
        tokens = dialect.used_tokens
        seconds = dialect.used_s or (dialect.sent_s if answered or tokens else 0.0)
        charge(
            take,
            dialect.host,
            self.endpoint.model,
            endpoint=self.endpoint.name,
            seconds=seconds,
            tokens=tokens,
        )

    def _linked(self) -> Link | Calls:
        if self._link is None:
            self._link = _carrier(self.endpoint)
        return self._link


async def trial(engine: Engine) -> float:
    """Send a second of a quiet tone; returns the seconds until its text was back.

    Raises:
        ProblemError: As `Engine.recognise`.
    """
    take = Take(number=0, id="test", rate_hz=RATE_HZ)
    take.add(_tone(RATE_HZ))
    take.end()
    clock = asyncio.get_running_loop().time
    began_s = clock()
    await engine.recognise(Reader(take), lambda _: None)
    return clock() - began_s


async def tried(engine: Engine) -> float:
    """`trial` of an engine that is there for nothing else: it is closed.

    Raises:
        ProblemError: As `Engine.recognise`.
    """
    try:
        await engine.prepare()
        return await trial(engine)
    finally:
        await engine.close()


def try_out(engine: Engine) -> float:
    """`tried` on a loop of its own, for whoever has none. Blocks.

    Raises:
        ProblemError: As `Engine.recognise`.
    """
    return asyncio.run(tried(engine))


def it_works(seconds: float) -> str:
    """What the settings say under Test."""
    return f"It works. A one-second sample came back in {seconds:.1f} s."


def language_code(language: str) -> str:
    """The setting as the server takes it: ISO 639, with a region for Chinese only."""
    code = language.lower()
    return code if code in CHINESE else code.partition("-")[0]


def _check(endpoint: Endpoint) -> None:
    """Load what a connection needs.

    Raises:
        ProblemError: It is not installed, or the model does not take it.
    """
    if endpoint.transport == "webrtc":
        from ..webrtc.protocol import check

        check(endpoint)
    else:
        _carrier(endpoint)


def _carrier(endpoint: Endpoint) -> Link | Calls:
    """Both are imported here: websockets takes 0.1 s, and not everybody has a server."""
    if endpoint.transport == "webrtc":
        from ..webrtc.protocol import Calls

        return Calls(endpoint)
    from .websocket import Link

    return Link(keep_open_s=endpoint.keep_open_s)


def _tone(samples: int) -> bytes:
    wave = array("h", (round(300 * math.sin(i * math.tau * 440 / RATE_HZ)) for i in range(samples)))
    return wave.tobytes()
