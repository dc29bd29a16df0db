"""Optional fields of a transcription request: language, vocabulary and context. Pure."""

from __future__ import annotations

from typing import Any

from ...core.settings import server_models
from ...core.settings.endpoint import Endpoint
from ...core.settings.validators import parse_keywords

NOISE_FIELD = "noise_reduction"
CHINESE_VARIANTS = frozenset({"zh-cn", "zh-tw", "zh-hk"})


def request_options(endpoint: Endpoint, language: str, model: str) -> dict[str, Any]:
    """Return the fields of `transcription`, and `NOISE_FIELD`, that `model` supports.

    `language` is a language code for servers, '' to detect the language.
    """
    fields: dict[str, Any] = {
        "language": language,
        "languages": [language] if language else [],
        "prompt": endpoint.prompt.strip(),
        "keywords": list(parse_keywords(endpoint.keywords)),
        "delay": endpoint.delay,
        "noise": {"type": endpoint.noise} if endpoint.noise else None,
    }
    supported = server_models.by_name(model).options
    options: dict[str, Any] = {
        name: value for name, value in fields.items() if value and name in supported
    }
    if "noise" in options:
        options[NOISE_FIELD] = options.pop("noise")
    return options


def language_code(language: str) -> str:
    """Return the language setting as servers accept it: a region only for Chinese."""
    code = language.lower()
    return code if code in CHINESE_VARIANTS else code.partition("-")[0]
