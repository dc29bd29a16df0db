"""`sayso config`: read and change settings."""

from __future__ import annotations

from typing import Any

import click

from ..core.settings import settings as s
from ..core.settings.settings import DESCRIPTIONS, Settings
from ..storage import paths
from .common import load_settings, save_settings


@click.group()
def config() -> None:
    """Read and change settings; a running Sayso uses a change at once."""


@config.command("get")
@click.argument("key")
def config_get(key: str) -> None:
    """Print one setting."""
    click.echo(_format_value(s.get(load_settings(), key)))


@config.command("set")
@click.argument("key")
@click.argument("value")
def config_set(key: str, value: str) -> None:
    """Change one setting."""
    settings = s.put(load_settings(), key, s.parse(key, value))
    if key.startswith("endpoint."):
        from ..core.settings.urls import websocket_url

        websocket_url(settings.endpoint.url, settings.endpoint.allow_insecure)
    if key == "endpoint.secrets_url" and value:
        from ..stt.server.ephemeral_keys import key_server_url

        key_server_url(settings.endpoint)
    if key == "on_device.model":
        from ..stt.ondevice.models.catalog import by_name

        settings = s.put(settings, key, by_name(value).name)
    save_settings(settings)


@config.command("list")
def config_list() -> None:
    """Print all settings."""
    settings = load_settings()
    for key in DESCRIPTIONS:
        click.echo(f"{key} = {_format_value(s.get(settings, key))}")


@config.command("describe")
@click.argument("key", required=False)
def config_describe(key: str | None) -> None:
    """Explain one setting or all of them, with allowed values and defaults."""
    keys = [key] if key else list(DESCRIPTIONS)
    click.echo("\n\n".join(_describe(one) for one in keys))


@config.command("path")
def config_path() -> None:
    """Print the path of the settings file."""
    click.echo(paths.settings_file())


def _describe(key: str) -> str:
    description = s.describe(key)
    lines = [key, f"  {description.plain_title}. {description.help}".rstrip()]
    lines += [f"  {value}: {label}" for value, label in description.choices.items()]
    if not description.choices:
        lines.append(f"  Use {description.allowed}.")
    lines.append(f"  Default: {_format_value(s.get(Settings(), key)) or 'empty'}")
    return "\n".join(lines)


def _format_value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
