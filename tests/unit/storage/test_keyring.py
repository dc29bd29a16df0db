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

from sayso.core.problems import ProblemError
from sayso.storage import keyring as secrets
from sayso.storage.keyring import (
    EMPTY_API_KEY,
    INVALID_API_KEY,
    KEYRING_LOCKED,
    NO_KEYRING,
    ApiKeyStore,
    normalize_key,
    system_keyring,
)

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
def ring() -> FakeKeyring:
    return FakeKeyring()


@pytest.fixture
def store(ring: FakeKeyring) -> ApiKeyStore:
    return ApiKeyStore(environment={}, keyring=lambda: ring)


def test_a_key_is_kept_for_its_host_and_forgotten(store: ApiKeyStore, ring: FakeKeyring) -> None:
    assert (store.get(OWN_SERVER), store.location(OWN_SERVER)) == (None, "")
    store.store(OWN_SERVER, f"  {KEY}\n")
    assert ring.stored == {("sayso", OWN_SERVER): KEY}
    assert (store.get(OWN_SERVER), store.location(OWN_SERVER)) == (KEY, "keyring")
    assert store.get("192.168.1.20") is None
    store.delete(OWN_SERVER)
    store.delete(OWN_SERVER)
    assert (store.get(OWN_SERVER), store.location(OWN_SERVER)) == (None, "")


def test_what_another_program_put_there_is_cleaned(store: ApiKeyStore, ring: FakeKeyring) -> None:
    ring.stored["sayso", OWN_SERVER] = f"{KEY}\n"
    assert store.get(OWN_SERVER) == KEY


def test_a_key_for_this_run_is_in_memory_and_goes_first(
    store: ApiKeyStore, ring: FakeKeyring
) -> None:
    store.store(OWN_SERVER, OTHER_KEY)
    store.keep_in_memory(OWN_SERVER, f"{KEY}\r\n")
    assert (store.get(OWN_SERVER), store.location(OWN_SERVER)) == (KEY, "run")
    assert KEY not in ring.stored.values()
    store.store(OWN_SERVER, OTHER_KEY)
    assert store.location(OWN_SERVER) == "keyring"
    store.keep_in_memory(OWN_SERVER, KEY)
    store.delete(OWN_SERVER)
    assert store.location(OWN_SERVER) == ""


@pytest.mark.parametrize("there", [True, False], ids=["keyring", "no keyring"])
def test_the_environment_is_for_openai_and_comes_last(ring: FakeKeyring, there: bool) -> None:
    environment = {"OPENAI_API_KEY": f" {KEY} ", "": OTHER_KEY}
    store = ApiKeyStore(environment, lambda: ring if there else None)
    assert (store.get(OPENAI), store.location(OPENAI)) == (KEY, "environment")
    assert store.get(OWN_SERVER) is None
    ring.stored["sayso", OPENAI] = OTHER_KEY
    assert store.location(OPENAI) == ("keyring" if there else "environment")


def test_the_environment_may_be_empty(ring: FakeKeyring) -> None:
    assert ApiKeyStore({"OPENAI_API_KEY": " "}, lambda: ring).get(OPENAI) is None


def test_without_a_keyring_a_key_can_be_kept_for_this_run_only() -> None:
    store = ApiKeyStore(environment={}, keyring=lambda: None)
    assert store.get(OWN_SERVER) is None
    with pytest.raises(ProblemError) as caught:
        store.store(OWN_SERVER, KEY)
    assert caught.value.problem == NO_KEYRING
    assert "for this run only" in NO_KEYRING.remedy
    store.keep_in_memory(OWN_SERVER, KEY)
    assert store.get(OWN_SERVER) == KEY
    store.delete(OWN_SERVER)
    assert store.get(OWN_SERVER) is None


@pytest.mark.parametrize(
    ("entered", "problem"),
    [
        ("", EMPTY_API_KEY),
        (" \n\t", EMPTY_API_KEY),
        (f"{KEY} {KEY}", INVALID_API_KEY),
        (f"{KEY}\r\nX-Evil: 1", INVALID_API_KEY),
        (f"{KEY}\x00", INVALID_API_KEY),
        (f"{KEY}é", INVALID_API_KEY),
        (f"“{KEY}”", INVALID_API_KEY),
        (f"{KEY}\u200b", INVALID_API_KEY),
    ],
    ids=range(8),
)
def test_what_is_no_key_is_not_kept(
    store: ApiKeyStore, ring: FakeKeyring, entered: str, problem: object
) -> None:
    for keep in (store.store, store.keep_in_memory):
        with pytest.raises(ProblemError) as caught:
            keep(OWN_SERVER, entered)
        assert caught.value.problem == problem
        assert "canary" not in repr(caught.value) + repr(caught.value.problem)
    assert ring.stored == {}
    assert store.get(OWN_SERVER) is None
    assert normalize_key(f"\t{KEY} ") == KEY


def backend_error(module: str, name: str) -> Exception:
    error: Exception = type(name, (RuntimeError,), {"__module__": module})(KEY)
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (KeyringLocked(KEY), KEYRING_LOCKED.sentence),
        (InitError(f"Prompt dismissed {KEY}"), KEYRING_LOCKED.sentence),
        (backend_error("secretstorage", "PromptDismissedException"), KEYRING_LOCKED.sentence),
        (backend_error("secretstorage", "LockedException"), KEYRING_LOCKED.sentence),
        (NoKeyringError(KEY), NO_KEYRING.sentence),
        (PasswordSetError(KEY), "The keyring does not answer. Unlock it, or log in again."),
        (KeyringError(KEY), "The keyring does not answer. Unlock it, or log in again."),
        (ConnectionResetError(KEY), "The keyring does not answer. Unlock it, or log in again."),
    ],
    ids=range(8),
)
def test_what_goes_wrong_is_one_sentence_without_the_key(
    store: ApiKeyStore, ring: FakeKeyring, error: Exception, sentence: str
) -> None:
    ring.error = error
    for use in (
        lambda: store.get(OWN_SERVER),
        lambda: store.location(OWN_SERVER),
        lambda: store.store(OWN_SERVER, KEY),
        lambda: store.delete(OWN_SERVER),
    ):
        with pytest.raises(ProblemError) as caught:
            use()
        assert caught.value.problem.sentence == sentence
        assert KEY not in repr(caught.value.problem)
        assert caught.value.__suppress_context__  # a traceback would show what the library said


def test_the_errors_of_the_linux_backend_are_known() -> None:
    secretstorage = pytest.importorskip("secretstorage")
    assert secretstorage.exceptions.SecretStorageException in secrets._backend_errors()


def test_a_library_that_another_system_lacks_is_not_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lacks(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(secrets.importlib, "import_module", lacks)
    assert secrets._backend_errors() == (KeyringError, OSError, RuntimeError)


def test_no_key_is_in_a_repr(store: ApiKeyStore) -> None:
    store.keep_in_memory(OWN_SERVER, KEY)
    full = ApiKeyStore(environment={"OPENAI_API_KEY": KEY}, keyring=lambda: None)
    assert "canary" not in repr(store) + repr(full)


# Which keyring


class PlaintextKeyring(FakeKeyring):
    """As `keyrings.alt` has them: a file that all can read."""


PlaintextKeyring.__module__ = "keyrings.alt.file"


def select_backend(monkeypatch: pytest.MonkeyPatch, chosen: object) -> None:
    """Not by `set_keyring`: a class made for it stays registered for all later tests."""
    monkeypatch.setattr(keyring, "get_keyring", lambda: chosen)


@pytest.mark.parametrize(
    "backend", [fail.Keyring, null.Keyring, PlaintextKeyring], ids=lambda b: b.__module__
)
def test_what_cannot_keep_a_secret_counts_as_no_keyring(
    backend: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    select_backend(monkeypatch, backend())
    assert system_keyring() is None
    store = ApiKeyStore(environment={})
    assert store.get(OWN_SERVER) is None
    with pytest.raises(ProblemError, match="There is no keyring to keep the key in"):
        store.store(OWN_SERVER, KEY)


def test_a_safe_keyring_is_used(ring: FakeKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    select_backend(monkeypatch, ring)
    ApiKeyStore(environment={}).store(OWN_SERVER, KEY)
    assert ring.stored == {("sayso", OWN_SERVER): KEY}


def test_of_several_the_first_safe_one_is_used(
    ring: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    select_backend(monkeypatch, chainer.ChainerBackend())
    monkeypatch.setattr(
        chainer.ChainerBackend, "backends", [PlaintextKeyring(), ring, FakeKeyring()]
    )
    assert system_keyring() is ring
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [PlaintextKeyring()])
    assert system_keyring() is None
