"""The user's own models: downloaded, removed, listed. Nothing else is ever downloaded.

A download lands in `NAME.part` beside the models and is renamed when every file has been
checked by its SHA-256, so what stands under a model's name is whole. What breaks off stays in
`NAME.part`, and the next download goes on from there.
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

from ..core.problems import Problem, ProblemError, replaced, untyped_problem
from ..stt.ondevice.decoding.benchmark import estimate_speeds
from ..stt.ondevice.models.catalog import (
    MODELS,
    Model,
    ModelStatus,
    by_name,
    not_enough_space,
    not_pinned,
)
from ..stt.ondevice.models.locate import damaged_files, location
from .instance import FileLock

if TYPE_CHECKING:
    from .arrival import Progress, Source

PARTIAL_SUFFIX, OLD_SUFFIX = ".part", ".old"
CLOSE_TIMEOUT_S = 1.0
"""A download that hangs is not waited for longer: what it writes is safe to cut off."""


def download(
    model: Model,
    models: Path,
    progress: Progress,
    cancelled: threading.Event,
    source: Source | None = None,
) -> Path | None:
    """Bring a model into `models/NAME`. Blocks for as long as it takes.

    Args:
        model: Which one; all its files must be pinned.
        models: The user's own models.
        progress: Called from this thread, with each piece that comes.
        cancelled: Ends it within `timeout_s`, at once while bytes arrive.
        source: Not the hub, for tests.

    Returns:
        The folder, or None when it was cancelled.

    Raises:
        ProblemError: It cannot be had, is not what was published, or does not fit on the disk.
    """
    if not model.pinned:
        raise ProblemError(not_pinned(model))
    from .arrival import Fetch, Source  # its HTTP client takes 0.1 s to import

    source = source or Source()
    target, part = models / model.name, models / f"{model.name}{PARTIAL_SUFFIX}"
    try:
        models.mkdir(parents=True, exist_ok=True)
        with _locked(model, models):
            if target.is_dir() and not damaged_files(model, target):
                return target
            part.mkdir(exist_ok=True)
            needed = model.size_bytes - downloaded_bytes(model, models)
            if (free := source.free_bytes(models)) < needed:
                raise ProblemError(not_enough_space(needed, free))
            if not Fetch(model, part, progress, cancelled, source).run():
                return None
            _install(model, part, target)
    except OSError as error:
        raise _disk_problem(error, model, models, part, source) from error
    return target


def remove(model: Model, models: Path) -> None:
    """Delete a model of the user's own, and what an unfinished download left.

    Raises:
        ProblemError: It is being downloaded, or the folder cannot be deleted.
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
        raise ProblemError(
            untyped_problem(
                f"The model {model.title} cannot be removed from {models}.",
                "Check that this folder can be written.",
                "recognition",
                str(error),
            )
        ) from error


def downloaded_bytes(model: Model, models: Path) -> int:
    """What an unfinished download has brought so far."""
    total = 0
    for file in model.files:
        with contextlib.suppress(OSError):
            there = (models / f"{model.name}{PARTIAL_SUFFIX}" / file.name).stat().st_size
            total += min(there, file.size_bytes)
    return total


@contextlib.contextmanager
def _locked(model: Model, models: Path) -> Iterator[None]:
    lock = FileLock(str(models / f".{model.name}.lock"))
    try:
        if not lock.acquire():
            raise ProblemError(
                untyped_problem(
                    f"The model {model.title} is being downloaded already.",
                    "Wait for it, or cancel it first.",
                    "recognition",
                )
            )
        yield
    finally:
        lock.close()


def _install(model: Model, part: Path, target: Path) -> None:
    """What is whole takes its place, and that of a damaged one, in one step."""
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


def _disk_problem(
    error: OSError, model: Model, models: Path, part: Path, source: Source
) -> ProblemError:
    """A full disk gets back what the download took: whatever filled it needs it more."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        _delete_folder(part)
        problem = not_enough_space(model.size_bytes, source.free_bytes(models))
        return ProblemError(replaced(problem, detail=str(error)))
    return ProblemError(
        untyped_problem(
            f"The model {model.title} cannot be written to {models}.",
            "Check that this folder can be written.",
            "recognition",
            str(error),
        )
    )


class ModelStore:
    """What the interface does with models. Any thread; downloads have one each."""

    def __init__(self, models: Path, cache: Path, source: Source | None = None) -> None:
        self._models, self._cache, self._source = models, cache, source
        self._lock = threading.Lock()
        self._active: dict[str, _Download] = {}
        self._problems: dict[str, Problem] = {}

    def statuses(self) -> list[ModelStatus]:
        """All models there are, and how downloads go. Slow: some 20 ms."""
        with self._lock:
            arriving, problems = set(self._active), dict(self._problems)
        return [
            attrs.evolve(
                entry,
                downloading=entry.model.name in arriving,
                problem=problems.get(entry.model.name),
            )
            for entry in model_statuses(self._models, self._cache)
        ]

    def start(self, name: str) -> None:
        """Begin to download a model, or go on; `listed` tells how it goes."""
        cancelled = threading.Event()
        with self._lock:
            if name in self._active:
                return
            self._problems.pop(name, None)
            thread = threading.Thread(
                target=self._run, args=(name, cancelled), name=f"download {name}", daemon=True
            )
            self._active[name] = _Download(thread, cancelled)
            thread.start()

    def cancel(self, name: str) -> None:
        """End it soon; what has arrived stays for another time."""
        with self._lock:
            if under_way := self._active.get(name):
                under_way.cancelled.set()

    def remove(self, name: str) -> None:
        """Slow. See `remove`."""
        with self._lock:
            self._problems.pop(name, None)
        remove(by_name(name), self._models)

    def close(self) -> None:
        """End what is under way."""
        with self._lock:
            all_of_them = list(self._active.values())
        for under_way in all_of_them:
            under_way.cancelled.set()
        for under_way in all_of_them:
            under_way.thread.join(CLOSE_TIMEOUT_S)

    def _run(self, name: str, cancelled: threading.Event) -> None:
        problem = None
        try:
            download(by_name(name), self._models, lambda here, whole: None, cancelled, self._source)
        except ProblemError as error:
            problem = error.problem
        finally:
            with self._lock:
                del self._active[name]
                if problem:
                    self._problems[name] = problem


@attrs.frozen
class _Download:
    thread: threading.Thread
    cancelled: threading.Event


def model_statuses(models: Path, cache: Path) -> list[ModelStatus]:
    """All models there are, and what there is of each."""
    known = estimate_speeds(MODELS, cache)
    return [
        ModelStatus(
            model=model,
            location=location(model, models, cache),
            downloaded_bytes=downloaded_bytes(model, models),
            speed=known.get(model.name),
        )
        for model in MODELS
    ]
