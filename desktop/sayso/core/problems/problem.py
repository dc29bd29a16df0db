"""The problem value and its kind. See the package docstring."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import attrs

from ..resources import load_toml


@attrs.frozen
class ProblemKind:
    """One entry of the catalog.

    Call it to create a problem of this kind: `NOT_FOUND(device=name)`.
    """

    code: str
    """Stable identifier, `area.reason`: `microphone.missing`. Safe to put in a report."""
    message: str
    """What happened, as one sentence; a `str.format` template for the values."""
    remedy: str = ""
    """What the user can do, and where the text or recording is; a template like `message`."""

    def __call__(
        self, *, detail: str = "", retry_after_s: float | None = None, **values: object
    ) -> Problem:
        return Problem(self, values, detail, retry_after_s)


@attrs.frozen
class Problem:
    """A failure that is reported to the user.

    Presenters translate `kind.message` and `kind.remedy`, then insert `values`.
    """

    kind: ProblemKind
    values: Mapping[str, object] = attrs.field(factory=dict, hash=False)
    """Values for the templates; another problem may be one of them."""
    detail: str = ""
    """For a report: status, host, library message. Never contains a secret."""
    retry_after_s: float | None = None
    """Seconds after which another attempt may succeed. None: not before the user changes
    something."""

    @property
    def code(self) -> str:
        return self.kind.code

    @property
    def message(self) -> str:
        return self.kind.message.format_map(self.values)

    @property
    def remedy(self) -> str:
        return self.kind.remedy.format_map(self.values)

    @property
    def cause(self) -> Problem:
        """The problem that this one wraps as its value `cause`, or else this problem itself."""
        cause = self.values.get("cause")
        return cause if isinstance(cause, Problem) else self

    @property
    def sentence(self) -> str:
        """Message and remedy, in English."""
        return f"{self.message} {self.remedy}".strip()

    def __str__(self) -> str:
        return self.message


class ProblemError(Exception):
    """Carries a `Problem` from where it happened to the code that reports it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


@cache
def _texts() -> dict[str, Any]:
    return load_toml("problems.toml")


def kind(code: str) -> ProblemKind:
    """Return the kind with this code. Its texts are in `resources/problems.toml`."""
    area, _, reason = code.partition(".")
    return ProblemKind(code, **_texts()[area][reason])
