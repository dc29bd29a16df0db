"""The models a server says it has: `GET /v1/models`.

Nearly all have the list; what is in it of other trades comes last, or not at all at OpenAI.
"""

from __future__ import annotations

import asyncio
import re

from ...core.problems import ProblemError, untyped_problem
from ...core.settings import server_models as models
from ...core.settings.settings import Endpoint
from ...core.settings.urls import OPENAI_HOST, host_of, http_url
from .api_key import GetApiKey
from .auth import credentials_for
from .http import HttpClient

TIMEOUT_S = 8.0
MAX_MODELS = 200
MAX_NAME_CHARS = 200
_TRANSCRIPTION_NAMES = re.compile(
    r"whisper|transcri|voxtral|speech|stt|asr|parakeet|canary|nova|scribe|moonshine", re.I
)
NO_LIST = untyped_problem("The server gives no list of its models.", "Enter the model’s name.")


async def fetch_models(endpoint: Endpoint, get_api_key: GetApiKey) -> tuple[str, ...]:
    """Names of models, those that hear first.

    Raises:
        ProblemError: The address is none, no key, no answer, or one that is no list.
    """
    url = http_url(endpoint.url, "/models", endpoint.allow_insecure)
    host = host_of(url)
    access = await credentials_for(endpoint, host, get_api_key)
    web = HttpClient(host)
    try:
        answer = await web.request("GET", url, access.headers, TIMEOUT_S)
    finally:
        await web.close()
    said = answer.json_object() if answer.ok else None
    rows = said.get("data") if said else None
    if not isinstance(rows, list):
        raise ProblemError(NO_LIST)
    return usable_models(host, [row.get("id") for row in rows if isinstance(row, dict)])


def fetch_models_blocking(endpoint: Endpoint, get_api_key: GetApiKey) -> tuple[str, ...]:
    """`offered` on a loop of its own, for whoever has none. Blocks.

    Raises:
        ProblemError: As `offered`.
    """
    return asyncio.run(fetch_models(endpoint, get_api_key))


def usable_models(host: str, names: list[object]) -> tuple[str, ...]:
    """Those of the names that can be a model to speak to: each once, in the server's order."""
    real = dict.fromkeys(
        name for name in names if isinstance(name, str) and 0 < len(name) <= MAX_NAME_CHARS
    )
    clean = [name for name in real if name.isprintable()]
    if host == OPENAI_HOST:
        return tuple(
            name
            for name in clean
            if models.by_name(name).realtime and _is_transcription_model(name)
        )
    hearing = [name for name in clean if _TRANSCRIPTION_NAMES.search(name)]
    others = [name for name in clean if name not in hearing]
    return tuple([*hearing, *others][:MAX_MODELS])


def _is_transcription_model(name: str) -> bool:
    """A new one that is not in our table yet is offered too, going by its name."""
    return models.by_name(name).known or "transcribe" in name or "realtime-whisper" in name
