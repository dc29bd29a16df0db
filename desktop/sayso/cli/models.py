"""`sayso models`: list, download, remove and select models for this computer."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable

import attrs
import click

from ..core.problems import ProblemError
from ..core.problems.models import DOWNLOAD_REQUIRED
from ..core.settings import settings as s
from ..storage import instance, paths
from ..stt.ondevice.models import catalog
from ..stt.ondevice.models.catalog import Model, ModelStatus
from ..stt.ondevice.models.locate import locate
from .common import json_option, load_settings, output, save_settings

LOCATIONS = {
    "": "",
    "own": "downloaded",
    "hub": "in the cache of other programs",
    "package": "installed as a package",
}


@click.group()
def models() -> None:
    """List, download, remove and select models for this computer."""


@models.command("list")
@json_option
def models_list(as_json: bool) -> None:
    """Print all models; * marks the selected one.

    The columns are size, languages, accuracy, latency and location. Latency is the time from
    releasing the key to the text on this computer; "about" marks an estimate from another model.
    """
    used, entries = load_settings().on_device.model, _statuses()
    lines = []
    for entry in entries:
        model, latency = entry.model, entry.speed.text if entry.speed else ""
        columns = (
            f"{'*' if model.name == used else ' '} {model.name:<24}",
            f"{catalog.format_size(model.size_bytes):>7}  {catalog.supported_languages(model):<14}",
            f"{model.summary:<24}{latency:<13}{_state(entry)}",
        )
        lines.append("".join(columns).rstrip())
    output(as_json, [_as_dict(entry, used) for entry in entries], "\n".join(lines), indent=2)


@models.command("download")
@click.argument("name")
def models_download(name: str) -> None:
    """Download a model. An interrupted download continues where it stopped."""
    from ..storage.model_store import download

    model = catalog.by_name(name)
    if _is_available(model):
        click.echo(f"The model {model.title} is already on this computer.")
        return
    before = 0
    with click.progressbar(
        length=model.size_bytes,
        label=f"{model.title} ({catalog.format_size(model.size_bytes)})",
        file=sys.stderr,
        update_min_steps=max(1, model.size_bytes // 500),
    ) as bar:

        def show_progress(downloaded_bytes: int, _: int) -> None:
            nonlocal before
            if downloaded_bytes < before:  # the file has changed, and the download starts again
                bar.pos = 0
                before = 0
            bar.update(downloaded_bytes - before)
            before = downloaded_bytes

        download(model, paths.models(), show_progress, threading.Event())
    click.echo(f"The model {model.title} is on this computer.")
    if model.name == load_settings().on_device.model:
        instance.request("reload")
    else:
        click.echo(f"Select it with: sayso models use {model.name}")


@models.command("remove")
@click.argument("name")
def models_remove(name: str) -> None:
    """Delete a downloaded model or an incomplete download."""
    from ..storage.model_store import remove

    model, entries = catalog.by_name(name), _statuses()
    in_use = catalog.model_in_use(entries, load_settings().on_device.model)
    if problem := catalog.removal_problem(_status(model, entries), in_use):
        raise ProblemError(problem)
    remove(model, paths.models())
    click.echo(f"The model {model.title} was removed.")


@models.command("use")
@click.argument("name")
def models_use(name: str) -> None:
    """Select a model. A running Sayso uses it at once."""
    model = catalog.by_name(name)
    if not _status(model, _statuses()).location:
        raise ProblemError(DOWNLOAD_REQUIRED(model=model.title, name=model.name))
    settings = s.put(load_settings(), "on_device.model", model.name)
    save_settings(settings)
    click.echo(f"The model {model.title} is selected.")
    if settings.engine != "on-device":
        click.echo("A server is selected. To use the model: sayso endpoints use on-device")


def _is_available(model: Model) -> bool:
    try:
        locate(model, paths.models(), paths.cache())
    except ProblemError:
        return False
    return True


def _statuses() -> list[ModelStatus]:
    from ..storage.model_store import model_statuses

    return model_statuses(paths.models(), paths.cache())


def _status(model: Model, entries: Iterable[ModelStatus]) -> ModelStatus:
    return next(entry for entry in entries if entry.model.name == model.name)


def _state(entry: ModelStatus) -> str:
    if entry.location:
        return LOCATIONS[entry.location]
    if entry.downloaded_bytes:
        return f"{catalog.format_size(entry.downloaded_bytes)} downloaded"
    return ""


def _as_dict(entry: ModelStatus, used: str) -> dict[str, object]:
    model = entry.model
    return {
        "name": model.name,
        "title": model.title,
        "bytes": model.size_bytes,
        "languages": catalog.supported_languages(model),
        "work": model.relative_cost,
        "wait_s": round(entry.speed.latency_s, 2) if entry.speed else None,
        "wait_measured": bool(entry.speed and entry.speed.measured),
        "place": entry.location or None,
        "part_bytes": entry.downloaded_bytes,
        "pinned": True,
        "used": model.name == used,
        "repository": model.repository,
        "revision": model.revision,
        "files": [attrs.asdict(file) for file in model.files],
    }
