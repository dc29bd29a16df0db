"""What a dialect answers: how one kind of server speaks, without a socket.

Sans-IO, after https://sans-io.readthedocs.io: what was heard goes in as messages, and what is
to be done comes out as events, so that every dialect is tested on plain text. `sayso.stt.link`
carries any of them.
"""

from __future__ import annotations

from typing import Protocol

import attrs

from ..core.problems import Problem
from .engine import Partial, Ready


@attrs.frozen
class Send:
    """A text message for the server."""

    message: str


@attrs.frozen
class Complete:
    """Everything sent has been answered: the whole text."""

    text: str


@attrs.frozen
class Refused:
    """It ends here; the take still has its audio."""

    problem: Problem


Event = Send | Ready | Partial | Complete | Refused


class Dialect(Protocol):
    """One conversation about one take; made anew for the next."""

    @property
    def url(self) -> str: ...

    @property
    def rate_hz(self) -> int:
        """Of the audio it takes, s16le mono; counts from `Ready` on."""
        ...

    @property
    def host(self) -> str:
        """'host' or 'host:port', for sentences."""
        ...

    @property
    def sent_s(self) -> float:
        """Seconds of audio that were handed out by `audio`."""
        ...

    @property
    def used_s(self) -> float:
        """Seconds of audio the server says it worked on; 0 where it does not say."""
        ...

    @property
    def patience_s(self) -> float:
        """How long the server may say nothing, after the commit, before `lapsed` is asked."""
        ...

    def headers(self) -> dict[str, str]: ...

    def hear(self, message: str | bytes) -> list[Event]:
        """What follows from a message. Never raises, whatever it is."""
        ...

    def audio(self, pcm: bytes) -> Send:
        """Only after `Ready`, and before `commit`."""
        ...

    def commit(self) -> list[Event]:
        """No more audio comes: what to send so that the rest of the text comes."""
        ...

    def lapsed(self) -> Complete | Refused:
        """The server says nothing any more: what that makes of it."""
        ...

    def closed(self, code: int, reason: str) -> Complete | Refused:
        """The server hung up (RFC 6455 section 7.4; 1006 if without a word)."""
        ...
