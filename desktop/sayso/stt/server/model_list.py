"""The models a server says it has: `GET /v1/models`.

Nearly all have the list; what is in it of other trades comes last, or not at all at OpenAI.
"""

from __future__ import annotations

import asyncio
import re

from ...core.problems import Problem, ProblemError
from ...core.settings.settings import Endpoint
from . import models
from .api_key import KeyOf
from .auth import access_for
from .http import Web
from .urls import OPENAI, host_of, web_url

WITHIN_S = 8.0
MOST = 200
MOST_CHARS = 200
_HEARS = re.compile(
    r"whisper|transcri|voxtral|speech|stt|asr|parakeet|canary|nova|scribe|moonshine", re.I
)
NO_LIST = Problem("The server gives no list of its models.", "Enter the model’s name.")


async def offered(endpoint: Endpoint, key_of: KeyOf) -> tuple[str, ...]:
    """Names of models, those that hear first.

    Raises:
        ProblemError: The address is none, no key, no answer, or one that is no list.
    """
    url = web_url(endpoint.url, "/models", endpoint.allow_insecure)
    host = host_of(url)
    access = await access_for(endpoint, host, key_of)
    web = Web(host)
    try:
        answer = await web.ask("GET", url, access.headers, WITHIN_S)
    finally:
        await web.close()
    said = answer.object() if answer.ok else None
    rows = said.get("data") if said else None
    if not isinstance(rows, list):
        raise ProblemError(NO_LIST)
    return of_use(host, [row.get("id") for row in rows if isinstance(row, dict)])


def asked(endpoint: Endpoint, key_of: KeyOf) -> tuple[str, ...]:
    """`offered` on a loop of its own, for whoever has none. Blocks.

    Raises:
        ProblemError: As `offered`.
    """
    return asyncio.run(offered(endpoint, key_of))


def of_use(host: str, names: list[object]) -> tuple[str, ...]:
    """Those of the names that can be a model to speak to: each once, in the server's order."""
    real = dict.fromkeys(
        name for name in names if isinstance(name, str) and 0 < len(name) <= MOST_CHARS
    )
    clean = [name for name in real if name.isprintable()]
    if host == OPENAI:
        return tuple(name for name in clean if models.named(name).realtime and _known(name))
    hearing = [name for name in clean if _HEARS.search(name)]
    others = [name for name in clean if name not in hearing]
    return tuple([*hearing, *others][:MOST])


def _known(name: str) -> bool:
    """A new one that is not in our table yet is offered too, going by its name."""
    return models.named(name).known or "transcribe" in name or "realtime-whisper" in name
