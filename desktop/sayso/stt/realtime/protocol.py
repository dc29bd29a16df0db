"""What a dialect answers: how one kind of server speaks, without a socket.

Sans-IO, after https://sans-io.readthedocs.io: what was heard goes in as messages, and what is
to be done comes out as events, so that every dialect is tested on plain text.
`sayso.stt.realtime.websocket`
carries any of them.
"""

from __future__ import annotations

from typing import Protocol

import attrs

from ...core.problems import Problem
from ..engine import Partial, Ready


@attrs.frozen
class Send:
    """A text message for the server."""

    message: str


@attrs.frozen
class Completed:
    """Everything sent has been answered: the whole text."""

    text: str


@attrs.frozen
class Rejected:
    """It ends here; the take still has its audio."""

    problem: Problem


@attrs.frozen
class FinalText:
    """Text that will not change, of the audio since the last of these."""

    text: str
    sent_bytes: int
    """Up to where, of what was handed out by `audio`."""


@attrs.frozen
class Kept:
    """What a conversation has to know that goes on with the socket of another."""

    session: str
    """Settings of the session: another has to have the same."""
    past: frozenset[str]
    """Ids of items that are over, and of which more may be heard."""


Event = Send | Ready | Partial | FinalText | Completed | Rejected


class RealtimeProtocol(Protocol):
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
    def processed_s(self) -> float:
        """Seconds of audio the server says it worked on; 0 where it does not say."""
        ...

    @property
    def used_tokens(self) -> int:
        """Tokens the server says it took, in and out; 0 where it does not count them."""
        ...

    @property
    def skips_pauses(self) -> bool:
        """It listens for pauses itself, and counts only the speech between them."""
        ...

    @property
    def response_timeout_s(self) -> float:
        """How long the server may say nothing, after the commit, before `lapsed` is asked."""
        ...

    def headers(self) -> dict[str, str]: ...

    def receive(self, message: str | bytes) -> list[Event]:
        """What follows from a message. Never raises, whatever it is."""
        ...

    def append_audio(self, pcm: bytes) -> Send:
        """Only after `Ready`, and before `commit`."""
        ...

    def on_pause(self) -> list[Event]:
        """Somebody pauses: what to send so that the text so far becomes final, if anything."""
        ...

    def commit(self) -> list[Event]:
        """No more audio comes: what to send so that the rest of the text comes."""
        ...

    def on_timeout(self) -> Completed | Rejected:
        """The server says nothing any more: what that makes of it."""
        ...

    def on_close(self, code: int, reason: str) -> Completed | Rejected:
        """The server hung up (RFC 6455 section 7.4; 1006 if without a word)."""
        ...

    @property
    def kept(self) -> Kept | None:
        """After `Complete`: what the next conversation may go on with; None: it may not."""
        ...

    def go_on(self, kept: Kept) -> list[Event]:
        """Begin on a socket another conversation has ended on; [] if that cannot be."""
        ...
