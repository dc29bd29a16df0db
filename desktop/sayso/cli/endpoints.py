"""`sayso endpoints`: add, select and remove servers."""

from __future__ import annotations

from typing import Any

import attrs
import click

from ..core.problems import ProblemError
from ..core.problems.storage import ADDRESS_REQUIRED, ENDPOINT_INSECURE, ENDPOINT_NAME_INVALID
from ..core.settings.capabilities import capabilities
from ..core.settings.endpoint import ON_DEVICE, Endpoint
from ..core.settings.engine_choice import select_engine, with_endpoint, without_endpoint
from ..core.settings.settings import Settings
from .common import json_option, load_settings, output, save_settings

NOW_ON_DEVICE = "Dictations are now transcribed on this computer."


@click.group()
def endpoints() -> None:
    """Add, select and remove servers.

    To change the selected endpoint: sayso config set endpoint.KEY VALUE. To store its API key:
    sayso key set.
    """


@endpoints.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the endpoints; * marks the selected one or "on-device"."""
    settings = load_settings()
    lines = [f"{_mark(settings, ON_DEVICE)} {ON_DEVICE}"]
    for one in settings.endpoints:
        model, url = one.model or "no model", one.url or "no address"
        lines.append(f"{_mark(settings, one.name)} {one.name}: {model} at {url}")
    output(as_json, _as_list(settings), "\n".join(lines))


@endpoints.command()
@json_option
def presets(as_json: bool) -> None:
    """List the kinds of servers that can be added."""
    from ..stt.server.presets import PRESETS

    lines = [f"{one.name:<11} {one.title}. {one.description}" for one in PRESETS]
    rows = [
        {
            "preset": one.name,
            "name": one.title,
            "about": one.description,
            "address": one.endpoint.url or one.example_url,
            "model": one.endpoint.model or one.example_model,
        }
        for one in PRESETS
    ]
    output(as_json, rows, "\n".join(lines))


@endpoints.command()
@click.argument("preset")
@click.option("--name", help="The name of the endpoint, instead of the preset's.")
@click.option("--url", default="", help="The address; required except for openai and groq.")
@click.option("--model", default="", help="The model to use.")
@click.option("--allow-insecure", is_flag=True, help="Allow an unencrypted connection.")
@json_option
def add(
    preset: str, name: str | None, url: str, model: str, allow_insecure: bool, as_json: bool
) -> None:
    """Add an endpoint from a preset (see "presets"). Select it with "use"."""
    from ..core.settings.urls import host_of
    from ..stt.server import presets as known

    kind = known.find_preset(preset)
    if not (url or kind.endpoint.url):
        raise ProblemError(ADDRESS_REQUIRED(title=kind.title, example=kind.example_url))
    endpoint = kind.create_endpoint(url, model)
    allowed_host = host_of(endpoint.url) if allow_insecure else ""
    try:
        endpoint = attrs.evolve(endpoint, name=name or endpoint.name, allow_insecure=allowed_host)
    except ValueError as error:
        raise ProblemError(ENDPOINT_NAME_INVALID(name=name, reason=error)) from error
    _check_address(endpoint)
    settings = with_endpoint(load_settings(), endpoint)
    save_settings(settings)
    added = settings.endpoints[-1]
    text = f"{added.name} was added. Select it with: sayso endpoints use {added.name!r}"
    output(as_json, _as_dict(settings, added), text)


@endpoints.command()
@click.argument("name")
@json_option
def use(name: str, as_json: bool) -> None:
    """Select an endpoint, or "on-device"."""
    settings = select_engine(load_settings(), name)
    save_settings(settings)
    text = f"Audio is now sent to {name}, which transcribes your dictations."
    if settings.engine == ON_DEVICE:
        text = NOW_ON_DEVICE
    output(as_json, {"engine": settings.engine, "endpoint": settings.profile}, text)


@endpoints.command()
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Remove an endpoint. Its API key stays until "sayso key forget". The last one is kept."""
    before = load_settings()
    settings = without_endpoint(before, name)
    save_settings(settings)
    text = f"{name} was removed."
    if settings.engine != before.engine:
        text += f"\nIt was selected. {NOW_ON_DEVICE}"
    output(as_json, _as_list(settings), text)


def _check_address(endpoint: Endpoint) -> None:
    from ..core.settings.urls import host_of, websocket_url

    try:
        websocket_url(endpoint.url, endpoint.allow_insecure)
    except ProblemError as error:
        websocket_url(endpoint.url, host_of(endpoint.url))  # raises unless only TLS is missing
        raise ProblemError(ENDPOINT_INSECURE(problem=error.problem)) from error


def _mark(settings: Settings, name: str) -> str:
    return "*" if name == settings.selected_engine else " "


def _as_list(settings: Settings) -> list[dict[str, Any]]:
    return [_as_dict(settings, one) for one in settings.endpoints]


def _as_dict(settings: Settings, endpoint: Endpoint) -> dict[str, Any]:
    return {
        **attrs.asdict(endpoint),
        "in_use": endpoint.name == settings.selected_engine,
        "supports": sorted(capabilities(endpoint).settings),
    }
