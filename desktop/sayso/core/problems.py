"""Problems a person can act on.

Everything that reaches the user is a `Problem`: what happened, and what to do about it.
Edges translate the exceptions of their libraries into `ProblemError` at the place where
they are raised; no other room catches library exceptions.
"""

from __future__ import annotations

from typing import Literal

import attrs

Action = Literal["", "try-again", "microphone", "recognition", "hotkey", "copy", "usage", "budget"]
"""The one button the problem comes with: try the take again, a settings page, copy the words.
'budget' has two: go on, or use this computer."""


@attrs.frozen
class Problem:
    """One sentence on what happened, one on what to do now, and where."""

    message: str
    remedy: str = ""
    action: Action = ""
    detail: str = ""
    """For a report: status, host, library message; never a secret."""
    retry_after_s: float | None = None
    """It may pass by itself: after so many seconds at least another try is worth it. None: not
    before somebody changes something."""

    @property
    def sentence(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class ProblemError(Exception):
    """Carries a `Problem` from where it happened to who can tell it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem
