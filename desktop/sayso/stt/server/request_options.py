"""Optional fields of a transcription request: language, vocabulary and context. Pure."""

from __future__ import annotations

from typing import Any

import attrs

from ...core.settings import server_models
from ...core.settings.endpoint import Endpoint
from ...core.settings.validators import parse_keywords

NOISE_FIELD = "noise_reduction"
CHINESE_VARIANTS = frozenset({"zh-cn", "zh-tw", "zh-hk"})


@attrs.frozen
class RequestOptions:
    """An empty value means that the field is not sent."""

    language: str = ""
    prompt: str = ""
    keywords: tuple[str, ...] = ()
    delay: str = ""
    noise: str = ""

    @classmethod
    def from_endpoint(cls, endpoint: Endpoint, language: str) -> RequestOptions:
        """Return the options of an endpoint; `language` is a language code for servers."""
        keywords = parse_keywords(endpoint.keywords)
        return cls(language, endpoint.prompt.strip(), keywords, endpoint.delay, endpoint.noise)

    def transcription_fields(self, model: str) -> dict[str, Any]:
        """Return the fields of `transcription` that the model supports."""
        supported = server_models.by_name(model).options
        fields: dict[server_models.Option, Any] = {
            "language": self.language,
            "languages": [self.language] if self.language else [],
            "prompt": self.prompt,
            "keywords": list(self.keywords),
            "delay": self.delay,
        }
        return {name: value for name, value in fields.items() if value and name in supported}

    def noise_reduction_field(self, model: str) -> dict[str, str] | None:
        supported = "noise" in server_models.by_name(model).options
        return {"type": self.noise} if self.noise and supported else None


def language_code(language: str) -> str:
    """Return the language setting as servers accept it: a region only for Chinese."""
    code = language.lower()
    return code if code in CHINESE_VARIANTS else code.partition("-")[0]
