"""API keys in a real keyring that is unlocked, locked or missing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

import canary
from service import StandIn, in_thread

from .desktop_fixture import Desktop
from .session import Session
from .sound import speech_clips

HOST = "127.0.0.1"
KEY = "sk-test-1234567890abcdef"
TEXT = "Only for today."


@pytest.fixture
def at_host(desktop: Desktop) -> Desktop:
    desktop.configure(endpoint__url=f"ws://{HOST}:9/v1/realtime", engine="realtime")
    return desktop


@pytest.fixture(params=["locked", "none"])
def no_keyring(request: pytest.FixtureRequest) -> Iterator[Session]:
    with Session({}, keyring=request.param, tray=False) as session:
        yield session


def secret_tool(session: Session, *words: str) -> str:
    done = subprocess.run(
        ["secret-tool", *words],
        env=os.environ | session.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_a_key_is_stored_for_its_host_located_and_deleted(at_host: Desktop) -> None:
    assert "no" in at_host.sayso("key", "status").stdout.lower()

    stored = at_host.sayso("key", "set", stdin=f"{KEY}\n")
    assert stored.returncode == 0, stored.stderr
    assert HOST in stored.stdout + at_host.sayso("key", "status").stdout
    assert KEY in secret_tool(at_host.session, "search", "--all", "service", "sayso")

    forgotten = at_host.sayso("key", "forget")
    assert forgotten.returncode == 0, forgotten.stderr
    assert KEY not in secret_tool(at_host.session, "search", "--all", "service", "sayso")


def test_a_key_of_one_host_is_not_used_for_another(at_host: Desktop) -> None:
    at_host.sayso("key", "set", stdin=f"{KEY}\n")
    at_host.configure(endpoint__url="ws://localhost:9/v1/realtime")
    assert "no" in at_host.sayso("key", "status").stdout.lower()
    at_host.configure(endpoint__url=f"ws://{HOST}:9/v1/realtime")
    at_host.sayso("key", "forget")


def test_an_empty_key_is_not_stored(at_host: Desktop) -> None:
    done = at_host.sayso("key", "set", stdin="\n")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_a_missing_or_locked_keyring_is_reported(at_host: Desktop, no_keyring: Session) -> None:
    done = at_host.sayso("key", "set", stdin=f"{KEY}\n", env=no_keyring.environ)
    assert done.returncode != 0
    assert "keyring" in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert KEY not in done.stderr


def test_without_an_unlocked_keyring_a_take_fails_and_is_kept(
    at_host: Desktop, no_keyring: Session
) -> None:
    at_host.configure(
        endpoint__url="wss://api.openai.com/v1/realtime"
    )  # nothing is sent without a key
    at_host.start_app(env=no_keyring.environ)
    last = at_host.dictate(speech_clips()[4][0])
    assert "key" in last["error"].lower()
    assert at_host.recording_path(last["id"])
    assert "Traceback" not in at_host.log.read_text("utf-8")


def test_without_an_unlocked_keyring_a_key_is_kept_in_memory(
    at_host: Desktop, no_keyring: Session
) -> None:
    not_running = at_host.sayso("key", "set", "--for-this-run", stdin=f"{KEY}\n")
    assert not_running.returncode == 3
    with in_thread(StandIn([TEXT], key=KEY)) as service:
        at_host.configure(endpoint__url=service.url)
        at_host.start_app(env=no_keyring.environ)
        host = service.url.split("/")[2]
        kept = at_host.sayso("key", "set", "--for-this-run", stdin=f"{KEY}\n")
        assert (kept.returncode, kept.stderr) == (0, "")
        assert kept.stdout == f"The API key for {host} is kept until Sayso ends.\n"
        assert at_host.dictate(speech_clips()[4][0])["text"] == TEXT
    assert canary.files_with_key(at_host.home, KEY) == []
