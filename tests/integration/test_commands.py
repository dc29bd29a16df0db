"""The commands, with Sayso's folders in the folder of the test."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def sayso(home):
    """Run the command in a new process, as a user does."""

    def run(*arguments, given=""):
        return subprocess.run(
            [sys.executable, "-m", "sayso", *arguments],
            input=given, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("word", ["start", "stop", "toggle", "cancel", "quit", "status"])
def test_the_exit_code_is_3_if_sayso_is_not_running(sayso, word):
    done = sayso(word)
    assert done.returncode == 3
    assert done.stderr == "Sayso is not running. Start it with: sayso\n"


def test_settings_can_be_changed_and_printed(sayso):
    assert sayso("config", "set", "hotkey.chord", "f9").returncode == 0
    assert sayso("config", "get", "hotkey.chord").stdout == "f9\n"
    assert "hotkey.chord = f9\n" in sayso("config", "list").stdout
    path = sayso("config", "path").stdout.strip()
    assert json.loads(Path(path).read_text())["hotkey"]["chord"] == "f9"


def test_a_setting_is_described_with_its_values_and_default(sayso):
    text = sayso("config", "describe", "hotkey.mode").stdout
    assert text.startswith("hotkey.mode\n  ")
    assert text.endswith("  Default: hold\n")
    assert all(f"  {value}: " in text for value in ("hold", "toggle", "tap-or-hold"))
    everything = sayso("config", "describe").stdout
    assert text in everything
    assert "monthly_budget_usd\n" in everything


WRONG = {
    "unknown setting": (["config", "set", "hotkey.cord", "f9"], "Did you mean hotkey.chord?"),
    "unknown value": (["config", "set", "hotkey.mode", "press"], "tap-or-hold, hold, toggle"),
    "empty address": (["config", "set", "endpoint.url", ""], "The server has no address."),
    "unencrypted address": (
        ["config", "set", "endpoint.url", "http://example.com/v1"],
        "would not be encrypted",
    ),
    "not an audio file": (["transcribe", __file__], "is not an audio file that Sayso can read."),
    "no file": (["transcribe", "/nowhere.wav"], "There is no file /nowhere.wav."),
    "unknown engine": (
        ["transcribe", __file__, "--engine", "magic"],
        "There is no engine named 'magic'",
    ),
    "unknown command": (["frobnicate"], "No such command 'frobnicate'"),
}


@pytest.mark.parametrize(("arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_input_is_reported_in_a_sentence(sayso, arguments, sentence):
    done = sayso(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_an_invalid_value_leaves_the_file_unchanged(sayso):
    sayso("config", "set", "hotkey.mode", "toggle")
    sayso("config", "set", "hotkey.mode", "press")
    assert sayso("config", "get", "hotkey.mode").stdout == "toggle\n"


def test_without_a_keyring_an_api_key_is_not_stored_and_not_shown(sayso):
    done = sayso("key", "set", given="sk-canary-0123456789\n")
    assert done.returncode == 2
    assert done.stderr.startswith("This desktop has no keyring.")
    assert "canary" not in done.stdout + done.stderr


def test_the_location_of_the_api_key_is_printed(sayso, monkeypatch):
    assert sayso("key", "status").stdout == "There is no API key for api.openai.com.\n"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")
    location = sayso("key", "status").stdout
    assert (
        location
        == "The API key for api.openai.com is in the environment variable OPENAI_API_KEY.\n"
    )


def test_an_audio_file_is_transcribed(sayso, sample):
    path, words = sample
    done = sayso("transcribe", str(path), "--json")
    result = json.loads(done.stdout)
    assert done.stderr == ""
    assert words in result["text"].lower()
    assert result["engine"] == "on-device"


def test_without_an_api_key_a_server_is_not_contacted(sayso, sample):
    done = sayso("transcribe", str(sample[0]), "--engine", "realtime")
    assert done.returncode == 2
    assert "OpenAI" in done.stderr


@pytest.fixture(scope="session")
def sample():
    """A recording of speech, and three of its words."""
    from sayso.core.resources import resource

    words = resource("sample.txt").read_text().lower().split()
    return resource("sample.wav"), " ".join(words[2:5])
