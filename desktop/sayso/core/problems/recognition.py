"""Problems with a transcript that an engine returned, or did not return in time."""

from __future__ import annotations

from .problem import ProblemKind

_KEPT = "Your recording is kept. Try again."
TIMEOUT = ProblemKind(
    "recognition.timeout",
    "{engine} did not answer in time.",
    "Your recording is kept.",
)
INCOMPLETE = ProblemKind(
    "recognition.incomplete",
    "{engine} skipped {seconds:.0f} s of your speech.",
    _KEPT,
)
EMPTY = ProblemKind("recognition.empty", "{engine} returned no text for your speech.", _KEPT)
HALLUCINATED = ProblemKind(
    "recognition.hallucinated",
    "{engine} made up “{text}”, so nothing was inserted.",
    _KEPT,
)
