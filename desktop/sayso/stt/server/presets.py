"""Presets for known kinds of servers, from `resources/presets.toml`."""

from __future__ import annotations

import difflib

import attrs

from ...core.problems import ProblemError
from ...core.problems import server as problems
from ...core.resources import load_toml
from ...core.settings.endpoint import Endpoint


@attrs.frozen(kw_only=True)
class Preset:
    name: str
    endpoint: Endpoint
    description: str
    example_url: str = ""
    example_model: str = ""

    @property
    def title(self) -> str:
        return self.endpoint.name

    def create_endpoint(self, url: str = "", model: str = "") -> Endpoint:
        endpoint = self.endpoint
        return attrs.evolve(endpoint, url=url or endpoint.url, model=model or endpoint.model)


def _load() -> tuple[Preset, ...]:
    presets = []
    for name, row in load_toml("presets.toml").items():
        fields = row.pop("endpoint", None)
        endpoint = Endpoint() if fields is None else Endpoint(**{"url": "", "model": "", **fields})
        presets.append(Preset(name=name, endpoint=endpoint, **row))
    return tuple(presets)


PRESETS = _load()


def find_preset(name: str) -> Preset:
    """Return the preset with that name; the `ProblemError` suggests the most similar name."""
    names = [preset.name for preset in PRESETS]
    if name.lower() in names:
        return PRESETS[names.index(name.lower())]
    presets = ", ".join(names)
    for close in difflib.get_close_matches(name.lower(), names, n=1):
        raise ProblemError(
            problems.UNKNOWN_PRESET_DID_YOU_MEAN(name=name, close=close, presets=presets)
        )
    raise ProblemError(problems.UNKNOWN_PRESET(name=name, presets=presets))
