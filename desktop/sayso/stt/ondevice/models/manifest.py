"""Manifests of the models: revision, and name, size and hash of each file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

import attrs

from ....core.resources import resource


@attrs.frozen
class ModelFile:
    name: str
    size_bytes: int
    sha256: str


@attrs.frozen
class Manifest:
    revision: str
    """Commit of the repository."""
    files: tuple[ModelFile, ...]


def _load() -> Mapping[str, Manifest]:
    table = tomllib.loads(resource("models.toml").read_text("utf-8"))
    return {
        repository: Manifest(row["revision"], tuple(ModelFile(**file) for file in row["files"]))
        for repository, row in table.items()
    }


MANIFESTS = _load()
"""Manifests by repository on the Hugging Face Hub."""
