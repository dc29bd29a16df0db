"""Problems with a transcript that an engine returned, or did not return in time."""

from __future__ import annotations

from .problem import kind

TIMEOUT = kind("recognition.timeout")
INCOMPLETE = kind("recognition.incomplete")
EMPTY = kind("recognition.empty")
HALLUCINATED = kind("recognition.hallucinated")
