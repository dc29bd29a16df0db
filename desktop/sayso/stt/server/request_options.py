"""What a server is told about a take before it hears it: only what its model takes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ...core.settings import server_models as models
from ...core.settings.settings import Endpoint
from ...core.settings.validators import parse_keywords

NOISE_FIELD = "noise_reduction"


@attrs.frozen
class RequestOptions:
    """Empty where nothing is said about it."""

    language: str = ""
    """ISO 639-1, or '' to detect it."""
    prompt: str = ""
    keywords: tuple[str, ...] = ()
    delay: str = ""
    noise: str = ""

    @classmethod
    def from_endpoint(cls, endpoint: Endpoint, language: str) -> RequestOptions:
        """From settings, which have been checked: so this raises nothing."""
        return cls(
            language,
            endpoint.prompt.strip(),
            parse_keywords(endpoint.keywords),
            endpoint.delay,
            endpoint.noise,
        )

    def transcription_fields(self, model: str) -> dict[str, Any]:
        """The optional fields of `transcription` for that model."""
        takes = models.by_name(model).options
        said: Mapping[models.Option, Any] = {
            "language": self.language,
            "languages": [self.language] if self.language else [],
            "prompt": self.prompt,
            "keywords": list(self.keywords),
            "delay": self.delay,
        }
        return {name: value for name, value in said.items() if value and name in takes}

    def noise_reduction_field(self, model: str) -> dict[str, str] | None:
        takes = models.by_name(model).options
        return {"type": self.noise} if self.noise and "noise" in takes else None
