"""Asks for the key of a server, which the keyring may take its time with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...core.problems import Problem, ProblemError
from .errors import messages
from .urls import needs_key

KEY_S = 60.0
"""The keyring may ask somebody for its password."""
KEYRING_LOCKED = Problem(
    "The keyring is locked.", "Unlock it, or enter the key again.", "recognition"
)

KeyOf = Callable[[str], str | None]
"""From 'host' or 'host:port' to the key, or None; may block; may raise `ProblemError`."""


async def key_for(host: str, key_of: KeyOf) -> str | None:
    """The key of that host and of no other; None where there is none and none is needed.

    Raises:
        ProblemError: There is none, or the keyring stays locked.
    """
    try:
        async with asyncio.timeout(KEY_S):
            key = await asyncio.to_thread(key_of, host)
    except TimeoutError:
        raise ProblemError(KEYRING_LOCKED) from None
    if not key and needs_key(host):
        raise ProblemError(messages.key_missing(host))
    return key
