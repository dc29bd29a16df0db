"""Finds the files of a model on this computer, and checks them. Never downloads anything.

A model may be in the user's own folder, in the cache that other programs share (the one of
huggingface_hub), or in installed Python packages. Whisper base is split into two packages, because
the registry limits the size of a file; its files are joined once. Each file is checked by its
SHA-256 before each load. That takes 0.12 s for 145 MB (0.2 s from the disk) in addition to the 1 s
of loading, and reads the file into the page cache, where loading needs it anyway.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.metadata
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ....core.problems import ProblemError
from ....core.problems.models import DAMAGED, NOT_SAVED, PACKAGE_DAMAGED
from .catalog import Location, Model, not_downloaded, not_enough_space

SplitFiles = Mapping[str, tuple[Path, ...]]
"""File name to the files whose joined content it has."""
BLOCK_BYTES = 1 << 20
JOINING_SUFFIX = ".joining"
ABANDONED_S = 3600


def locate(
    model: Model,
    models: Path,
    cache: Path,
    installed: Callable[[tuple[str, ...]], SplitFiles] | None = None,
    hub: Path | None = None,
) -> Path:
    """Return the folder with the checked files. Blocks for 0.1 to 2 s, for large models for 5 s.

    Args:
        models: Folder of the user's models. `models/NAME` is used if it exists.
        cache: Folder for joined files; `cache/NAME` is created if necessary.
        installed: Returns the files of the given packages; default: `installed_files`.
        hub: The cache that other programs share; default: `hub_cache()`.

    Raises:
        ProblemError: The model is missing or damaged, or there is no space to join its files.
    """
    own = models / model.name
    if own.is_dir():
        if damaged := damaged_files(model, own):
            files = ", ".join(damaged)
            raise ProblemError(DAMAGED(model=model.title, files=files, folder=own, name=model.name))
        return own
    for snapshot in _hub_snapshots(model, hub or hub_cache()):
        if not damaged_files(model, snapshot):
            return snapshot
    joined = cache / model.name
    if damaged := damaged_files(model, joined):
        pieces = (installed or installed_files)(model.packages)
        if any(name not in pieces for name in damaged):
            raise ProblemError(not_downloaded(model))
        if folder := _package_folder(model, pieces):
            return folder
        _join_files(model, damaged, pieces, joined)
    return joined


def location(
    model: Model,
    models: Path,
    cache: Path,
    installed: Callable[[tuple[str, ...]], SplitFiles] | None = None,
    hub: Path | None = None,
) -> Location:
    """Return where `locate` finds the model, judged by file sizes; takes a few ms.

    A folder of the user is accepted without a check: only `locate` reports that it is damaged.
    """
    if (models / model.name).is_dir():
        return "own"
    if any(_has_all_files(model, folder) for folder in _hub_snapshots(model, hub or hub_cache())):
        return "hub"
    if _has_all_files(model, cache / model.name):
        return "package"
    pieces = (installed or installed_files)(model.packages) if model.packages else {}
    return "package" if _sizes_match(model, pieces) else ""


def hub_cache(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder in which huggingface_hub keeps the downloads of all programs.

    Source: "Environment variables" in the documentation of huggingface_hub.
    """
    if folder := environ.get("HF_HUB_CACHE"):
        return Path(folder).expanduser()
    if folder := environ.get("HF_HOME"):
        return Path(folder).expanduser() / "hub"
    cache = environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "huggingface" / "hub"


def installed_files(packages: Iterable[str]) -> SplitFiles:
    """Return the data files of packages without importing them; empty if a package is missing."""
    found: dict[str, dict[str, Path]] = {}
    for package in packages:
        try:
            files = importlib.metadata.files(package) or []
        except importlib.metadata.PackageNotFoundError:
            return {}
        for file in files:
            if file.parent.name in ("data", "model"):
                name, part, number = file.name.partition(".part")
                found.setdefault(name, {})[part + number] = Path(str(file.locate()))
    return {name: tuple(parts[key] for key in sorted(parts)) for name, parts in found.items()}


def damaged_files(model: Model, folder: Path) -> list[str]:
    """Return the names of files that are missing or differ from the published files."""
    hashes = model.hashes.items()
    return [name for name, sha256 in hashes if not file_matches(folder / name, sha256)]


def file_matches(path: Path, sha256: str) -> bool:
    """Return whether a file exists and has this hash."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _hub_snapshots(model: Model, hub: Path) -> list[Path]:
    """Return the folders of the model's revision in the shared cache; files may be missing."""
    names = (model.repository, *model.former_repositories)
    folders = [
        hub / f"models--{name.replace('/', '--')}" / "snapshots" / model.revision for name in names
    ]
    return [folder for folder in folders if folder.is_dir()]


def _has_all_files(model: Model, folder: Path) -> bool:
    return _sizes_match(model, {file.name: (folder / file.name,) for file in model.files})


def _sizes_match(model: Model, pieces: SplitFiles) -> bool:
    sizes = {file.name: file.size_bytes for file in model.files}
    try:
        return all(sum(p.stat().st_size for p in pieces[n]) == size for n, size in sizes.items())
    except (KeyError, OSError):  # a file is missing
        return False


def _package_folder(model: Model, pieces: SplitFiles) -> Path | None:
    folders = {path.parent for paths in pieces.values() for path in paths}
    if len(folders) != 1 or any(len(paths) != 1 for paths in pieces.values()):
        return None
    (folder,) = folders
    return None if damaged_files(model, folder) else folder


def _join_files(model: Model, names: list[str], pieces: SplitFiles, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob(f"*{JOINING_SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - ABANDONED_S:  # its process was killed
                    path.unlink()
        for name in names:
            _join(model, name, pieces[name], folder / name)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            needed = sum(path.stat().st_size for parts in pieces.values() for path in parts)
            problem = not_enough_space(needed, shutil.disk_usage(folder).free, str(error))
        else:
            problem = NOT_SAVED(model=model.title, folder=folder, detail=str(error))
        raise ProblemError(problem) from error


def _join(model: Model, name: str, pieces: tuple[Path, ...], target: Path) -> None:
    """Write a new file and rename it, because another process may do the same."""
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(
        dir=target.parent, suffix=JOINING_SUFFIX, delete=False
    ) as joined:
        temporary = Path(joined.name)
        try:
            for piece in pieces:
                with piece.open("rb") as file:
                    while block := file.read(BLOCK_BYTES):
                        digest.update(block)
                        joined.write(block)
            joined.close()  # Windows renames only closed files; a full disk may show only here
            if digest.hexdigest() != model.hashes[name]:
                packages = " ".join(model.packages)
                raise ProblemError(PACKAGE_DAMAGED(model=model.title, file=name, packages=packages))
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
