"""The user's own models: lists, downloads and removes them. Nothing else is ever downloaded.

A download is written to `NAME.part` in the models folder and renamed after every file has been
checked by its SHA-256, so a folder with the name of a model is complete. An interrupted download
stays in `NAME.part`, and the next download continues it.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from ..core.problems import Problem, ProblemError
from ..core.problems.models import DOWNLOADING, NOT_REMOVED, NOT_SAVED
from ..stt.ondevice.decoding.benchmark import estimate_speeds
from ..stt.ondevice.models.catalog import MODELS, Model, ModelStatus, by_name, not_enough_space
from ..stt.ondevice.models.locate import damaged_files, location
from .instance import FileLock

if TYPE_CHECKING:
    from ..stt.ondevice.models.download import Hub, Progress

PARTIAL_SUFFIX, OLD_SUFFIX = ".part", ".old"
CLOSE_TIMEOUT_S = 1.0
"""A download that does not end in time is abandoned, which is safe at any moment."""


def download(
    model: Model,
    models: Path,
    progress: Progress,
    canceled: threading.Event,
    hub: Hub | None = None,
) -> Path | None:
    """Download a model into `models/NAME`. Blocks until the end.

    Args:
        progress: Called with the number of downloaded bytes and of all bytes, from this thread.
        canceled: Ends the download; at once while data arrives, else after the timeout.

    Returns:
        The folder, or None if the download was canceled.

    Raises:
        ProblemError: The model is not available, is damaged, or does not fit on the disk.
    """
    from ..stt.ondevice.models.download import Hub, ModelDownload  # importing takes 0.1 s

    hub = hub or Hub()
    target, part = models / model.name, models / f"{model.name}{PARTIAL_SUFFIX}"
    try:
        models.mkdir(parents=True, exist_ok=True)
        with _locked(model, models):
            if target.is_dir() and not damaged_files(model, target):
                return target
            part.mkdir(exist_ok=True)
            needed = model.size_bytes - downloaded_bytes(model, models)
            if (free := hub.free_bytes(models)) < needed:
                raise ProblemError(not_enough_space(needed, free))
            if not ModelDownload(model, part, progress, canceled, hub).run():
                return None
            _install(model, part, target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            _delete_folder(part)  # other programs need the space more
            problem = not_enough_space(model.size_bytes, hub.free_bytes(models), str(error))
        else:
            problem = NOT_SAVED(model=model.title, folder=models, detail=str(error))
        raise ProblemError(problem) from error
    return target


def remove(model: Model, models: Path) -> None:
    """Delete a model of the user and its unfinished download.

    Raises:
        ProblemError: The model is being downloaded, or the folder cannot be deleted.
    """
    try:
        models.mkdir(parents=True, exist_ok=True)
        with _locked(model, models):
            target, old = models / model.name, models / f"{model.name}{OLD_SUFFIX}"
            if target.is_dir():
                _delete_folder(old)
                target.rename(old)
            _delete_folder(old)
            _delete_folder(models / f"{model.name}{PARTIAL_SUFFIX}")
    except OSError as error:
        problem = NOT_REMOVED(model=model.title, folder=models, detail=str(error))
        raise ProblemError(problem) from error


def downloaded_bytes(model: Model, models: Path) -> int:
    """Return the size of an unfinished download."""
    total = 0
    for file in model.files:
        with contextlib.suppress(OSError):
            path = models / f"{model.name}{PARTIAL_SUFFIX}" / file.name
            total += min(path.stat().st_size, file.size_bytes)
    return total


@contextlib.contextmanager
def _locked(model: Model, models: Path) -> Iterator[None]:
    lock = FileLock(str(models / f".{model.name}.lock"))
    try:
        if not lock.acquire():
            raise ProblemError(DOWNLOADING(model=model.title))
        yield
    finally:
        lock.close()


def _install(model: Model, part: Path, target: Path) -> None:
    """Rename a complete download to its final name; replaces a damaged model in one step."""
    for path in part.iterdir():
        if path.name not in model.hashes:
            path.unlink()
    old = target.with_name(f"{target.name}{OLD_SUFFIX}")
    if target.exists():
        _delete_folder(old)
        target.rename(old)
    part.rename(target)
    _delete_folder(old)


def _delete_folder(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


class ModelStore:
    """Manages models for the interface. May be called from any thread."""

    def __init__(self, models: Path, cache: Path, hub: Hub | None = None) -> None:
        self._models, self._cache, self._hub = models, cache, hub
        self._lock = threading.Lock()
        self._active: dict[str, tuple[threading.Thread, threading.Event]] = {}
        self._problems: dict[str, Problem] = {}

    def statuses(self) -> list[ModelStatus]:
        """Return the status of all models; takes about 20 ms."""
        with self._lock:
            active, problems = set(self._active), dict(self._problems)
        return [
            attrs.evolve(found, downloading=name in active, problem=problems.get(name))
            for found in model_statuses(self._models, self._cache)
            for name in [found.model.name]
        ]

    def start(self, name: str) -> None:
        """Start or continue a download in a thread; `statuses` reports its progress."""
        canceled = threading.Event()
        with self._lock:
            if name in self._active:
                return
            self._problems.pop(name, None)
            title, arguments = f"download {name}", (name, canceled)
            thread = threading.Thread(None, self._run, title, arguments, daemon=True)
            self._active[name] = (thread, canceled)
            thread.start()

    def cancel(self, name: str) -> None:
        """Cancel a download. The downloaded part is kept."""
        with self._lock:
            if active := self._active.get(name):
                active[1].set()

    def remove(self, name: str) -> None:
        """Delete a model; see `remove`. Blocks."""
        with self._lock:
            self._problems.pop(name, None)
        remove(by_name(name), self._models)

    def close(self) -> None:
        """Cancel all downloads and wait for them for a moment."""
        with self._lock:
            downloads = list(self._active.values())
        for _, canceled in downloads:
            canceled.set()
        for thread, _ in downloads:
            thread.join(CLOSE_TIMEOUT_S)

    def _run(self, name: str, canceled: threading.Event) -> None:
        problem = None
        try:
            download(by_name(name), self._models, lambda done, total: None, canceled, self._hub)
        except ProblemError as error:
            problem = error.problem
        finally:
            with self._lock:
                del self._active[name]
                if problem:
                    self._problems[name] = problem


def model_statuses(models: Path, cache: Path) -> list[ModelStatus]:
    """Return the status of all models on this computer."""
    speeds = estimate_speeds(MODELS, cache)
    return [
        ModelStatus(
            model=model,
            location=location(model, models, cache),
            downloaded_bytes=downloaded_bytes(model, models),
            speed=speeds.get(model.name),
        )
        for model in MODELS
    ]
