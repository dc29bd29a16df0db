from __future__ import annotations

import keyring
import pytest
from keyring.backends import chainer, fail, null
from keyring.errors import (
    InitError,
    KeyringError,
    KeyringLocked,
    NoKeyringError,
    PasswordDeleteError,
    PasswordSetError,
)

from sayso.core.problems import ProblemError, ProblemKind
from sayso.core.problems.storage import (
    API_KEY_EMPTY,
    API_KEY_INVALID,
    KEYRING_LOCKED,
    KEYRING_MISSING,
    KEYRING_UNAVAILABLE,
)
from sayso.storage.keyring import ApiKeyStore, normalize_key, system_keyring

OPENAI, OWN_SERVER = "api.openai.com", "192.168.1.20:8000"
KEY, OTHER_KEY = "sk-canary-0123456789", "sk-canary-9876543210"


class FakeKeyring:
    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], str] = {}
        self.error: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        self._raise_error()
        return self.stored.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._raise_error()
        self.stored[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._raise_error()
        if self.stored.pop((service, username), None) is None:
            raise PasswordDeleteError("not there")

    def _raise_error(self) -> None:
        if self.error is not None:
            raise self.error


@pytest.fixture
def backend() -> FakeKeyring:
    return FakeKeyring()


@pytest.fixture
def store(backend: FakeKeyring) -> ApiKeyStore:
    return ApiKeyStore(environment={}, keyring=lambda: backend)


def test_a_key_is_stored_for_its_host_and_deleted(store: ApiKeyStore, backend: FakeKeyring) -> None:
    assert (store.get(OWN_SERVER), store.location(OWN_SERVER)) == (None, "")
    store.store(OWN_SERVER, f"  {KEY}\n")
    assert backend.stored == {("sayso", OWN_SERVER): KEY}
    assert (store.get(OWN_SERVER), store.location(OWN_SERVER)) == (KEY, "keyring")
    assert store.get("192.168.1.20") is None
    store.delete(OWN_SERVER)
    store.delete(OWN_SERVER)
    assert (store.get(OWN_SERVER), store.location(OWN_SERVER)) == (None, "")


def test_a_key_stored_by_another_program_is_normalized(
    store: ApiKeyStore, backend: FakeKeyring
) -> None:
    backend.stored["sayso", OWN_SERVER] = f"{KEY}\n"
    assert store.get(OWN_SERVER) == KEY


def test_a_key_in_memory_takes_precedence_over_the_keyring(
    store: ApiKeyStore, backend: FakeKeyring
) -> None:
    store.store(OWN_SERVER, OTHER_KEY)
    store.keep_in_memory(OWN_SERVER, f"{KEY}\r\n")
    assert (store.get(OWN_SERVER), store.location(OWN_SERVER)) == (KEY, "run")
    assert KEY not in backend.stored.values()
    store.store(OWN_SERVER, OTHER_KEY)
    assert store.location(OWN_SERVER) == "keyring"
    store.keep_in_memory(OWN_SERVER, KEY)
    store.delete(OWN_SERVER)
    assert store.location(OWN_SERVER) == ""


@pytest.mark.parametrize("has_keyring", [True, False], ids=["keyring", "no keyring"])
def test_the_environment_variable_is_for_openai_and_comes_last(
    backend: FakeKeyring, has_keyring: bool
) -> None:
    environment = {"OPENAI_API_KEY": f" {KEY} ", "": OTHER_KEY}
    store = ApiKeyStore(environment, lambda: backend if has_keyring else None)
    assert (store.get(OPENAI), store.location(OPENAI)) == (KEY, "environment")
    assert store.get(OWN_SERVER) is None
    backend.stored["sayso", OPENAI] = OTHER_KEY
    assert store.location(OPENAI) == ("keyring" if has_keyring else "environment")


def test_an_empty_environment_variable_is_ignored(backend: FakeKeyring) -> None:
    assert ApiKeyStore({"OPENAI_API_KEY": " "}, lambda: backend).get(OPENAI) is None


def test_without_a_keyring_a_key_can_be_kept_in_memory_only() -> None:
    store = ApiKeyStore(environment={}, keyring=lambda: None)
    assert store.get(OWN_SERVER) is None
    with pytest.raises(ProblemError) as caught:
        store.store(OWN_SERVER, KEY)
    assert caught.value.problem == KEYRING_MISSING()
    store.keep_in_memory(OWN_SERVER, KEY)
    assert store.get(OWN_SERVER) == KEY
    store.delete(OWN_SERVER)
    assert store.get(OWN_SERVER) is None


@pytest.mark.parametrize(
    ("entered", "kind"),
    [
        ("", API_KEY_EMPTY),
        (" \n\t", API_KEY_EMPTY),
        (f"{KEY} {KEY}", API_KEY_INVALID),
        (f"{KEY}\r\nX-Evil: 1", API_KEY_INVALID),
        (f"{KEY}\x00", API_KEY_INVALID),
        (f"{KEY}é", API_KEY_INVALID),
        (f"“{KEY}”", API_KEY_INVALID),
        (f"{KEY}\u200b", API_KEY_INVALID),
    ],
    ids=range(8),
)
def test_an_invalid_key_is_not_stored(
    store: ApiKeyStore, backend: FakeKeyring, entered: str, kind: ProblemKind
) -> None:
    for store_key in (store.store, store.keep_in_memory):
        with pytest.raises(ProblemError) as caught:
            store_key(OWN_SERVER, entered)
        assert caught.value.problem == kind()
        assert "canary" not in repr(caught.value) + repr(caught.value.problem)
    assert backend.stored == {}
    assert store.get(OWN_SERVER) is None
    assert normalize_key(f"\t{KEY} ") == KEY


def backend_error(module: str, name: str) -> Exception:
    error: Exception = type(name, (RuntimeError,), {"__module__": module})(KEY)
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (KeyringLocked(KEY), KEYRING_LOCKED().sentence),
        (InitError(f"Prompt dismissed {KEY}"), KEYRING_LOCKED().sentence),
        (backend_error("secretstorage", "PromptDismissedException"), KEYRING_LOCKED().sentence),
        (backend_error("secretstorage", "LockedException"), KEYRING_LOCKED().sentence),
        (NoKeyringError(KEY), KEYRING_MISSING().sentence),
        (PasswordSetError(KEY), KEYRING_UNAVAILABLE().sentence),
        (KeyringError(KEY), KEYRING_UNAVAILABLE().sentence),
        (ConnectionResetError(KEY), KEYRING_UNAVAILABLE().sentence),
    ],
    ids=range(8),
)
def test_an_error_of_the_keyring_is_reported_without_the_key(
    store: ApiKeyStore, backend: FakeKeyring, error: Exception, sentence: str
) -> None:
    backend.error = error
    for operation in (
        lambda: store.get(OWN_SERVER),
        lambda: store.location(OWN_SERVER),
        lambda: store.store(OWN_SERVER, KEY),
        lambda: store.delete(OWN_SERVER),
    ):
        with pytest.raises(ProblemError) as caught:
            operation()
        assert caught.value.problem.sentence == sentence
        assert KEY not in repr(caught.value.problem)
        assert caught.value.__suppress_context__  # a traceback would show the library's message


def test_an_error_of_the_linux_libraries_is_translated(
    store: ApiKeyStore, backend: FakeKeyring
) -> None:
    secretstorage = pytest.importorskip("secretstorage")
    backend.error = secretstorage.exceptions.SecretStorageException(KEY)
    with pytest.raises(ProblemError, match="The keyring does not respond"):
        store.get(OWN_SERVER)


def test_no_key_is_in_a_repr(store: ApiKeyStore) -> None:
    store.keep_in_memory(OWN_SERVER, KEY)
    full = ApiKeyStore(environment={"OPENAI_API_KEY": KEY}, keyring=lambda: None)
    assert "canary" not in repr(store) + repr(full)


# Selection of the backend


class PlaintextKeyring(FakeKeyring):
    """A backend such as `keyrings.alt`, which stores passwords in plain text."""


PlaintextKeyring.__module__ = "keyrings.alt.file"


def select_backend(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    """Select a backend without `set_keyring`, which would register it for all later tests."""
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)


@pytest.mark.parametrize(
    "backend_class", [fail.Keyring, null.Keyring, PlaintextKeyring], ids=lambda b: b.__module__
)
def test_an_unsafe_backend_counts_as_no_keyring(
    backend_class: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    select_backend(monkeypatch, backend_class())
    assert system_keyring() is None
    store = ApiKeyStore(environment={})
    assert store.get(OWN_SERVER) is None
    with pytest.raises(ProblemError, match="This desktop has no keyring"):
        store.store(OWN_SERVER, KEY)


def test_a_safe_keyring_is_used(backend: FakeKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    select_backend(monkeypatch, backend)
    ApiKeyStore(environment={}).store(OWN_SERVER, KEY)
    assert backend.stored == {("sayso", OWN_SERVER): KEY}


def test_the_first_safe_backend_of_several_is_used(
    backend: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    select_backend(monkeypatch, chainer.ChainerBackend())
    monkeypatch.setattr(
        chainer.ChainerBackend, "backends", [PlaintextKeyring(), backend, FakeKeyring()]
    )
    assert system_keyring() is backend
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [PlaintextKeyring()])
    assert system_keyring() is None
