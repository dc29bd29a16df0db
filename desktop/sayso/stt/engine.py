"""The engine protocol: audio of a take in, partial texts and one final text out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import attrs

from ..core.recognition.plausibility import EngineReport
from .reader import Reader


@attrs.frozen
class Ready:
    """The engine accepts audio now."""


@attrs.frozen
class Partial:
    """The whole text so far; the next partial replaces it."""

    text: str


EngineUpdate = Ready | Partial
EngineEvent = EngineUpdate | EngineReport
"""An `EngineReport` comes once, before the final text, from engines that know how much of the audio
they received and which prompt they used."""


class Engine(Protocol):
    """Exists as long as its settings are in use. Several takes may be transcribed at once."""

    @property
    def name(self) -> str:
        """'on-device' or the name of the endpoint."""

    @property
    def ready(self) -> bool:
        """True if a take could be transcribed now, as far as is known."""

    async def prepare(self) -> None:
        """Load what is needed for a take; may take seconds. Raises `ProblemError`."""

    async def transcribe(self, audio: Reader, on_event: Callable[[EngineEvent], None]) -> str:
        """Read the audio to its end and return the whole text, '' if nothing was said.

        The engine has its own timeouts: it always returns or raises. When it is canceled, it does
        not wait.

        Raises:
            ProblemError: The take could not be transcribed; it still has its audio.
        """

    async def close(self) -> None:
        """Release memory and connections."""
