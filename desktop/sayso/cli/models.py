"""`sayso models`: which there are, downloading, removing, choosing one."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterable

import attrs
import click

from ..core.problems import ProblemError, untyped_problem
from ..core.settings import settings as s
from ..core.settings.settings import Settings
from ..storage import instance, paths, settings_file
from ..stt.ondevice.models.catalog import (
    Model,
    ModelStatus,
    by_name,
    format_size,
    model_in_use,
    not_pinned,
    removal_problem,
    supported_languages,
)
from ..stt.ondevice.models.locate import locate

LOCATIONS = {
    "": "",
    "own": "downloaded",
    "hub": "in the cache of other programs",
    "package": "installed as a package",
}


@click.group()
def models() -> None:
    """Models for recognition on this computer."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def models_list(as_json: bool) -> None:
    """Print all models and how they do here.

    Size, languages, the wait from letting go to the words on this computer ("about" is reckoned
    from another model), and whether it is there.
    """
    used = _settings().on_device.model
    if as_json:
        rows = [_as_json(entry, used) for entry in _listed_models()]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for entry in _listed_models():
        model, wait = entry.model, entry.speed.text if entry.speed else ""
        click.echo(
            f"{'*' if model.name == used else ' '} {model.name:<24}{format_size(model.size_bytes):>7}  "  # noqa: E501
            f"{supported_languages(model):<14}{model.summary:<17}{wait:<13}{_state(entry)}".rstrip()
        )


@models.command("download")
@click.argument("name")
def models_download(name: str) -> None:
    """Bring a model to this computer.

    What broke off goes on where it stopped.
    """
    from ..storage.model_store import download

    model = by_name(name)
    if not model.pinned:
        raise ProblemError(not_pinned(model))
    if _is_available(model):
        click.echo(f"The model {model.title} is on this computer already.")
        return
    before = 0
    with click.progressbar(
        length=model.size_bytes,
        label=f"{model.title} ({format_size(model.size_bytes)})",
        file=sys.stderr,
        update_min_steps=max(1, model.size_bytes // 500),
    ) as bar:

        def progress(here: int, _: int) -> None:
            nonlocal before
            if here < before:  # the server had another file, and it begins anew
                bar.pos = 0
                before = 0
            bar.update(here - before)
            before = here

        download(model, paths.models(), progress, threading.Event())
    click.echo(f"The model {model.title} is on this computer.")
    if model.name == _settings().on_device.model:
        instance.request("reload")
    else:
        click.echo(f"Use it with: sayso models use {model.name}")


@models.command("remove")
@click.argument("name")
def models_remove(name: str) -> None:
    """Delete a downloaded model.

    Or what an unfinished download left of it.
    """
    from ..storage.model_store import remove

    model, entries = by_name(name), _listed_models()
    entry = _entry(model, entries)
    if problem := removal_problem(entry, model_in_use(entries, _settings().on_device.model)):
        raise ProblemError(problem)
    remove(model, paths.models())
    click.echo(f"The model {model.title} is removed.")


@models.command("use")
@click.argument("name")
def models_use(name: str) -> None:
    """Recognise with this model from now on.

    A running Sayso takes it at once.
    """
    model = by_name(name)
    if not model.pinned:
        raise ProblemError(not_pinned(model))
    if not _entry(model, _listed_models()).location:
        raise ProblemError(
            untyped_problem(
                f"The model {model.title} is not downloaded yet.",
                f"Download it with: sayso models download {model.name}",
            )
        )
    settings = s.put(_settings(), "on_device.model", model.name)
    settings_file.save(paths.settings_file(), settings)
    instance.request("reload")
    click.echo(f"Words are recognised with the model {model.title} now.")
    if settings.engine != "on-device":
        click.echo("A server is chosen. Change that with: sayso config set engine on-device")


def _is_available(model: Model) -> bool:
    """Whether every file is on this computer and right, wherever: it takes a moment."""
    try:
        locate(model, paths.models(), paths.cache())
    except ProblemError:
        return False
    return True


def _listed_models() -> list[ModelStatus]:
    from ..storage.model_store import model_statuses

    return model_statuses(paths.models(), paths.cache())


def _entry(model: Model, entries: Iterable[ModelStatus]) -> ModelStatus:
    return next(entry for entry in entries if entry.model.name == model.name)


def _state(entry: ModelStatus) -> str:
    if entry.location:
        return LOCATIONS[entry.location]
    if entry.downloaded_bytes:
        return f"{format_size(entry.downloaded_bytes)} downloaded"
    return "" if entry.model.pinned else "not pinned yet"


def _as_json(entry: ModelStatus, used: str) -> dict[str, object]:
    model = entry.model
    return {
        "name": model.name,
        "title": model.title,
        "bytes": model.size_bytes,
        "languages": supported_languages(model),
        "work": model.relative_cost,
        "wait_s": round(entry.speed.latency_s, 2) if entry.speed else None,
        "wait_measured": bool(entry.speed and entry.speed.measured),
        "place": entry.location or None,
        "part_bytes": entry.downloaded_bytes,
        "pinned": model.pinned,
        "used": model.name == used,
        "repository": model.repository,
        "revision": model.manifest.revision,
        "files": [attrs.asdict(file) for file in model.files],
    }


def _settings() -> Settings:
    settings, problems = settings_file.load(paths.settings_file())
    for problem in problems:
        click.echo(problem.sentence, err=True)
    return settings
