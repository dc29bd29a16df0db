"""API keys: in the system's keyring, one to each server, and in no file of ours.

A key is named by the server's 'host' or 'host:port', a gateway's own token by that and the header
it goes in. Where there is no keyring, a key can be kept for this run, in memory. Backends that
write keys where all can read them count as none.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, Protocol

import attrs

from ..core.problems import ProblemError, untyped_problem

SERVICE_NAME = "sayso"
ENVIRONMENT_VARIABLES = {"api.openai.com": "OPENAI_API_KEY"}
UNSAFE_BACKENDS = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
"""No keyring, one that forgets, and files in the clear."""

KeyLocation = Literal["keyring", "run", "environment", ""]

NO_KEYRING = untyped_problem(
    "There is no keyring to keep the key in.",
    "Keep it for this run only, or install gnome-keyring or KWallet and log in again.",
    "recognition",
)
KEYRING_LOCKED = untyped_problem(
    "The keyring is locked.", "Unlock it, or enter the key again.", "recognition"
)
INVALID_API_KEY = untyped_problem(
    "The key has spaces or letters in it that no key has.", "Copy it again.", "recognition"
)
EMPTY_API_KEY = untyped_problem(
    "There is no key in the field.", "Enter it, or remove the old one.", "recognition"
)


class KeyringBackend(Protocol):
    """The part of a keyring backend that is used here."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


def system_keyring() -> KeyringBackend | None:
    """The keyring of this system, None if there is no safe one. Takes 0.2 s the first time."""
    import keyring
    import keyring.backends.chainer

    chosen = keyring.get_keyring()
    rings = (
        chosen.backends if isinstance(chosen, keyring.backends.chainer.ChainerBackend) else [chosen]
    )
    fit = (ring for ring in rings if not type(ring).__module__.startswith(UNSAFE_BACKENDS))
    return next(fit, None)


@attrs.define(eq=False)
class ApiKeyStore:
    """Blocks while the keyring asks for its password: not for the main thread.

    A key kept for this run goes before the keyring's, because it was entered later; the
    environment comes last, and only for OpenAI. No key is in any message or repr.
    """

    environment: Mapping[str, str] = attrs.field(factory=lambda: os.environ, repr=False)
    keyring: Callable[[], KeyringBackend | None] = attrs.field(default=system_keyring, repr=False)
    _in_memory: dict[str, str] = attrs.field(factory=dict, init=False, repr=False)

    def get(self, host: str) -> str | None:
        """The key, or None if there is none anywhere.

        Raises:
            ProblemError: The keyring is locked or out of order, or the key is none.
        """
        return self._find(host)[0]

    def location(self, host: str) -> KeyLocation:
        """Where the key is, '' if nowhere.

        Raises:
            ProblemError: As `get`.
        """
        return self._find(host)[1]

    def store(self, host: str, key: str) -> None:
        """Keep the key in the keyring.

        Raises:
            ProblemError: Not a key, no keyring, or a locked one; nothing is kept then.
        """
        key = normalize_key(key)
        with _translated_errors():
            ring = self.keyring()
            if ring is None:
                raise ProblemError(NO_KEYRING)
            ring.set_password(SERVICE_NAME, host, key)
        self._in_memory.pop(host, None)

    def keep_in_memory(self, host: str, key: str) -> None:
        """Keep the key in memory.

        Raises:
            ProblemError: Not a key.
        """
        self._in_memory[host] = normalize_key(key)

    def delete(self, host: str) -> None:
        """Remove the key from memory and keyring; the environment is not ours.

        Raises:
            ProblemError: The keyring is locked or out of order.
        """
        self._in_memory.pop(host, None)
        with _translated_errors():
            ring = self.keyring()
            if ring is not None and ring.get_password(SERVICE_NAME, host) is not None:
                ring.delete_password(SERVICE_NAME, host)

    def _find(self, host: str) -> tuple[str | None, KeyLocation]:
        if host in self._in_memory:
            return self._in_memory[host], "run"
        with _translated_errors():
            ring = self.keyring()
            kept = ring.get_password(SERVICE_NAME, host) if ring is not None else None
        if kept:
            return normalize_key(kept), "keyring"
        variable = ENVIRONMENT_VARIABLES.get(host)
        given = self.environment.get(variable, "").strip() if variable else ""
        return (normalize_key(given), "environment") if given else (None, "")


def normalize_key(key: str) -> str:
    """The key without what copying adds around it.

    Raises:
        ProblemError: Nothing is left, or something that is no key.
    """
    key = key.strip()
    if not key:
        raise ProblemError(EMPTY_API_KEY)
    if not re.fullmatch(r"[!-~]+", key):
        raise ProblemError(INVALID_API_KEY)
    return key


@contextmanager
def _translated_errors() -> Iterator[None]:
    """What a keyring raises, as a sentence; the library's own words may hold anything."""
    import keyring.errors as errors

    try:
        yield
    except errors.NoKeyringError:
        raise ProblemError(NO_KEYRING) from None
    except (errors.KeyringLocked, errors.InitError):
        raise ProblemError(KEYRING_LOCKED) from None
    except _backend_errors() as error:
        name = type(error).__name__
        if "Locked" in name or "Dismissed" in name:
            raise ProblemError(KEYRING_LOCKED) from None
        raise ProblemError(
            untyped_problem(
                "The keyring does not answer.", "Unlock it, or log in again.", "recognition", name
            )
        ) from None


def _backend_errors() -> tuple[type[Exception], ...]:
    """Whatever else a backend raises; the Linux one lets its library's errors through."""
    import keyring.errors as errors

    found: list[type[Exception]] = [errors.KeyringError, OSError, RuntimeError]
    for module, name in (
        ("secretstorage.exceptions", "SecretStorageException"),
        ("jeepney.wrappers", "DBusErrorResponse"),
    ):
        try:
            found.append(getattr(importlib.import_module(module), name))
        except ImportError:  # another system
            continue
    return tuple(found)
