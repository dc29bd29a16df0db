"""`sayso endpoints`: the servers Sayso knows, and which of them recognises."""

from __future__ import annotations

import json
from typing import Any

import attrs
import click

from ..core.problems import ProblemError, replaced, untyped_problem
from ..core.settings.endpoint import ON_DEVICE, Endpoint
from ..core.settings.engine_choice import select_engine, with_endpoint, without_endpoint
from ..core.settings.settings import Settings
from ..storage import instance, paths, settings_file


@click.group()
def endpoints() -> None:
    """The servers Sayso knows, and which of them is used.

    What one of them is set to: sayso config set endpoint.KEY VALUE, for the one in use. Its key:
    sayso key set.
    """


@endpoints.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with everything there is.")
def list_(as_json: bool) -> None:
    """List them; * marks what is used, with "on-device" for this computer."""
    settings = _settings()
    if as_json:
        _print_json([_endpoint_as_dict(settings, one) for one in settings.endpoints])
        return
    used = settings.engine == "realtime"
    click.echo(f"{' ' if used else '*'} {ON_DEVICE}")
    for one in settings.endpoints:
        mark = "*" if used and one.name == settings.profile else " "
        click.echo(f"{mark} {one.name}: {one.model or 'no model'} at {one.url or 'no address'}")


@endpoints.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def presets(as_json: bool) -> None:
    """List the kinds of servers that can be added."""
    from ..stt.server.presets import PRESETS

    if as_json:
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
        _print_json(rows)
        return
    for one in PRESETS:
        click.echo(f"{one.name:<11} {one.title}. {one.description}")


@endpoints.command()
@click.argument("preset")
@click.option("--name", help="What to call it, instead of the preset's name.")
@click.option("--url", default="", help="Its address; needed by all but openai and groq.")
@click.option("--model", default="", help="The model to ask for.")
@click.option("--allow-insecure", is_flag=True, help="Speak to it even where nothing is encrypted.")
@click.option("--json", "as_json", is_flag=True, help="What was added, as JSON.")
def add(
    preset: str, name: str | None, url: str, model: str, allow_insecure: bool, as_json: bool
) -> None:
    """Add a server of a kind that "presets" lists. It is used after "use"."""
    from ..core.settings.urls import host_of, websocket_url
    from ..stt.server import presets as known

    kind = known.find_preset(preset)
    if not (url or kind.endpoint.url):
        raise ProblemError(
            untyped_problem(
                f"{kind.title} needs an address.", f"Give it, such as --url {kind.example_url}"
            )
        )
    made = kind.create_endpoint(url, model)
    host = host_of(made.url)
    allowed = host if allow_insecure else ""
    try:
        made = attrs.evolve(made, name=name or made.name, allow_insecure=allowed)
    except ValueError as error:
        raise ProblemError(untyped_problem(f"{name!r} cannot be a name.", str(error))) from error
    try:
        websocket_url(made.url, made.allow_insecure)
    except ProblemError as error:
        websocket_url(made.url, host)  # unless that is all that stands against it
        remedy = "Use an address that starts with https://, or say --allow-insecure."
        raise ProblemError(replaced(error.problem, remedy=remedy)) from error
    settings = _save(with_endpoint(_settings(), made))
    new = settings.endpoints[-1]
    if as_json:
        _print_json(_endpoint_as_dict(settings, new))
    else:
        click.echo(f"{new.name} is added. To use it: sayso endpoints use {new.name!r}.")


@endpoints.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="What is used now, as JSON.")
def use(name: str, as_json: bool) -> None:
    """Recognise with this server from now on, or with "on-device"."""
    settings = _save(select_engine(_settings(), name))
    if as_json:
        _print_json({"engine": settings.engine, "endpoint": settings.profile})
    elif settings.engine == "realtime":
        click.echo(f"{name} recognises from now on, and is sent the sound.")
    else:
        click.echo("This computer recognises from now on.")


@endpoints.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="What is left, as JSON.")
def remove(name: str, as_json: bool) -> None:
    """Forget a server; its key stays until "sayso key forget". One always stays."""
    before = _settings()
    settings = _save(without_endpoint(before, name))
    if as_json:
        _print_json([_endpoint_as_dict(settings, one) for one in settings.endpoints])
        return
    click.echo(f"{name} is removed.")
    if settings.engine != before.engine:
        click.echo("It was used; this computer recognises from now on.")


def _endpoint_as_dict(settings: Settings, endpoint: Endpoint) -> dict[str, Any]:
    used = settings.engine == "realtime" and endpoint.name == settings.profile
    return {**attrs.asdict(endpoint), "in_use": used}


def _settings() -> Settings:
    """As the file has them; what is wrong in it is said, and goes on."""
    settings, problems = settings_file.load(paths.settings_file())
    for problem in problems:
        click.echo(problem.sentence, err=True)
    return settings


def _save(settings: Settings) -> Settings:
    settings_file.save(paths.settings_file(), settings)
    instance.request("reload")
    return settings


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))
