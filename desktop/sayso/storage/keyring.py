"""API keys in the system's keyring.

An API key is stored under the server's `host` or `host:port`; the value of an endpoint's secret
header under that and the name of the header (`host/header`). If there is no keyring, an API key
can be kept in memory until Sayso ends. Keyring backends that store secrets in plain text are not
used. No message, log line or repr contains an API key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, Protocol

import attrs

from ..core.problems import ProblemError
from ..core.problems import storage as problems

SERVICE_NAME = "sayso"
ENVIRONMENT_VARIABLES = {"api.openai.com": "OPENAI_API_KEY"}
UNSAFE_BACKENDS = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
"""Backends that fail, discard the password, or store it in plain text."""

KeyLocation = Literal["keyring", "run", "environment", ""]


class KeyringBackend(Protocol):
    """The methods of a keyring backend that Sayso uses."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


def system_keyring() -> KeyringBackend | None:
    """Return the system's keyring, or None if there is no safe one. The first call takes 0.2 s."""
    import keyring
    import keyring.backends.chainer

    selected = keyring.get_keyring()
    backends = [selected]
    if isinstance(selected, keyring.backends.chainer.ChainerBackend):
        backends = selected.backends
    safe = (one for one in backends if not type(one).__module__.startswith(UNSAFE_BACKENDS))
    return next(safe, None)


@attrs.define(eq=False)
class ApiKeyStore:
    """Stores and finds API keys.

    A key in memory takes precedence over the keyring, because it was entered later. The
    environment variable comes last, and is used for OpenAI only. Methods block while the keyring
    asks for its password, so they are not called in the main thread.
    """

    environment: Mapping[str, str] = attrs.field(factory=lambda: os.environ, repr=False)
    keyring: Callable[[], KeyringBackend | None] = attrs.field(default=system_keyring, repr=False)
    _in_memory: dict[str, str] = attrs.field(factory=dict, init=False, repr=False)

    def get(self, host: str) -> str | None:
        """Return the API key, or None. Raises ProblemError if the keyring is locked."""
        return self._find(host)[0]

    def location(self, host: str) -> KeyLocation:
        """Return where the API key is stored, '' if nowhere. Raises ProblemError as `get`."""
        return self._find(host)[1]

    def store(self, host: str, key: str) -> None:
        """Store the API key in the keyring.

        Raises:
            ProblemError: The key is invalid, or there is no keyring, or it is locked.
        """
        key = normalize_key(key)
        with _translated_errors():
            backend = self.keyring()
            if backend is None:
                raise ProblemError(problems.KEYRING_MISSING())
            backend.set_password(SERVICE_NAME, host, key)
        self._in_memory.pop(host, None)

    def keep_in_memory(self, host: str, key: str) -> None:
        """Keep the API key until Sayso ends. Raises ProblemError if it is invalid."""
        self._in_memory[host] = normalize_key(key)

    def delete(self, host: str) -> None:
        """Delete the API key from memory and keyring. Raises ProblemError as `get`."""
        self._in_memory.pop(host, None)
        with _translated_errors():
            backend = self.keyring()
            if backend is not None and backend.get_password(SERVICE_NAME, host) is not None:
                backend.delete_password(SERVICE_NAME, host)

    def _find(self, host: str) -> tuple[str | None, KeyLocation]:
        if host in self._in_memory:
            return self._in_memory[host], "run"
        with _translated_errors():
            backend = self.keyring()
            stored = backend.get_password(SERVICE_NAME, host) if backend is not None else None
        if stored:
            return normalize_key(stored), "keyring"
        variable = ENVIRONMENT_VARIABLES.get(host)
        value = self.environment.get(variable, "").strip() if variable else ""
        return (normalize_key(value), "environment") if value else (None, "")


def normalize_key(key: str) -> str:
    """Strip whitespace. Raises ProblemError if the rest cannot be an API key."""
    key = key.strip()
    if not key:
        raise ProblemError(problems.API_KEY_EMPTY())
    if not re.fullmatch(r"[!-~]+", key):
        raise ProblemError(problems.API_KEY_INVALID())
    return key


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Translate errors of the keyring without message and cause, which can contain the key."""
    import keyring.errors as errors

    try:
        yield
    except errors.NoKeyringError:
        raise ProblemError(problems.KEYRING_MISSING()) from None
    except (errors.KeyringLocked, errors.InitError):
        raise ProblemError(problems.KEYRING_LOCKED()) from None
    except ProblemError:
        raise
    except Exception as error:  # noqa: BLE001  backends raise errors of their own libraries
        name = type(error).__name__
        if "Locked" in name or "Dismissed" in name:
            raise ProblemError(problems.KEYRING_LOCKED()) from None
        raise ProblemError(problems.KEYRING_UNAVAILABLE(detail=name)) from None
