"""Checks `docs/settings.md`. Run this file as a script to write it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sayso.core.settings.settings import DESCRIPTIONS, Settings, get

PAGE = Path(__file__).parents[4] / "docs" / "settings.md"
HEAD = """# Settings

Settings are changed in the settings window, or with `sayso config set KEY VALUE`. The file
`~/.config/sayso/settings.json` contains them. API keys are not settings; they are in the
keyring. The keys `endpoint.*` belong to the selected server.

| Key | Meaning | Values | Default |
|---|---|---|---|
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
    return HEAD + "".join(rows)


def test_the_page_describes_every_setting() -> None:
    assert PAGE.read_text("utf-8") == page(), f"Run: python {Path(__file__).name}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
