"""The commands that may take their time, by click. `cli` has the quick ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from .. import __version__
from ..core.problems import ProblemError, replaced, untyped_problem
from ..core.settings import settings as s
from ..core.settings.engine_choice import only_engine
from ..core.settings.settings import Settings
from ..storage import instance, paths, settings_file
from . import remote
from .endpoints import endpoints
from .history import history
from .models import models
from .usage import usage


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="Sayso %(version)s")
@click.option("--verbose", is_flag=True, help="Write more into the log.")
@click.pass_context
def sayso(context: click.Context, verbose: bool) -> int | None:
    """Hold a key, speak, let go: the words stand where your cursor is.

    Without a command Sayso starts and waits in the tray. If it is running already, its
    settings are shown.
    """
    if context.invoked_subcommand:
        return None
    try:
        lock = instance.claim()
    except TimeoutError as error:
        remote.print_error(str(error))
        return 1
    except OSError as error:
        remote.print_error(f"There is no folder for Sayso's socket: {error}")
        return 1
    if lock is None:
        return 0
    from ..app import run

    return run(lock, verbose=verbose)


def _add_remote_command(name: str, help_text: str) -> None:
    """Only for --help and odd spellings; `cli` answers these before click is imported."""

    @sayso.command(name, help=help_text)
    def command() -> int:
        return remote.send(name)


for _word, _help in (
    ("start", "Start listening, as if the hotkey went down."),
    ("stop", "Stop listening and insert what was said."),
    ("toggle", "Start, or stop if it listens."),
    ("cancel", "Stop listening and insert nothing; the recording is kept."),
    ("quit", "End the running Sayso."),
):
    _add_remote_command(_word, _help)


@sayso.command()
@click.option("--json", "as_json", is_flag=True, help="As one line of JSON.")
def status(as_json: bool) -> int:
    """What the running Sayso does now."""
    return remote.status(as_json=as_json)


@sayso.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--engine", help="Not the chosen one: on-device, or an endpoint's name.")
@click.option("--json", "as_json", is_flag=True, help="Text, engine, seconds as JSON.")
def transcribe(file: Path, engine: str | None, as_json: bool) -> int:
    """Recognise a sound file (wav, flac, ogg, mp3) and print its text."""
    from .transcribe import transcribe_file

    settings = _settings()
    if engine:
        settings = only_engine(settings, engine)
    result = transcribe_file(file, settings)
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else result["text"])
    return 0


@sayso.group()
def config() -> None:
    """Read and change settings; a running Sayso takes a change at once."""


@config.command("get")
@click.argument("key")
def config_get(key: str) -> None:
    """Print one setting."""
    click.echo(_format_value(s.get(_settings(), key)))


@config.command("set")
@click.argument("key")
@click.argument("value")
def config_set(key: str, value: str) -> None:
    """Change one setting."""
    settings = s.put(_settings(), key, s.parse(key, value))
    if key.startswith("endpoint."):
        from ..core.settings.urls import websocket_url

        websocket_url(settings.endpoint.url, settings.endpoint.allow_insecure)
    if key == "endpoint.secrets_url" and value:
        from ..stt.server.ephemeral_keys import key_server_url

        key_server_url(settings.endpoint)
    if key == "on_device.model":
        from ..stt.ondevice.models.catalog import by_name

        settings = s.put(settings, key, by_name(value).name)
    settings_file.save(paths.settings_file(), settings)
    instance.request("reload")


@config.command("list")
def config_list() -> None:
    """Print all settings."""
    settings = _settings()
    for key in s.KEYS:
        click.echo(f"{key} = {_format_value(s.get(settings, key))}")


@config.command("path")
def config_path() -> None:
    """Print where the settings file is."""
    click.echo(paths.settings_file())


@sayso.group()
def key() -> None:
    """The API key of the endpoint, in the system's keyring."""


@key.command("set")
@click.option("--host", help="Of this server instead of the chosen endpoint's.")
@click.option("--gateway", is_flag=True, help="Cloudflare's token, beside the provider's key.")
@click.option("--for-this-run", is_flag=True, help="In the running Sayso's memory only.")
def key_set(host: str | None, gateway: bool, for_this_run: bool) -> int:
    """Keep a key: typed without being shown, or piped in."""
    from ..storage.keyring import ApiKeyStore, normalize_key

    host = _api_key_name(host, gateway)
    if sys.stdin.isatty():
        secret = click.prompt(f"Key for {host}", hide_input=True, err=True)
    else:
        secret = sys.stdin.readline()
    if for_this_run:
        if instance.request(f"keep-key {host} {normalize_key(secret)}") is None:
            return remote.report_not_running()
        click.echo(f"The key for {host} is kept until Sayso ends.")
        return 0
    try:
        ApiKeyStore().store(host, secret)
    except ProblemError as error:
        problem = error.problem
        remedy = f"{problem.remedy} For this run only: sayso key set --for-this-run."
        raise ProblemError(replaced(problem, remedy=remedy)) from error
    instance.request("reload")
    click.echo(f"The key for {host} is in the system's keyring.")
    return 0


@key.command("forget")
@click.option("--host", help="Of this server instead of the chosen endpoint's.")
@click.option("--gateway", is_flag=True, help="Cloudflare's token, beside the provider's key.")
def key_forget(host: str | None, gateway: bool) -> None:
    """Remove the key from the keyring."""
    from ..storage.keyring import ApiKeyStore

    host = _api_key_name(host, gateway)
    ApiKeyStore().delete(host)
    instance.request("reload")
    click.echo(f"There is no key for {host} in the system's keyring now.")


@key.command("status")
@click.option("--host", help="Of this server instead of the chosen endpoint's.")
@click.option("--gateway", is_flag=True, help="Cloudflare's token, beside the provider's key.")
def key_status(host: str | None, gateway: bool) -> None:
    """Say where the key is; never the key."""
    from ..storage.keyring import ApiKeyStore

    host = _api_key_name(host, gateway)
    where = {
        "keyring": "in the system's keyring",
        "environment": "in the environment variable OPENAI_API_KEY",
        "run": "in memory, for this run",
    }.get(ApiKeyStore().location(host))
    click.echo(f"The key for {host} is {where}." if where else f"There is no key for {host}.")


sayso.add_command(models)
sayso.add_command(history)
sayso.add_command(endpoints)
sayso.add_command(usage)


@sayso.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(as_json: bool) -> int:
    """Look at everything Sayso needs, and say what to do about what is missing."""
    from .doctor import format_report, run_checks

    findings = run_checks(_settings())
    if as_json:
        click.echo(json.dumps(findings, ensure_ascii=False, indent=2))
    else:
        click.echo(format_report(findings))
    return 0


def _settings() -> Settings:
    """The settings as the file has them; what is wrong in it is said, and goes on."""
    settings, problems = settings_file.load(paths.settings_file())
    for problem in problems:
        click.echo(problem.sentence, err=True)
    return settings


def _api_key_name(host: str | None, gateway: bool) -> str:
    """What names the key in the keyring."""
    from ..stt.server.auth import gateway_of

    host = host or _endpoint_host()
    return gateway_of(host) if gateway else host


def _endpoint_host() -> str:
    from ..core.settings.urls import host_of, websocket_url

    settings = _settings()
    url = settings.endpoint.url
    if not url:
        raise ProblemError(
            untyped_problem(
                "There is no server address.", "Set it with: sayso config set endpoint.url URL"
            )
        )
    return host_of(websocket_url(url, settings.endpoint.allow_insecure))


def _format_value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
