"""The interface of a decoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..samples import Samples
from .quality import Hypothesis


class Decoder(Protocol):
    """A loaded speech model.

    Two threads may call it at the same time; each call blocks for 0.1 s or more.
    """

    languages: frozenset[str]

    def decode_once(
        self, samples: Samples, language: str, *, incremental: bool = False
    ) -> Hypothesis:
        """Decode up to 12 s of speech once; the result may have a defect.

        `language` may be '' to detect it. An `incremental` result extends an earlier one.
        """
        ...

    def decode_segment(self, samples: Samples, language: str) -> Hypothesis:
        """Decode a segment, and again in another way if the result has a defect."""
        ...

    def transcribe(
        self, samples: Samples, language: str, should_continue: Callable[[], bool]
    ) -> str:
        """Decode speech of any length with the highest accuracy.

        `should_continue` is called between windows; if False, the text so far is returned.
        """
        ...

    def detect_language(self, samples: Samples) -> str:
        """Return the language code of the first seconds."""
        ...
