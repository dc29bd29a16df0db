"""Killed while a person speaks, and started again."""

from __future__ import annotations

import json
from collections.abc import Callable

import jiwer

from service import StandIn

from .desktop_fixture import Desktop
from .editors import Editor
from .processes import wait_until
from .sound import speech_clips

TYPE_BUTTON_X = 176
"""Its middle, in pixels from the right edge of the pill's window."""


def normalized(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalpha() or c == " ")


def test_text_from_the_history_is_inserted_into_the_window_that_had_focus(
    desktop: Desktop, editor: Callable[[str], Editor], scripted: Callable[..., StandIn]
) -> None:
    service = scripted("Say it again.")
    desktop.configure(engine="realtime", endpoint__url=service.url, language="en")
    assert desktop.sayso("key", "set", stdin=f"{service.key}\n").returncode == 0
    desktop.start_app()
    desktop.wait_until_ready()
    window = editor("GTK")
    desktop.dictate(speech_clips()[2][0])
    wait_until(lambda: window.text().strip() == "Say it again.", "the words are typed")
    assert desktop.sayso("history").returncode == 0
    wait_until(lambda: "Sayso History" in desktop.titles(), "the history is shown")
    wait_until(lambda: desktop.display.active_window() != window.window, "and has the focus")
    for key in ("Tab", "Tab", "Down", "Return"):  # past the programs, into the list
        desktop.display.tap(key)
    wait_until(lambda: window.text().count("Say it again.") == 2, "they are typed again")
    assert "Sayso History" not in desktop.titles()


def test_a_take_interrupted_by_a_kill_is_recovered_at_the_next_start(
    desktop: Desktop, editor: Callable[[str], Editor]
) -> None:
    clip, said = speech_clips()[0]
    desktop.start_app(language="en")
    desktop.wait_until_ready()
    with desktop.hold():
        desktop.wait_for(state="listening")
        playing = desktop.sound.start_playing(clip)
        wait_until(lambda: desktop.has_recorded(4.0), "four seconds of speech")
        desktop.kill_app()
    playing.wait()
    assert desktop.sayso("history", "list").stdout == ""
    window = editor("xterm")
    desktop.start_app()
    wait_until(lambda: desktop.status()["held"], "the words are back", 60)
    back = normalized(desktop.status()["held"]).split()
    assert len(back) >= 5
    assert jiwer.wer(" ".join(said.split()[: len(back)]), " ".join(back)) < 0.5
    desktop.click_indicator(TYPE_BUTTON_X)
    take = desktop.wait_for_take()
    assert take["outcome"] == "inserted"
    wait_until(lambda: take["text"] in window.text(), "the words are typed")
    (kept,) = json.loads(desktop.sayso("history", "list", "--json").stdout)
    assert (kept["text"], kept["outcome"]) == (take["text"], "inserted")
    path = desktop.recording_path(kept["id"])
    assert path is not None
    assert path.suffix == ".flac"
    assert not desktop.status()["held"]
