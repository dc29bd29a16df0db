"""Asks for the key of a server, which the keyring may take its time with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...core.problems import ProblemError, untyped_problem
from ...core.settings.urls import requires_api_key
from .errors import messages

KEYRING_TIMEOUT_S = 60.0
"""The keyring may ask somebody for its password."""
KEYRING_LOCKED = untyped_problem(
    "The keyring is locked.", "Unlock it, or enter the key again.", "recognition"
)

GetApiKey = Callable[[str], str | None]
"""From 'host' or 'host:port' to the key, or None; may block; may raise `ProblemError`."""


async def api_key_for(host: str, get_api_key: GetApiKey) -> str | None:
    """The key of that host and of no other; None where there is none and none is needed.

    Raises:
        ProblemError: There is none, or the keyring stays locked.
    """
    try:
        async with asyncio.timeout(KEYRING_TIMEOUT_S):
            key = await asyncio.to_thread(get_api_key, host)
    except TimeoutError:
        raise ProblemError(KEYRING_LOCKED) from None
    if not key and requires_api_key(host):
        raise ProblemError(messages.api_key_missing(host))
    return key
