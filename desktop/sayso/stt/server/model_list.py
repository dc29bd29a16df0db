"""List of the models that a server offers: `GET /v1/models`.

Most servers have this endpoint. Models that do not transcribe are listed last; for OpenAI they
are left out.
"""

from __future__ import annotations

import re

from ...core.problems import ProblemError
from ...core.problems import server as problems
from ...core.settings import server_models
from ...core.settings.endpoint import Endpoint
from ...core.settings.urls import OPENAI_HOST, host_of, http_url
from .auth import GetApiKey, credentials_for
from .http import HttpClient

TIMEOUT_S = 8.0
MAX_MODELS = 200
MAX_NAME_CHARS = 200
_TRANSCRIPTION_NAMES = re.compile(
    r"whisper|transcri|voxtral|speech|stt|asr|parakeet|canary|nova|scribe|moonshine", re.I
)


async def fetch_models(endpoint: Endpoint, get_api_key: GetApiKey) -> tuple[str, ...]:
    """Return the names of the server's models, those that transcribe first.

    Raises:
        ProblemError: Invalid address, no API key, no response, or no list.
    """
    url = http_url(endpoint.url, "/models", endpoint.allow_insecure)
    host = host_of(url)
    credentials = await credentials_for(endpoint, host, get_api_key)
    http = HttpClient()
    try:
        response = await http.request("GET", url, credentials.headers, TIMEOUT_S)
    finally:
        await http.close()
    fields = response.json_object() if response.ok else None
    rows = fields.get("data") if fields else None
    if not isinstance(rows, list):
        raise ProblemError(problems.NO_MODEL_LIST())
    return usable_models(host, [row.get("id") for row in rows if isinstance(row, dict)])


def usable_models(host: str, names: list[object]) -> tuple[str, ...]:
    """Return the names that can be displayed, without duplicates."""
    strings = [name for name in names if isinstance(name, str) and 0 < len(name) <= MAX_NAME_CHARS]
    unique = [name for name in dict.fromkeys(strings) if name.isprintable()]
    if host == OPENAI_HOST:
        return tuple(name for name in unique if _is_transcription_model(name))
    first = [name for name in unique if _TRANSCRIPTION_NAMES.search(name)]
    others = [name for name in unique if name not in first]
    return tuple([*first, *others][:MAX_MODELS])


def _is_transcription_model(name: str) -> bool:
    model = server_models.by_name(name)
    if model.known:
        return model.realtime
    return "transcribe" in name or "realtime-whisper" in name
