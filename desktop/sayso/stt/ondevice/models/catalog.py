"""The models for on-device recognition, and whether each can be removed.

Whisper by OpenAI (MIT) and Distil-Whisper by Hugging Face (MIT), converted for CTranslate2 by
Systran; Large turbo was converted by Mobius Labs, now Dropbox.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import attrs

from ....core.problems import Problem, ProblemError, ProblemKind
from ....core.problems.models import (
    DOWNLOADING,
    IN_USE,
    MISSPELLED,
    NO_SPACE,
    NOT_DOWNLOADED,
    NOT_PRESENT,
    PACKAGED,
    SHARED,
    UNKNOWN,
)
from ....core.resources import load_toml


@attrs.frozen
class ModelFile:
    name: str
    size_bytes: int
    sha256: str


@attrs.frozen(kw_only=True)
class Model:
    """A speech model in the format of CTranslate2."""

    name: str
    """Name in the settings, and of the folder."""
    title: str
    summary: str
    """Speed and accuracy compared with the other models."""
    relative_cost: float
    """Number of parameters relative to Base; approximately the relative duration of a decode."""
    english_only: bool = False
    repository: str
    revision: str
    files: tuple[ModelFile, ...]
    packages: tuple[str, ...] = ()
    """Python packages that together contain the model."""
    former_repositories: tuple[str, ...] = ()
    """Earlier names of the repository, used by older programs in the shared cache."""

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def hashes(self) -> Mapping[str, str]:
        """SHA-256 by file name."""
        return {file.name: file.sha256 for file in self.files}


Location = Literal["", "own", "hub", "package"]
"""'': not on this computer; "own": in the user's model folder; "hub": in the cache that other
programs share; "package": in a Python package."""


@attrs.frozen
class Speed:
    latency_s: float
    """Time from the release of the key to the text, on this computer."""
    measured: bool
    """False if the latency is estimated from that of another model."""

    @property
    def text(self) -> str:
        """The latency for a list: "0.3 s", "about 1.2 s", "about 15 s"."""
        digits = 0 if self.latency_s >= 9.95 else 1
        return f"{'' if self.measured else 'about '}{max(0.1, self.latency_s):.{digits}f} s"


@attrs.frozen(kw_only=True)
class ModelStatus:
    """A model and its state on this computer."""

    model: Model
    location: Location
    downloaded_bytes: int = 0
    downloading: bool = False
    problem: Problem | None = None
    speed: Speed | None = None
    """None if no model has run on this computer."""

    @property
    def removable(self) -> bool:
        return not self.downloading and (self.location == "own" or self.downloaded_bytes > 0)


def _load() -> Iterator[Model]:
    for row in load_toml("models.toml")["models"]:
        lists = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
        files = tuple(ModelFile(**file) for file in row["files"])
        yield Model(**row | lists | {"files": files})


MODELS: tuple[Model, ...] = tuple(_load())
"""Multilingual models from the fastest to the best, then the English ones."""

_BY_NAME = {model.name: model for model in MODELS}
WHISPER_BASE = _BY_NAME["whisper-base"]
_SHORT_NAMES = {
    "turbo": "whisper-large-v3-turbo",
    "large": "whisper-large-v3",
    "large-turbo": "whisper-large-v3-turbo",
}


def by_name(name: str) -> Model:
    """Return the model with this name, or with this short name, such as "small" or "turbo".

    Raises:
        ProblemError: There is none; the problem suggests a similar name.
    """
    model = _BY_NAME.get(name) or _BY_NAME.get(_SHORT_NAMES.get(name, f"whisper-{name}"))
    if model is None:
        known = [*_BY_NAME, *_SHORT_NAMES, *(full.removeprefix("whisper-") for full in _BY_NAME)]
        similar = difflib.get_close_matches(name, known, n=1)
        if similar:
            raise ProblemError(MISSPELLED(name=name, suggestion=similar[0]))
        raise ProblemError(UNKNOWN(name=name))
    return model


def format_size(size_bytes: int) -> str:
    """Format a size: "148 MB", "1.6 GB". 1 MB is 10^6 bytes, as for disks."""
    if size_bytes >= 995_000_000:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{size_bytes / 1e6:.0f} MB"


def supported_languages(model: Model) -> str:
    return "English only" if model.english_only else "all languages"


def not_downloaded(model: Model) -> Problem:
    return NOT_DOWNLOADED(model=model.title, size=format_size(model.size_bytes))


def not_enough_space(needed_bytes: int, free_bytes: int, detail: str = "") -> Problem:
    needed, free = format_size(needed_bytes), format_size(free_bytes)
    return NO_SPACE(needed=needed, free=free, detail=detail)


def model_in_use(statuses: Iterable[ModelStatus], selected: str) -> str:
    """Return the name of the selected model, or '' if there is no other model to use instead."""
    others = (status for status in statuses if status.model.name != selected)
    return selected if any(status.location for status in others) else ""


def removal_problem(status: ModelStatus, in_use: str) -> Problem | None:
    """Return why a model cannot be removed, or None if it can.

    Args:
        status: The model.
        in_use: Result of `model_in_use`.
    """
    kinds: dict[Location, ProblemKind] = {"": NOT_PRESENT, "hub": SHARED, "package": PACKAGED}
    if status.downloading:
        kind = DOWNLOADING
    elif not status.removable:
        kind = kinds[status.location]
    elif status.model.name == in_use and status.location == "own":
        kind = IN_USE
    else:
        return None
    return kind(model=status.model.title)
