"""Checks `docs/settings.md`. Run this file as a script to write it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sayso.core.settings.capabilities import ALWAYS, capabilities
from sayso.core.settings.settings import DESCRIPTIONS, Settings, get
from sayso.stt.server.presets import PRESETS

PAGE = Path(__file__).parents[4] / "docs" / "settings.md"
HEAD = """# Settings

Settings are changed in the settings window, or with `sayso config set KEY VALUE`. The file
`~/.config/sayso/settings.json` contains them. API keys are not settings; they are in the
keyring. The keys `endpoint.*` belong to the selected server.

| Key | Meaning | Values | Default |
|---|---|---|---|
"""
SERVERS = """
## Settings that a server supports

The settings `endpoint.*` in this table, and `language`, have an effect only on some servers; all
other settings of an endpoint always have an effect. The table is for the model of the preset;
other models may have other options (`keywords`, `prompt`, `delay`, `noise`), and models that Sayso
does not know have none. `sayso endpoints list --json` shows the settings of each endpoint as
`supports`.

| Server | Settings |
|---|---|
"""


def default_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def page() -> str:
    settings = Settings()
    rows = []
    for key, description in DESCRIPTIONS.items():
        default = default_text(get(settings, key))
        meaning = f"**{description.plain_title}**. {description.help}".rstrip()
        shown = f"`{default}`" if default else "(empty)"
        rows.append(f"| `{key}` | {meaning} | {description.allowed} | {shown} |\n")
    servers = []
    for preset in PRESETS:
        url, model = preset.example_url, preset.example_model
        available = capabilities(preset.create_endpoint(preset.endpoint.url or url, model))
        names = ", ".join(f"`{name}`" for name in sorted(available.settings - ALWAYS))
        servers.append(f"| {preset.title} | {names} |\n")
    return HEAD + "".join(rows) + SERVERS + "".join(servers)


def test_the_page_describes_every_setting_and_server() -> None:
    assert PAGE.read_text("utf-8") == page(), f"Run: python {Path(__file__).name}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
