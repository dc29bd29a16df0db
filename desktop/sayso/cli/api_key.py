"""`sayso key`: API keys and secret header values in the system's keyring."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from ..core.problems import ProblemError
from ..core.problems.settings import ADDRESS_MISSING
from ..storage import instance
from . import EXIT_BAD_INPUT, remote
from .common import load_settings, print_problem

LOCATIONS = {
    "keyring": "in the system's keyring",
    "environment": "in the environment variable OPENAI_API_KEY",
    "run": "in memory until Sayso ends",
}


def describe_location(host: str, location: str) -> str:
    if place := LOCATIONS.get(location):
        return f"The API key for {host} is {place}."
    return f"There is no API key for {host}."


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    header = click.option("--header", help="Use the value of this secret header instead.")
    host = click.option("--host", help="The server, instead of the selected endpoint's.")
    return host(header(command))


@click.group()
def key() -> None:
    """Store, delete and locate the API key of an endpoint."""


@key.command("set")
@server_options
@click.option("--for-this-run", is_flag=True, help="Keep it in the running Sayso's memory only.")
def key_set(host: str | None, header: str | None, for_this_run: bool) -> int:
    """Store an API key, which is typed without being shown, or piped in."""
    from ..storage.keyring import ApiKeyStore, normalize_key

    name = _keyring_name(host, header)
    if sys.stdin.isatty():
        secret = click.prompt(f"API key for {name}", hide_input=True, err=True)
    else:
        secret = sys.stdin.readline()
    if for_this_run:
        if instance.request(f"keep-key {name} {normalize_key(secret)}") is None:
            return remote.report_not_running()
        click.echo(f"The API key for {name} is kept until Sayso ends.")
        return 0
    try:
        ApiKeyStore().store(name, secret)
    except ProblemError as error:
        print_problem(error.problem)
        remote.print_error("To keep it until Sayso ends: sayso key set --for-this-run")
        return EXIT_BAD_INPUT
    instance.request("reload")
    click.echo(describe_location(name, "keyring"))
    return 0


@key.command("forget")
@server_options
def key_forget(host: str | None, header: str | None) -> None:
    """Delete the API key from the keyring."""
    from ..storage.keyring import ApiKeyStore

    name = _keyring_name(host, header)
    ApiKeyStore().delete(name)
    instance.request("reload")
    click.echo(f"The keyring has no API key for {name} any more.")


@key.command("status")
@server_options
def key_status(host: str | None, header: str | None) -> None:
    """Say where the API key is stored; the key itself is never printed."""
    from ..storage.keyring import ApiKeyStore

    name = _keyring_name(host, header)
    click.echo(describe_location(name, ApiKeyStore().location(name)))


def _keyring_name(host: str | None, header: str | None) -> str:
    from ..core.settings.urls import host_of, websocket_url
    from ..stt.server.auth import secret_header_id

    if not host:
        endpoint = load_settings().endpoint
        if not endpoint.url:
            raise ProblemError(ADDRESS_MISSING())
        host = host_of(websocket_url(endpoint.url, endpoint.allow_insecure))
    return secret_header_id(host, header) if header else host
