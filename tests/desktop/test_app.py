"""Start, commands, settings and exit of the application."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from .desktop_fixture import COMMAND, Desktop, files_below
from .processes import wait_until

DOCTOR_CHECKS = {"display", "tray", "microphone", "keyring", "model", "endpoint", "insertion"}
CANARY = "sk-canary-5f2b9c7e41d84a60"


def test_a_second_start_shows_the_settings_and_exits(app: Desktop) -> None:
    again = app.sayso()
    assert again.returncode == 0, again.stderr
    wait_until(lambda: "Settings" in " ".join(app.titles()), "the settings window")
    assert app.status()["state"] == "idle"
    assert app.stop_app() == 0, "an open window does not prevent the exit"


@pytest.mark.parametrize("command", ["start", "stop", "toggle", "cancel", "quit", "status"])
def test_a_command_exits_with_3_if_sayso_is_not_running(desktop: Desktop, command: str) -> None:
    done = desktop.sayso(command)
    assert done.returncode == 3
    assert "Sayso" in done.stderr
    assert "Traceback" not in done.stderr


def test_quit_exits_cleanly_and_removes_the_socket(desktop: Desktop) -> None:
    desktop.start_app()
    assert desktop.stop_app() == 0
    assert desktop.sayso("status").returncode == 3
    assert not [path for path in desktop.home.rglob("*") if path.is_socket()]


def test_sayso_can_be_started_after_it_was_killed(desktop: Desktop) -> None:
    desktop.start_app()
    desktop.kill_app()
    assert desktop.sayso("status").returncode == 3
    desktop.start_app()
    assert desktop.status()["state"] == "idle"


def test_commands_import_no_heavy_libraries(app: Desktop) -> None:
    """This makes `sayso start` fast enough for a key binding; tests/bench measures the time."""
    seen = subprocess.run(
        [*COMMAND, "status", "--json"], env=app.environ | {"PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    imported = set(re.findall(r"\|\s+(\w+)", seen.stderr))
    assert "socket" in imported
    assert not imported & {"PySide6", "numpy", "asyncio", "attrs", "keyring", "sounddevice"}


def test_a_changed_setting_takes_effect_at_once(app: Desktop) -> None:
    assert app.status()["engine"] == "on-device"
    app.configure(endpoint__url="ws://127.0.0.1:9", engine="realtime")
    app.wait_for(engine="realtime")
    app.configure(hotkey__chord="f9")
    with app.hold("F9"):
        app.wait_for(state="listening")
    app.wait_for_take()


def test_an_invalid_setting_is_rejected_and_the_file_is_unchanged(app: Desktop) -> None:
    app.configure(language="en")
    path = Path(app.sayso("config", "path").stdout.strip())
    before = path.read_bytes()
    wrong_key = app.sayso("config", "set", "hotkey.chrod", "f9")
    wrong_value = app.sayso("config", "set", "hotkey.mode", "press")
    assert wrong_key.returncode != 0
    assert "hotkey.chord" in wrong_key.stderr
    assert wrong_value.returncode != 0
    assert "hold" in wrong_value.stderr
    assert "toggle" in wrong_value.stderr
    assert path.read_bytes() == before


def test_config_prints_settings_and_the_path(desktop: Desktop) -> None:
    listed = desktop.sayso("config", "list")
    assert {"engine", "hotkey.chord", "insertion.method"} <= set(
        re.findall(r"^([\w.-]+)", listed.stdout, re.MULTILINE)
    )
    assert desktop.sayso("config", "get", "hotkey.chord").stdout.strip() == "ctrl_r"
    path = Path(desktop.sayso("config", "path").stdout.strip())
    assert path.is_relative_to(desktop.home)


def test_the_doctor_reports_every_check(app: Desktop) -> None:
    app.wait_until_ready()
    done = app.sayso("doctor", "--json")
    assert "Traceback" not in done.stderr
    report = json.loads(done.stdout)
    text = json.dumps(report).lower()
    assert {name for name in DOCTOR_CHECKS if name in text} == DOCTOR_CHECKS
    assert app.sayso("doctor").stdout.count("\n") >= len(DOCTOR_CHECKS)


def test_the_doctor_runs_without_a_display(desktop: Desktop) -> None:
    done = desktop.sayso("doctor", env={"DISPLAY": "", "QT_QPA_PLATFORM": "offscreen"})
    assert "Traceback" not in done.stderr
    assert "display" in done.stdout.lower()


def test_a_missing_display_is_reported_in_one_sentence(desktop: Desktop) -> None:
    done = desktop.sayso(env={"DISPLAY": ""})
    assert done.returncode not in (0, 3)
    assert "display" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_transcribing_a_text_file_exits_with_2_and_one_sentence(
    desktop: Desktop, tmp_path: Path
) -> None:
    path = tmp_path / "shopping.txt"
    path.write_text("eggs", "utf-8")
    done = desktop.sayso("transcribe", str(path))
    assert done.returncode == 2
    assert "shopping.txt" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("where", ["running", "not running"])
def test_no_file_or_log_contains_the_api_key(desktop: Desktop, where: str) -> None:
    desktop.configure(engine="realtime", endpoint__url="ws://127.0.0.1:9")
    if where == "running":
        desktop.start_app()
    stored = desktop.sayso("key", "set", stdin=f"{CANARY}\n")
    assert stored.returncode == 0, stored.stderr
    asked = (("key", "status"), ("doctor",), ("config", "list"))
    shown = [desktop.sayso(*words) for words in asked]
    if where == "running":
        with desktop.hold():
            desktop.wait_for(state="listening")
        desktop.wait_for_take()
        desktop.stop_app()
    desktop.sayso("key", "forget")
    for done in [stored, *shown]:
        assert CANARY not in done.stdout + done.stderr
    files = list(files_below(desktop.home))
    assert files
    assert [path for path in files if contains_api_key(path)] == []


def contains_api_key(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):  # SQLite deletes temporary files
        return CANARY.encode() in path.read_bytes()
    return False


def is_open_to_others(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):  # SQLite deletes temporary files
        return bool(path.stat().st_mode & 0o077)
    return False


def test_files_are_accessible_only_to_the_user(app: Desktop) -> None:
    app.wait_until_ready()
    with app.hold():
        app.wait_for(state="listening")
    app.wait_for_take()
    files = [path for path in files_below(app.home) if path != app.log]
    # The folder of the sockets itself is accessible only to the user.
    files = [path for path in files if not path.is_relative_to(app.home / "run")]
    assert files
    assert [path for path in files if is_open_to_others(path)] == []
