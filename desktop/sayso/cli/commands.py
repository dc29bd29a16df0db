"""The click group of all commands, and the short commands."""

from __future__ import annotations

from pathlib import Path

import click

from .. import __version__
from ..core.settings.engine_choice import only_engine
from ..storage import instance
from . import remote
from .api_key import key
from .common import engine_option, json_option, load_settings, output
from .config import config
from .endpoints import endpoints
from .history import history
from .models import models
from .usage import usage


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="Sayso %(version)s")
@click.option("--verbose", is_flag=True, help="Write more details to the log.")
@click.pass_context
def sayso(context: click.Context, verbose: bool) -> int | None:
    """Hold a key, speak, release it: your text is inserted at the cursor.

    Without a command, Sayso starts and waits in the tray. If it is already running, its settings
    are shown.
    """
    if context.invoked_subcommand:
        return None
    try:
        lock = instance.claim()
    except OSError as error:  # TimeoutError: another instance does not respond
        remote.print_error(f"Sayso cannot start: {error}")
        return 1
    if lock is None:
        return 0
    from ..app import run

    return run(lock, verbose=verbose)


for group in (config, key, endpoints, history, models, usage):
    sayso.add_command(group)


def _add_remote_command(name: str, help_text: str) -> None:
    """Add a command for --help. `cli.main` runs these commands before click is imported."""

    @sayso.command(name, help=help_text)
    def command() -> int:
        return remote.send(name)


_add_remote_command("start", "Start recording, as if the hotkey was pressed.")
_add_remote_command("stop", "Stop recording and insert the text.")
_add_remote_command("toggle", "Start recording, or stop if Sayso is recording.")
_add_remote_command("cancel", "Stop recording and insert nothing; the recording is kept.")
_add_remote_command("quit", "End the running Sayso.")


@sayso.command()
@json_option
def status(as_json: bool) -> int:
    """Print the state of the running Sayso."""
    return remote.status(as_json=as_json)


@sayso.command()
@click.argument("file", type=click.Path(path_type=Path))
@engine_option
@json_option
def transcribe(file: Path, engine: str | None, as_json: bool) -> int:
    """Transcribe an audio file (wav, flac, ogg, mp3) and print its text."""
    from .transcribe import transcribe_file

    settings = load_settings()
    if engine:
        settings = only_engine(settings, engine)
    result = transcribe_file(file, settings)
    output(as_json, result, result["text"])
    return 0


@sayso.command()
@json_option
def doctor(as_json: bool) -> int:
    """Check everything that Sayso needs, and say how to fix what is missing."""
    from . import doctor as checks

    findings = checks.run_checks(load_settings())
    output(as_json, checks.as_json(findings), checks.format_report(findings), indent=2)
    return 0
