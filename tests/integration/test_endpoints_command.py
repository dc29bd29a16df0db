"""`sayso endpoints` and the settings of the one in use, as a person gives them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
import pytest
from click.testing import CliRunner
from keyring.backend import KeyringBackend

from sayso.cli import commands
from sayso.core.problems import ProblemError
from sayso.stt.server.presets import PRESETS

OWN_SERVER = "http://localhost:8000/v1"
Run = Callable[..., str]


class MemoryKeyring(KeyringBackend):
    """In memory, and safe enough to be used."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[str, str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.stored.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.stored[username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.stored[username]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    def run(*arguments: str, given: str = "") -> str:
        done = CliRunner().invoke(commands.sayso, arguments, input=given, standalone_mode=False)
        if done.exception:
            raise done.exception
        return done.output

    return run


def listed(say: Run) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(say("endpoints", "list", "--json"))}


def test_a_server_is_added_used_changed_and_removed(say: Run) -> None:
    assert say("endpoints", "add", "vllm", "--url", OWN_SERVER, "--model", "voxtral") == (
        "vLLM is added. To use it: sayso endpoints use 'vLLM'.\n"
    )
    assert say("endpoints", "list").splitlines() == [
        "* on-device",
        "  OpenAI: gpt-live-transcribe at wss://api.openai.com/v1/realtime",
        f"  vLLM: voxtral at {OWN_SERVER}",
    ]
    assert say("endpoints", "use", "vLLM") == (
        "vLLM recognises from now on, and is sent the sound.\n"
    )
    assert say("config", "get", "engine") == "realtime\n"
    say("config", "set", "endpoint.name", "The box")
    say("config", "set", "endpoint.auth", "none")
    assert say("config", "get", "profile") == "The box\n"
    row = listed(say)["The box"]
    assert (row["auth"], row["dialect"], row["in_use"]) == ("none", "vllm", True)
    assert say("endpoints", "remove", "The box") == (
        "The box is removed.\nIt was used; this computer recognises from now on.\n"
    )
    assert list(listed(say)) == ["OpenAI"]


def test_this_computer_is_used_by_its_name(say: Run) -> None:
    assert json.loads(say("endpoints", "use", "OpenAI", "--json")) == {
        "engine": "realtime",
        "endpoint": "OpenAI",
    }
    assert say("endpoints", "use", "on-device") == "This computer recognises from now on.\n"
    assert say("endpoints", "list").startswith("* on-device\n")


@pytest.mark.parametrize("kind", PRESETS, ids=lambda kind: kind.name)
def test_every_kind_can_be_added(say: Run, kind: Any) -> None:
    address = [] if kind.endpoint.url else ["--url", OWN_SERVER]
    added = json.loads(say("endpoints", "add", kind.name, *address, "--name", "New", "--json"))
    assert added["name"] == "New"
    assert (added["transport"], added["auth"]) == (kind.endpoint.transport, kind.endpoint.auth)
    assert not added["in_use"]
    left = json.loads(say("endpoints", "remove", "OpenAI", "--json"))
    assert [row["name"] for row in left] == ["New"]


def test_the_kinds_are_listed(say: Run) -> None:
    rows = json.loads(say("endpoints", "presets", "--json"))
    assert [row["preset"] for row in rows] == [kind.name for kind in PRESETS]
    assert all(row["address"] and row["about"] for row in rows)
    assert "azure       Azure OpenAI. Enter your resource" in say("endpoints", "presets")


def test_one_without_encryption_has_to_be_allowed(say: Run) -> None:
    add = ("endpoints", "add", "custom", "--url", "http://192.168.1.20:8000/v1")
    with pytest.raises(ProblemError, match=r"for all to read\..* say --allow-insecure"):
        say(*add)
    say(*add, "--allow-insecure")
    assert listed(say)["My server"]["allow_insecure"] == "192.168.1.20:8000"


WRONG = {
    "an unknown kind": (["add", "azur"], "Did you mean azure?"),
    "no address": (["add", "azure"], "Give it, such as --url https://RESOURCE.openai.azure.com"),
    "no address at all": (["add", "vllm", "--url", "box"], "The server's address is not complete."),
    "an address that cannot be": (["add", "groq", "--url", "https://a b"], "has a space in it"),
    "a name that cannot be": (
        ["add", "groq", "--name", "a, b"],
        "'a, b' cannot be a name. A name has no commas and no control characters.",
    ),
    "nobody to use": (
        ["use", "Gone"],
        "There is no engine named 'Gone'. The engines are: OpenAI, on-device.",
    ),
    "nobody to remove": (["remove", "Gone"], "There is no server named 'Gone'."),
    "the last one": (["remove", "OpenAI"], "OpenAI is the only server."),
}


@pytest.mark.parametrize(("arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_and_changes_nothing(
    say: Run, arguments: list[str], sentence: str
) -> None:
    before = listed(say)
    with pytest.raises(ProblemError) as caught:
        say("endpoints", *arguments)
    assert sentence in caught.value.problem.sentence
    assert listed(say) == before


def test_helpers_are_a_list_of_names(say: Run) -> None:
    say("endpoints", "add", "groq")
    say("config", "set", "fallback", "Groq, on-device")
    assert say("config", "get", "fallback") == "Groq, on-device\n"
    say("endpoints", "remove", "Groq")
    assert say("config", "get", "fallback") == "on-device\n"
    say("config", "set", "fallback", "")
    assert "fallback = \n" in say("config", "list")


def test_keys_are_handed_out_by_a_secure_address_only(say: Run) -> None:
    for wrong in ("http://keys.example", "opneai"):
        with pytest.raises(ProblemError):
            say("config", "set", "endpoint.secrets_url", wrong)
    for right in ("openai", "https://keys.example/ephemeral", ""):
        say("config", "set", "endpoint.secrets_url", right)
        assert say("config", "get", "endpoint.secrets_url") == f"{right}\n"


def test_a_broken_file_costs_what_is_broken(say: Run, tmp_path: Path) -> None:
    path = Path(say("config", "path").strip())
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"version": 2, "endpoints": [{"url": 5}, {"url": OWN_SERVER}]}))
    out = say("endpoints", "list")
    assert "A server in the settings file was ignored because it has no address." in out
    assert f"My server: gpt-live-transcribe at {OWN_SERVER}" in out


def test_a_gateways_token_is_kept_beside_the_key(say: Run) -> None:
    before, ring = keyring.get_keyring(), MemoryKeyring()
    host = "gateway.ai.cloudflare.com"
    keyring.set_keyring(ring)
    try:
        say("key", "set", "--host", host, given="sk-one\n")
        out = say("key", "set", "--host", host, "--gateway", given="cf-two\n")
        assert out == f"The key for {host}/cf-aig-authorization is in the system's keyring.\n"
        assert ring.stored == {host: "sk-one", f"{host}/cf-aig-authorization": "cf-two"}
        assert "in the system's keyring" in say("key", "status", "--host", host, "--gateway")
        say("key", "forget", "--host", host, "--gateway")
        assert ring.stored == {host: "sk-one"}
    finally:
        keyring.set_keyring(before)
