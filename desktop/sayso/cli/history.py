"""`sayso history`: what was said before, without the running Sayso."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path

import click

from ..core.dictation.history_entry import HistoryEntry, with_retry
from ..core.dictation.retention import describe_retention
from ..core.problems import ProblemError, untyped_problem
from ..core.settings.engine_choice import only_engine
from ..core.settings.settings import Settings
from ..core.text.sanitize import sanitize
from ..core.usage import format_take_count as dictations
from ..core.usage import format_usd
from ..storage import export as exports
from ..storage import paths
from ..storage.history import HistoryStore
from ..storage.recordings import Recordings
from . import remote

LIST_TEXT_CHARACTERS = 100
"""Characters of the words in a list."""


def _history_store() -> HistoryStore:
    return HistoryStore(
        paths.database(), on_problem=lambda problem: click.echo(problem.sentence, err=True)
    )


@click.group(invoke_without_command=True)
@click.pass_context
def history(context: click.Context) -> int:
    """Everything said before: see, search, play, recognise again, export, delete.

    Without a command the running Sayso shows it in a window. A take is named by its id, by the
    beginning of its id, or by "last".
    """
    return 0 if context.invoked_subcommand else remote.send("history")


@history.command("list")
@click.option("--limit", type=click.IntRange(1), help="No more than so many, the newest.")
@click.option("--program", default="", help="Only what was said into this one.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with everything there is.")
def list_(limit: int | None, program: str, as_json: bool) -> None:
    """List what was said, newest first."""
    past = _history_store()
    _print_entries(past.entries(limit, program=_matching_program(past, program)), as_json=as_json)


@history.command()
@click.argument("terms", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1), help="No more than so many, the newest.")
@click.option("--program", default="", help="Only what was said into this one.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with everything there is.")
def search(terms: tuple[str, ...], limit: int | None, program: str, as_json: bool) -> int:
    """List what has all these words in it; 1 if nothing has."""
    past = _history_store()
    found = past.entries(limit, " ".join(terms), _matching_program(past, program))
    _print_entries(found, as_json=as_json)
    return 0 if found else 1


@history.command()
@click.argument("take")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(take: str, as_json: bool) -> None:
    """Print everything about a take."""
    entry = _history_store().find(take)
    if as_json:
        click.echo(_json([entry])[0])
        return
    sound = Recordings(paths.recordings()).folder / entry.audio if entry.audio else "not kept"
    click.echo(entry.text or entry.display_text)
    for name, value in (
        ("id", entry.id),
        ("spoken", f"{entry.local_time:%Y-%m-%d %H:%M:%S %z}"),
        ("outcome", entry.outcome),
        ("engine", entry.engine),
        ("cost", format_usd(entry.cost_usd) if entry.cost_usd else ""),
        ("program", entry.program),
        ("seconds", f"{entry.duration_s:.1f}"),
        ("sound", sound),
        ("problem", entry.error),
    ):
        if value:
            click.echo(f"{name:8} {value}")


@history.command()
@click.argument("take")
@click.option("--engine", help="Not the chosen one: on-device, or an endpoint's name.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def retry(take: str, engine: str | None, as_json: bool) -> None:
    """Recognise a take again and print its words, which take the place of the old ones."""
    from .transcribe import transcribe_take

    past = _history_store()
    entry = past.find(take)
    sound = Recordings(paths.recordings()).load(entry.id)
    settings = _settings()
    if engine:
        settings = only_engine(settings, engine)
    text = asyncio.run(transcribe_take(sound, settings))
    entry = with_retry(entry, sound, sanitize(text, keep_newlines=True))
    past.put(entry)
    click.echo(_json([entry])[0] if as_json else entry.display_text)


@history.command()
@click.argument("take")
def play(take: str) -> None:
    """Play what was said, as long as its sound is kept; Ctrl+C ends it."""
    from ..audio.player import play_blocking

    sound = Recordings(paths.recordings()).load(_history_store().find(take).id)
    with contextlib.suppress(KeyboardInterrupt):
        play_blocking(sound, threading.Event())


@history.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def export(file: Path, as_json: bool) -> None:
    """Write everything into FILE: .txt, .csv, .json, or .zip with the sound too."""
    entries = _history_store().entries()
    exports.write(file, exports.format_for(file), entries, Recordings(paths.recordings()))
    if as_json:
        click.echo(json.dumps({"file": str(file), "dictations": len(entries)}))
    else:
        click.echo(f"{_count_phrase(len(entries))} in {file}.")


@history.command()
@click.argument("takes", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All there is.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def delete(takes: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Delete takes with their sound. This cannot be undone."""
    if bool(takes) == everything:
        raise click.UsageError("Name takes, or say --all.")
    past, spool = _history_store(), Recordings(paths.recordings())
    ids = [e.id for e in past.entries()] if everything else [past.find(t).id for t in takes]
    past.delete(ids)
    for id_ in ids:
        spool.delete(id_)
    told = (
        json.dumps({"deleted": sorted(ids)}) if as_json else f"{_count_phrase(len(ids))} deleted."
    )
    click.echo(told)


def _count_phrase(count: int) -> str:
    return f"{dictations(count)} {'is' if count == 1 else 'are'}"


def _matching_program(past: HistoryStore, name: str) -> str:
    """The program of that name, whatever its case; ProblemError where nothing was said into it."""
    known = past.programs()
    for program in known:
        if program.casefold() == name.casefold():
            return program
    if name:
        raise ProblemError(
            untyped_problem(
                f"Nothing is kept from {name!r}.", f"Programs: {', '.join(known) or 'none'}."
            )
        )
    return ""


def _print_entries(entries: Sequence[HistoryEntry], *, as_json: bool) -> None:
    if as_json:
        click.echo(f"[{', '.join(_json(entries))}]" if entries else "[]")
        return
    for entry in entries:
        words = " ".join(entry.display_text.split())
        short = (
            words if len(words) <= LIST_TEXT_CHARACTERS else f"{words[: LIST_TEXT_CHARACTERS - 1]}…"
        )
        click.echo(f"{entry.id}  {entry.local_time:%Y-%m-%d %H:%M}  {short}")
    if not entries:
        click.echo(f"There is nothing. {describe_retention(_settings().history)}", err=True)


def _json(entries: Sequence[HistoryEntry]) -> list[str]:
    return [json.dumps(entry.as_dict(), ensure_ascii=False) for entry in entries]


def _settings() -> Settings:
    from ..storage import settings_file

    settings, problems = settings_file.load(paths.settings_file())
    for problem in problems:
        click.echo(problem.sentence, err=True)
    return settings
