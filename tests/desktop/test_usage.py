"""What a month's dictation takes, and a budget that is used up."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import subprocess
import time
from collections.abc import Callable

from sayso.core.usage import Used, month_of
from sayso.storage.usage import Ledger

from .desktop_fixture import COMMAND, Desktop
from .editors import Editor
from .processes import until
from .sound import speech

GO_ON, USE_THIS_COMPUTER = 248, 138
"""The buttons' middles, in pixels from the right edge of the pill's window."""


def sounding(desktop: Desktop) -> bool:
    return bool(desktop.sound.pactl("list", "short", "sink-inputs").strip())


def test_a_budget_that_is_used_up_asks_and_this_computer_reads_meanwhile(
    desktop: Desktop, editor: Callable[[str], Editor]
) -> None:
    """OpenAI is chosen, and would cost: nothing is sent there, as there is no key."""
    today = dt.datetime.now().astimezone().date()
    ledger = Ledger(desktop.home / "state" / "sayso" / "history.db")
    ledger.count(today, [Used(endpoint="OpenAI", seconds=600, cost_usd=2.0)])
    desktop.start_app(engine="realtime", monthly_budget_usd="2", language="en")
    window = editor("GTK")
    clip, _ = speech()[2]
    take = desktop.say(clip)
    assert (take["outcome"], take["engine"], take["cost_usd"]) == ("inserted", "on-device", 0)
    until(lambda: take["text"] in window.text(), "the words are typed")
    told = desktop.status()["problem"]
    assert told.endswith("’s budget is used up. Nothing is sent until you choose.")
    desktop.click_pill(GO_ON)
    until(lambda: ledger.month(today).allowed_usd == 2.0, "it goes on")
    until(lambda: not desktop.status()["problem"], "the question is answered")
    ledger.allow(month_of(today), 0.0)
    assert desktop.say(clip)["engine"] == "on-device"
    until(lambda: desktop.status()["problem"], "it is asked again")
    desktop.click_pill(USE_THIS_COMPUTER)
    until(lambda: not desktop.status()["problem"], "the question is answered")
    assert desktop.sayso("config", "get", "engine").stdout == "on-device\n"
    usage = json.loads(desktop.sayso("usage", "--json").stdout)
    sums = {one["endpoint"]: one["takes"] for one in usage["endpoints"]}
    assert sums == {"OpenAI": 1, "on-device": 2}


def test_a_recording_is_heard_again(desktop: Desktop, editor: Callable[[str], Editor]) -> None:
    desktop.start_app(language="en")
    desktop.wait_ready()
    editor("GTK")
    take = desktop.say(speech()[2][0])
    until(lambda: not sounding(desktop), "the cues are over")
    began_s = time.monotonic()
    playing = subprocess.Popen([*COMMAND, "history", "play", "last"], env=desktop.environ)
    until(lambda: sounding(desktop), "it is played", 20)
    assert playing.wait(30) == 0
    assert time.monotonic() - began_s > take["duration_s"]
    # In the window: Space plays and stops.
    assert desktop.sayso("history").returncode == 0
    until(lambda: "Sayso History" in desktop.titles(), "the history is shown")
    desktop.activate(desktop.window("Sayso History"))
    for key in ("Tab", "Tab"):
        desktop.display.tap(key)

    def played() -> bool:
        """Until the list is filled, nothing is chosen."""
        for key in ("Down", "space"):
            desktop.display.tap(key)
        with contextlib.suppress(AssertionError):
            until(lambda: sounding(desktop), "it sounds", 3)
        return sounding(desktop)

    until(played, "it is played in the window", 20)
    desktop.display.tap("space")
    until(lambda: not sounding(desktop), "and stopped", take["duration_s"] - 3)
