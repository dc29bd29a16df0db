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
from sayso.storage.keyring import ABSENT, EMPTY, LOCKED, NOT_A_KEY, KeyStore, clean, system_ring

OPENAI, OWN = "api.openai.com", "192.168.1.20:8000"
KEY, OTHER = "sk-canary-0123456789", "sk-canary-9876543210"


class FakeRing:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.broken: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        self._may_fail()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._may_fail()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._may_fail()
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("not there")

    def _may_fail(self) -> None:
        if self.broken is not None:
            raise self.broken


@pytest.fixture
def ring() -> FakeRing:
    return FakeRing()


@pytest.fixture
def store(ring: FakeRing) -> KeyStore:
    return KeyStore(environment={}, ring=lambda: ring)


def test_a_key_is_kept_for_its_host_and_forgotten(store: KeyStore, ring: FakeRing) -> None:
    assert (store.get(OWN), store.where(OWN)) == (None, "")
    store.put(OWN, f"  {KEY}\n")
    assert ring.kept == {("sayso", OWN): KEY}
    assert (store.get(OWN), store.where(OWN)) == (KEY, "keyring")
    assert store.get("192.168.1.20") is None
    store.forget(OWN)
    store.forget(OWN)
    assert (store.get(OWN), store.where(OWN)) == (None, "")


def test_what_another_program_put_there_is_cleaned(store: KeyStore, ring: FakeRing) -> None:
    ring.kept["sayso", OWN] = f"{KEY}\n"
    assert store.get(OWN) == KEY


def test_a_key_for_this_run_is_in_memory_and_goes_first(store: KeyStore, ring: FakeRing) -> None:
    store.put(OWN, OTHER)
    store.keep_for_this_run(OWN, f"{KEY}\r\n")
    assert (store.get(OWN), store.where(OWN)) == (KEY, "run")
    assert KEY not in ring.kept.values()
    store.put(OWN, OTHER)
    assert store.where(OWN) == "keyring"
    store.keep_for_this_run(OWN, KEY)
    store.forget(OWN)
    assert store.where(OWN) == ""


@pytest.mark.parametrize("there", [True, False], ids=["keyring", "no keyring"])
def test_the_environment_is_for_openai_and_comes_last(ring: FakeRing, there: bool) -> None:
    environment = {"OPENAI_API_KEY": f" {KEY} ", "": OTHER}
    store = KeyStore(environment, lambda: ring if there else None)
    assert (store.get(OPENAI), store.where(OPENAI)) == (KEY, "environment")
    assert store.get(OWN) is None
    ring.kept["sayso", OPENAI] = OTHER
    assert store.where(OPENAI) == ("keyring" if there else "environment")


def test_the_environment_may_be_empty(ring: FakeRing) -> None:
    assert KeyStore({"OPENAI_API_KEY": " "}, lambda: ring).get(OPENAI) is None


def test_without_a_keyring_a_key_can_be_kept_for_this_run_only() -> None:
    store = KeyStore(environment={}, ring=lambda: None)
    assert store.get(OWN) is None
    with pytest.raises(ProblemError) as caught:
        store.put(OWN, KEY)
    assert caught.value.problem == ABSENT
    assert "for this run only" in ABSENT.remedy
    store.keep_for_this_run(OWN, KEY)
    assert store.get(OWN) == KEY
    store.forget(OWN)
    assert store.get(OWN) is None


@pytest.mark.parametrize(
    ("entered", "problem"),
    [
        ("", EMPTY),
        (" \n\t", EMPTY),
        (f"{KEY} {KEY}", NOT_A_KEY),
        (f"{KEY}\r\nX-Evil: 1", NOT_A_KEY),
        (f"{KEY}\x00", NOT_A_KEY),
        (f"{KEY}é", NOT_A_KEY),
        (f"“{KEY}”", NOT_A_KEY),
        (f"{KEY}\u200b", NOT_A_KEY),
    ],
    ids=range(8),
)
def test_what_is_no_key_is_not_kept(
    store: KeyStore, ring: FakeRing, entered: str, problem: object
) -> None:
    for keep in (store.put, store.keep_for_this_run):
        with pytest.raises(ProblemError) as caught:
            keep(OWN, entered)
        assert caught.value.problem == problem
        assert "canary" not in repr(caught.value) + repr(caught.value.problem)
    assert ring.kept == {}
    assert store.get(OWN) is None
    assert clean(f"\t{KEY} ") == KEY


def backend_error(module: str, name: str) -> Exception:
    error: Exception = type(name, (RuntimeError,), {"__module__": module})(KEY)
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (KeyringLocked(KEY), LOCKED.sentence),
        (InitError(f"Prompt dismissed {KEY}"), LOCKED.sentence),
        (backend_error("secretstorage", "PromptDismissedException"), LOCKED.sentence),
        (backend_error("secretstorage", "LockedException"), LOCKED.sentence),
        (NoKeyringError(KEY), ABSENT.sentence),
        (PasswordSetError(KEY), "The keyring does not answer. Unlock it, or log in again."),
        (KeyringError(KEY), "The keyring does not answer. Unlock it, or log in again."),
        (ConnectionResetError(KEY), "The keyring does not answer. Unlock it, or log in again."),
    ],
    ids=range(8),
)
def test_what_goes_wrong_is_one_sentence_without_the_key(
    store: KeyStore, ring: FakeRing, error: Exception, sentence: str
) -> None:
    ring.broken = error
    for use in (
        lambda: store.get(OWN),
        lambda: store.where(OWN),
        lambda: store.put(OWN, KEY),
        lambda: store.forget(OWN),
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


def test_no_key_is_in_a_repr(store: KeyStore) -> None:
    store.keep_for_this_run(OWN, KEY)
    full = KeyStore(environment={"OPENAI_API_KEY": KEY}, ring=lambda: None)
    assert "canary" not in repr(store) + repr(full)


# Which keyring


class InTheClear(FakeRing):
    """As `keyrings.alt` has them: a file that all can read."""


InTheClear.__module__ = "keyrings.alt.file"


def choose(monkeypatch: pytest.MonkeyPatch, chosen: object) -> None:
    """Not by `set_keyring`: a class made for it stays registered for all later tests."""
    monkeypatch.setattr(keyring, "get_keyring", lambda: chosen)


@pytest.mark.parametrize(
    "backend", [fail.Keyring, null.Keyring, InTheClear], ids=lambda b: b.__module__
)
def test_what_cannot_keep_a_secret_counts_as_no_keyring(
    backend: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, backend())
    assert system_ring() is None
    store = KeyStore(environment={})
    assert store.get(OWN) is None
    with pytest.raises(ProblemError, match="There is no keyring to keep the key in"):
        store.put(OWN, KEY)


def test_a_safe_keyring_is_used(ring: FakeRing, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, ring)
    KeyStore(environment={}).put(OWN, KEY)
    assert ring.kept == {("sayso", OWN): KEY}


def test_of_several_the_first_safe_one_is_used(
    ring: FakeRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, chainer.ChainerBackend())
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [InTheClear(), ring, FakeRing()])
    assert system_ring() is ring
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [InTheClear()])
    assert system_ring() is None
