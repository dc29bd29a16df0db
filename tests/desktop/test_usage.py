"""A used-up budget, and playing a recording."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import subprocess
import time
from collections.abc import Callable

from sayso.core.usage import UsageRecord, month_of
from sayso.storage.usage import UsageStore

from .desktop_fixture import COMMAND, Desktop
from .editors import Editor
from .processes import wait_until
from .sound import speech_clips

CONTINUE_BUTTON_X, ON_DEVICE_BUTTON_X = 248, 138
"""Centers of the buttons, in pixels from the right edge of the indicator window."""


def is_playing(desktop: Desktop) -> bool:
    return bool(desktop.sound.pactl("list", "short", "sink-inputs").strip())


def test_a_used_up_budget_asks_the_user_and_uses_the_on_device_engine(
    desktop: Desktop, editor: Callable[[str], Editor]
) -> None:
    """OpenAI is selected and would cost money; nothing is sent, since there is no API key."""
    today = dt.datetime.now().astimezone().date()
    ledger = UsageStore(desktop.home / "state" / "sayso" / "history.db")
    ledger.add(today, [UsageRecord(endpoint="OpenAI", seconds=600, cost_usd=2.0)])
    desktop.start_app(engine="realtime", monthly_budget_usd="2", language="en")
    window = editor("GTK")
    clip, _ = speech_clips()[2]
    take = desktop.dictate(clip)
    assert (take["outcome"], take["engine"], take["cost_usd"]) == ("inserted", "on-device", 0)
    wait_until(lambda: take["text"] in window.text(), "the text is inserted")
    problem = desktop.status()["problem"]
    assert problem.endswith(" is used up. Nothing is sent until you choose.")
    desktop.click_indicator(CONTINUE_BUTTON_X)
    wait_until(lambda: ledger.month(today).approved_usd == 2.0, "the budget is approved")
    wait_until(lambda: not desktop.status()["problem"], "the question is answered")
    ledger.approve(month_of(today), 0.0)
    assert desktop.dictate(clip)["engine"] == "on-device"
    wait_until(lambda: desktop.status()["problem"], "the question is shown again")
    desktop.click_indicator(ON_DEVICE_BUTTON_X)
    wait_until(lambda: not desktop.status()["problem"], "the question is answered")
    assert desktop.sayso("config", "get", "engine").stdout == "on-device\n"
    usage = json.loads(desktop.sayso("usage", "--json").stdout)
    sums = {one["endpoint"]: one["takes"] for one in usage["endpoints"]}
    assert sums == {"OpenAI": 1, "on-device": 2}


def test_a_recording_can_be_played(desktop: Desktop, editor: Callable[[str], Editor]) -> None:
    desktop.start_app(language="en")
    desktop.wait_until_ready()
    editor("GTK")
    take = desktop.dictate(speech_clips()[2][0])
    wait_until(lambda: not is_playing(desktop), "the cues have ended")
    began_s = time.monotonic()
    playing = subprocess.Popen([*COMMAND, "history", "play", "last"], env=desktop.environ)
    wait_until(lambda: is_playing(desktop), "the recording is played", 20)
    assert playing.wait(30) == 0
    assert time.monotonic() - began_s > take["duration_s"]
    # In the history window, Space plays and stops.
    assert desktop.sayso("history").returncode == 0
    wait_until(lambda: "Sayso History" in desktop.titles(), "the history is shown")
    desktop.activate(desktop.window("Sayso History"))
    for key in ("Tab", "Tab"):
        desktop.display.tap(key)

    def played() -> bool:
        """Retry, because nothing is selected until the list is filled."""
        for key in ("Down", "space"):
            desktop.display.tap(key)
        with contextlib.suppress(AssertionError):
            wait_until(lambda: is_playing(desktop), "the recording is played", 3)
        return is_playing(desktop)

    wait_until(played, "the recording is played from the window", 20)
    desktop.display.tap("space")
    wait_until(lambda: not is_playing(desktop), "the recording is stopped", take["duration_s"] - 3)
