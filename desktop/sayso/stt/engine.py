"""What every engine follows: audio of a take in, partials and one final text out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import attrs

from ..core.recognition.plausibility import EngineReport
from .reader import Reader


@attrs.frozen
class Ready:
    """The engine takes audio now."""


@attrs.frozen
class Partial:
    """All the text so far; the next one replaces it."""

    text: str


EngineUpdate = Ready | Partial
EngineEvent = EngineUpdate | EngineReport
"""An `Account` comes once, before the text, from engines that know more than the length of the
audio: what of it arrived, and what they were told."""


class Engine(Protocol):
    """Lives as long as its settings do; one `recognise` at a time per take, takes may overlap."""

    @property
    def name(self) -> str:
        """'on-device' or 'realtime', as in the setting `engine`."""
        ...

    @property
    def ready(self) -> bool:
        """A take could be recognised now, as far as can be known without trying."""
        ...

    async def prepare(self) -> None:
        """Do what can be done before the first take (load the model); may take seconds.

        Raises:
            ProblemError: It cannot be made ready.
        """
        ...

    async def transcribe(self, audio: Reader, on_event: Callable[[EngineEvent], None]) -> str:
        """Read the audio to its end and return the whole text, '' if nothing was said.

        Has its own deadlines: always returns or raises. May be cancelled, and then does
        not wait.

        Raises:
            ProblemError: It could not be recognised; the take still has its audio.
        """
        ...

    async def close(self) -> None:
        """Give back memory and sockets."""
        ...
