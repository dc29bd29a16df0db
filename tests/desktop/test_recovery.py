"""Recovery after a kill during a dictation, and inserting text from the history."""

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
"""Center of the button, in pixels from the right edge of the indicator window."""


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
    wait_until(lambda: window.text().strip() == "Say it again.", "the text is inserted")
    assert desktop.sayso("history").returncode == 0
    wait_until(lambda: "Sayso History" in desktop.titles(), "the history window")
    wait_until(
        lambda: desktop.display.active_window() != window.window, "the history window has the focus"
    )
    for key in ("Tab", "Tab", "Down", "Return"):  # past the program filter, into the list
        desktop.display.tap(key)
    wait_until(lambda: window.text().count("Say it again.") == 2, "the text is inserted again")
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
    wait_until(lambda: desktop.status()["held"], "the text is recovered", 60)
    back = normalized(desktop.status()["held"]).split()
    assert len(back) >= 5
    assert jiwer.wer(" ".join(said.split()[: len(back)]), " ".join(back)) < 0.5
    desktop.click_indicator(TYPE_BUTTON_X)
    take = desktop.wait_for_take()
    assert take["outcome"] == "inserted"
    wait_until(lambda: take["text"] in window.text(), "the text is inserted")
    (kept,) = json.loads(desktop.sayso("history", "list", "--json").stdout)
    assert (kept["text"], kept["outcome"]) == (take["text"], "inserted")
    path = desktop.recording_path(kept["id"])
    assert path is not None
    assert path.suffix == ".flac"
    assert not desktop.status()["held"]
