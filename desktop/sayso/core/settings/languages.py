"""Languages of the speech models, with their names in the language itself."""

from __future__ import annotations

from collections.abc import Mapping

from ..resources import load_toml

DETECT_LANGUAGE = "Detect automatically"
LANGUAGES: Mapping[str, str] = load_toml("languages.toml")
"""Names by ISO 639-1 code, as Whisper and OpenAI's models use it."""


def language_name(code: str) -> str:
    return LANGUAGES.get(code, code) if code else DETECT_LANGUAGE


def language_choices(current: str = "") -> list[tuple[str, str]]:
    """Return codes and names for a list: detection first, then by name; `current` is included."""
    listed = sorted(LANGUAGES.items(), key=lambda item: item[1].casefold())
    unlisted = [(current, current)] if current and current not in LANGUAGES else []
    return [("", DETECT_LANGUAGE), *unlisted, *listed]
