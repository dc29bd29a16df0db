"""The command `sayso endpoints`, and the settings of the selected endpoint."""

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
    """A keyring in memory that counts as safe."""

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
def run(home: Path) -> Run:
    def run_command(*arguments: str, given: str = "") -> str:
        done = CliRunner().invoke(commands.sayso, arguments, input=given, standalone_mode=False)
        if done.exception:
            raise done.exception
        return done.output

    return run_command


def listed(run: Run) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(run("endpoints", "list", "--json"))}


def test_an_endpoint_is_added_selected_changed_and_removed(run: Run) -> None:
    assert run("endpoints", "add", "vllm", "--url", OWN_SERVER, "--model", "voxtral") == (
        "vLLM was added. Select it with: sayso endpoints use 'vLLM'\n"
    )
    assert run("endpoints", "list").splitlines() == [
        "* on-device",
        "  OpenAI: gpt-live-transcribe at wss://api.openai.com/v1/realtime",
        f"  vLLM: voxtral at {OWN_SERVER}",
    ]
    assert run("endpoints", "use", "vLLM") == (
        "Audio is now sent to vLLM, which transcribes your dictations.\n"
    )
    assert run("config", "get", "engine") == "realtime\n"
    run("config", "set", "endpoint.name", "The box")
    run("config", "set", "endpoint.auth", "none")
    assert run("config", "get", "profile") == "The box\n"
    row = listed(run)["The box"]
    assert (row["auth"], row["dialect"], row["in_use"]) == ("none", "vllm", True)
    assert ("language" in row["supports"], "dialect" in row["supports"]) == (False, True)
    assert run("endpoints", "remove", "The box") == (
        "The box was removed.\nIt was selected. Dictations are now transcribed on this computer.\n"
    )
    assert list(listed(run)) == ["OpenAI"]


def test_on_device_is_selected_by_its_name(run: Run) -> None:
    assert json.loads(run("endpoints", "use", "OpenAI", "--json")) == {
        "engine": "realtime",
        "endpoint": "OpenAI",
    }
    assert (
        run("endpoints", "use", "on-device") == "Dictations are now transcribed on this computer.\n"
    )
    assert run("endpoints", "list").startswith("* on-device\n")


@pytest.mark.parametrize("kind", PRESETS, ids=lambda kind: kind.name)
def test_every_preset_can_be_added(run: Run, kind: Any) -> None:
    address = [] if kind.endpoint.url else ["--url", OWN_SERVER]
    added = json.loads(run("endpoints", "add", kind.name, *address, "--name", "New", "--json"))
    assert added["name"] == "New"
    assert (added["transport"], added["auth"]) == (kind.endpoint.transport, kind.endpoint.auth)
    assert not added["in_use"]
    left = json.loads(run("endpoints", "remove", "OpenAI", "--json"))
    assert [row["name"] for row in left] == ["New"]


def test_the_presets_are_listed(run: Run) -> None:
    rows = json.loads(run("endpoints", "presets", "--json"))
    assert [row["preset"] for row in rows] == [kind.name for kind in PRESETS]
    assert all(row["address"] and row["about"] for row in rows)
    assert "azure       Azure OpenAI. Enter the address" in run("endpoints", "presets")


def test_an_unencrypted_server_must_be_allowed(run: Run) -> None:
    add = ("endpoints", "add", "custom", "--url", "http://192.168.1.20:8000/v1")
    with pytest.raises(ProblemError, match=r"would not be encrypted\..* add --allow-insecure"):
        run(*add)
    run(*add, "--allow-insecure")
    assert listed(run)["My server"]["allow_insecure"] == "192.168.1.20:8000"


WRONG = {
    "unknown preset": (["add", "azur"], "Did you mean azure?"),
    "missing address": (
        ["add", "azure"],
        "Add it, for example: --url https://RESOURCE.openai.azure.com",
    ),
    "invalid address": (["add", "vllm", "--url", "box"], "The address is not complete."),
    "address with a space": (["add", "groq", "--url", "https://a b"], "contains a space"),
    "invalid name": (
        ["add", "groq", "--name", "a, b"],
        "“a, b” is not a valid name. A name has no commas and no control characters.",
    ),
    "unknown endpoint to select": (
        ["use", "Gone"],
        "There is no engine named 'Gone'. The engines are: OpenAI, on-device.",
    ),
    "unknown endpoint to remove": (["remove", "Gone"], "There is no server named 'Gone'."),
    "last endpoint": (["remove", "OpenAI"], "OpenAI is the only server."),
}


@pytest.mark.parametrize(("arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_an_error_is_reported_and_changes_nothing(
    run: Run, arguments: list[str], sentence: str
) -> None:
    before = listed(run)
    with pytest.raises(ProblemError) as caught:
        run("endpoints", *arguments)
    assert sentence in caught.value.problem.sentence
    assert listed(run) == before


def test_fallbacks_are_a_list_of_names(run: Run) -> None:
    run("endpoints", "add", "groq")
    run("config", "set", "fallback", "Groq, on-device")
    assert run("config", "get", "fallback") == "Groq, on-device\n"
    run("endpoints", "remove", "Groq")
    assert run("config", "get", "fallback") == "on-device\n"
    run("config", "set", "fallback", "")
    assert "fallback = \n" in run("config", "list")


def test_short_lived_keys_need_a_secure_address(run: Run) -> None:
    for wrong in ("http://keys.example", "opneai"):
        with pytest.raises(ProblemError):
            run("config", "set", "endpoint.secrets_url", wrong)
    for right in ("openai", "https://keys.example/ephemeral", ""):
        run("config", "set", "endpoint.secrets_url", right)
        assert run("config", "get", "endpoint.secrets_url") == f"{right}\n"


def test_an_invalid_entry_of_the_file_is_skipped(run: Run, tmp_path: Path) -> None:
    path = Path(run("config", "path").strip())
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"version": 2, "endpoints": [{"url": 5}, {"url": OWN_SERVER}]}))
    out = run("endpoints", "list")
    assert "A server in the settings file was ignored because it has no address." in out
    assert f"My server: gpt-live-transcribe at {OWN_SERVER}" in out


def test_a_secret_header_is_stored_beside_the_api_key(run: Run) -> None:
    before, backend = keyring.get_keyring(), MemoryKeyring()
    host, header = "gateway.ai.cloudflare.com", ("--header", "CF-AIG-Authorization")
    keyring.set_keyring(backend)
    try:
        run("key", "set", "--host", host, given="sk-one\n")
        out = run("key", "set", "--host", host, *header, given="cf-two\n")
        name = f"{host}/cf-aig-authorization"
        assert out == f"The API key for {name} is in the system's keyring.\n"
        assert backend.stored == {host: "sk-one", name: "cf-two"}
        assert "in the system's keyring" in run("key", "status", "--host", host, *header)
        run("key", "forget", "--host", host, *header)
        assert backend.stored == {host: "sk-one"}
    finally:
        keyring.set_keyring(before)
