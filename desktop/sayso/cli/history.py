"""`sayso history`: read and manage the history without the running Sayso."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from ..core.dictation.history_entry import HistoryEntry, describe_retention, with_retry
from ..core.problems import ProblemError
from ..core.problems.storage import PROGRAM_UNKNOWN
from ..core.settings.engine_choice import only_engine
from ..core.text.sanitize import sanitize
from ..core.usage import format_take_count, format_usd
from ..storage import export as exports
from ..storage import paths
from ..storage.history import HistoryStore
from ..storage.recordings import Recordings
from . import remote
from .common import engine_option, json_option, load_settings, output, print_problem

LIST_TEXT_CHARACTERS = 100


@click.group(invoke_without_command=True)
@click.pass_context
def history(context: click.Context) -> int:
    """List, search, play, transcribe again, export and delete dictations.

    Without a command, the running Sayso shows the history window. A dictation is named by its ID,
    by the beginning of its ID, or by "last".
    """
    return 0 if context.invoked_subcommand else remote.send("history")


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    limit = click.option("--limit", type=click.IntRange(1), help="Show at most this many.")
    program = click.option("--program", default="", help="Only dictations into this program.")
    return limit(program(json_option(command)))


@history.command("list")
@filter_options
def list_(limit: int | None, program: str, as_json: bool) -> None:
    """List dictations, newest first."""
    store = _store()
    _print_entries(store.entries(limit, program=_matching_program(store, program)), as_json)


@history.command()
@click.argument("words", nargs=-1, required=True)
@filter_options
def search(words: tuple[str, ...], limit: int | None, program: str, as_json: bool) -> int:
    """Find dictations that contain all these words (exit code 1: none)."""
    store = _store()
    found = store.entries(limit, " ".join(words), _matching_program(store, program))
    _print_entries(found, as_json)
    return 0 if found else 1


@history.command()
@click.argument("take")
@json_option
def show(take: str, as_json: bool) -> None:
    """Print all details of a dictation."""
    entry = _store().find(take)
    details = {
        "id": entry.id,
        "spoken": f"{entry.local_time:%Y-%m-%d %H:%M:%S %z}",
        "outcome": entry.outcome,
        "engine": entry.engine,
        "cost": format_usd(entry.cost_usd) if entry.cost_usd else "",
        "program": entry.program,
        "seconds": f"{entry.duration_s:.1f}",
        "audio": _recordings().folder / entry.audio if entry.audio else "not kept",
        "problem": entry.error,
    }
    lines = [f"{name:8} {value}" for name, value in details.items() if value]
    output(as_json, entry.as_dict(), "\n".join([entry.display_text, *lines]))


@history.command()
@click.argument("take")
@engine_option
@json_option
def retry(take: str, engine: str | None, as_json: bool) -> None:
    """Transcribe a dictation again, replace its text, and print it."""
    from .transcribe import transcribe_take

    store = _store()
    entry = store.find(take)
    audio = _recordings().load(entry.id)
    settings = load_settings()
    if engine:
        settings = only_engine(settings, engine)
    text = asyncio.run(transcribe_take(audio, settings))
    entry = with_retry(entry, audio, sanitize(text, keep_newlines=True))
    store.put(entry)
    output(as_json, entry.as_dict(), entry.display_text)


@history.command()
@click.argument("take")
def play(take: str) -> None:
    """Play a recording that is still kept; Ctrl+C stops it."""
    from ..audio.player import play_blocking

    audio = _recordings().load(_store().find(take).id)
    with contextlib.suppress(KeyboardInterrupt):
        play_blocking(audio, threading.Event())


@history.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def export(file: Path, as_json: bool) -> None:
    """Export all dictations to FILE: .txt, .csv, .json, or .zip with the recordings."""
    entries = _store().entries()
    exports.write(file, exports.format_for(file), entries, _recordings())
    text = f"Exported {format_take_count(len(entries))} to {file}."
    output(as_json, {"file": str(file), "dictations": len(entries)}, text)


@history.command()
@click.argument("takes", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Delete all dictations.")
@json_option
def delete(takes: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Delete dictations with their recordings. This cannot be undone."""
    if bool(takes) == everything:
        raise click.UsageError("Name the dictations to delete, or use --all.")
    store, recordings = _store(), _recordings()
    ids = store.ids() if everything else {store.find(take).id for take in takes}
    store.delete(ids)
    for id_ in ids:
        recordings.delete(id_)
    output(as_json, {"deleted": sorted(ids)}, f"Deleted {format_take_count(len(ids))}.")


def _store() -> HistoryStore:
    return HistoryStore(paths.database(), on_problem=print_problem)


def _recordings() -> Recordings:
    return Recordings(paths.recordings())


def _matching_program(store: HistoryStore, name: str) -> str:
    """Return the program as the history spells it. Raises ProblemError if there is none."""
    known = store.programs()
    for program in known:
        if program.casefold() == name.casefold():
            return program
    if name:
        raise ProblemError(PROGRAM_UNKNOWN(program=name, programs=", ".join(known) or "none"))
    return ""


def _print_entries(entries: Sequence[HistoryEntry], as_json: bool) -> None:
    if not as_json and not entries:
        click.echo(f"No dictations. {describe_retention(load_settings().history)}", err=True)
        return
    output(as_json, [entry.as_dict() for entry in entries], "\n".join(map(_list_line, entries)))


def _list_line(entry: HistoryEntry) -> str:
    text = " ".join(entry.display_text.split())
    if len(text) > LIST_TEXT_CHARACTERS:
        text = f"{text[: LIST_TEXT_CHARACTERS - 1]}…"
    return f"{entry.id}  {entry.local_time:%Y-%m-%d %H:%M}  {text}"
