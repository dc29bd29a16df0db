"""Dictation on a real desktop: hold a key, speak, release, and the text is in the window."""

from __future__ import annotations

import subprocess
import time
import unicodedata
from collections.abc import Callable

import jiwer
import pytest

from service import StandIn

from .desktop_fixture import Desktop
from .editors import EDITORS, Editor
from .processes import wait_until
from .sound import MICROPHONE, speech_clips

CLIPS = speech_clips()
NAMES = [kind.name for kind in EDITORS]
MAX_WORD_ERROR_RATE = 0.2
"""Word error rate allowed for one clip; Whisper base has less than 5 % on average."""
MIXED = "Grüße, naïve café; Привет, Ελλάδα, 你好, שלום, سلام 👍🏽 👩\u200d👩\u200d👧!"

OpenEditor = Callable[[str], Editor]
Scripted = Callable[..., StandIn]


def word_error_rate(text: str, reference: str) -> float:
    """Return the word error rate, ignoring case and punctuation."""
    plain = jiwer.Compose(
        [
            jiwer.ToLowerCase(),
            jiwer.SubstituteRegexes({r"[-—–]": " "}),
            jiwer.RemovePunctuation(),
            jiwer.RemoveMultipleSpaces(),
            jiwer.Strip(),
        ]
    )
    return float(jiwer.wer(plain(reference), plain(text)))


def start_with_service(
    desktop: Desktop, service: StandIn, key: str | None = None, **settings: str
) -> None:
    """Start Sayso with this service as its engine and wait until it is ready."""
    desktop.configure(engine="realtime", endpoint__url=service.url)
    stored = desktop.sayso("key", "set", stdin=f"{key or service.key}\n")
    assert stored.returncode == 0, stored.stderr
    desktop.start_app(**settings)
    desktop.wait_until_ready()


def play_speech(desktop: Desktop) -> None:
    desktop.sound.play(CLIPS[0][0])


# Correct text in every editor, with both engines


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", NAMES)
def test_speech_transcribed_on_device_is_inserted(
    kind: str, desktop: Desktop, editor: OpenEditor
) -> None:
    desktop.start_app(language="en")
    desktop.wait_until_ready()
    window = editor(kind)
    path, said = CLIPS[0]
    take = desktop.dictate(path)
    assert take["error"] is None
    assert word_error_rate(take["text"], said) <= MAX_WORD_ERROR_RATE
    wait_until(lambda: window.text().strip() == take["text"], f"{take['text']!r} in {kind}")
    assert take["timings"]["key_up"] < take["timings"]["final"] < take["timings"]["inserted"]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", NAMES)
def test_speech_transcribed_by_a_server_is_inserted(
    kind: str, desktop: Desktop, editor: OpenEditor, transcribing_service: StandIn
) -> None:
    start_with_service(desktop, transcribing_service)
    window = editor(kind)
    path, said = CLIPS[3]
    take = desktop.dictate(path)
    assert take["error"] is None
    assert word_error_rate(take["text"], said) <= MAX_WORD_ERROR_RATE
    wait_until(lambda: window.text().strip() == take["text"], f"{take['text']!r} in {kind}")
    assert transcribing_service.record.dropped_bytes == 0
    assert transcribing_service.record.too_early_bytes == 0


@pytest.mark.parametrize("kind", NAMES)
def test_text_in_many_scripts_is_inserted_unchanged(
    kind: str, desktop: Desktop, editor: OpenEditor, scripted: Scripted
) -> None:
    start_with_service(desktop, scripted(MIXED))
    window = editor(kind)
    take = desktop.dictate(CLIPS[2][0])
    assert take["error"] is None
    assert take["text"] == MIXED
    wait_until(lambda: window.text().strip() == MIXED, f"the text in {kind}")


def test_control_characters_are_not_inserted(
    desktop: Desktop, editor: OpenEditor, scripted: Scripted
) -> None:
    start_with_service(desktop, scripted("rm -rf\x1b[2J\r\n \u202esdrow\u202c \x07ok\x00"))
    window = editor("xterm")
    take = desktop.dictate(CLIPS[2][0])
    wait_until(lambda: "ok" in window.text(), "the text")
    assert "sdrow" in take["text"]
    for text in (take["text"], window.text().strip()):
        kinds = {unicodedata.category(character) for character in text}
        assert not kinds & {"Cc", "Cf"}, repr(text)


# Starting and stopping


def test_toggle_mode_records_between_two_taps(
    desktop: Desktop, editor: OpenEditor, scripted: Scripted
) -> None:
    start_with_service(desktop, scripted("Between two taps."), hotkey__mode="toggle")
    window = editor("GTK")
    desktop.display.tap("Control_R")
    desktop.wait_for(state="listening")
    play_speech(desktop)
    assert desktop.status()["state"] == "listening"
    desktop.display.tap("Control_R")
    assert desktop.wait_for_take()["text"] == "Between two taps."
    wait_until(lambda: window.text().strip() == "Between two taps.", "the text")


def test_commands_start_and_stop(desktop: Desktop, editor: OpenEditor, scripted: Scripted) -> None:
    start_with_service(desktop, scripted("By command."))
    window = editor("GTK")
    assert desktop.sayso("start").returncode == 0
    desktop.wait_for(state="listening")
    play_speech(desktop)
    assert desktop.sayso("stop").returncode == 0
    assert desktop.wait_for_take()["outcome"] == "inserted"
    wait_until(lambda: window.text().strip() == "By command.", "the text")


@pytest.mark.parametrize("chord", ["F9", "F8"])
def test_the_hotkey_is_not_passed_to_the_window(
    chord: str, desktop: Desktop, editor: OpenEditor, scripted: Scripted
) -> None:
    start_with_service(desktop, scripted("Only this."), hotkey__chord=chord.lower())
    window = editor("xterm")
    desktop.dictate(CLIPS[2][0], key=chord)
    wait_until(lambda: window.text().strip() == "Only this.", "only the text")


def test_escape_cancels_and_keeps_the_recording(
    desktop: Desktop, editor: OpenEditor, scripted: Scripted
) -> None:
    start_with_service(desktop, scripted("Never typed."))
    window = editor("GTK")
    with desktop.hold():
        desktop.wait_for(state="listening")
        play_speech(desktop)
        desktop.display.tap("Escape")
        take = desktop.wait_for_take()
    assert take["outcome"] == "cancelled"
    assert desktop.recording_path(take["id"])
    assert desktop.status()["state"] == "idle"
    assert window.text().strip() == ""


def test_a_shortcut_with_the_hotkey_is_not_a_dictation(
    desktop: Desktop, editor: OpenEditor, scripted: Scripted
) -> None:
    start_with_service(desktop, scripted("Never typed."))
    window = editor("GTK")
    with desktop.hold():
        desktop.display.tap("a")
    desktop.wait_for(state="idle")
    assert desktop.status()["last"] is None
    assert window.text().strip() == ""


def test_a_press_while_a_take_is_finishing_starts_the_next(
    desktop: Desktop, editor: OpenEditor, scripted: Scripted
) -> None:
    start_with_service(desktop, scripted("First this.", "Then that.", latency_s=1.0))
    window = editor("GTK")
    for _ in range(2):
        with desktop.hold():
            desktop.wait_for(state="listening")
            play_speech(desktop)
    wait_until(lambda: window.text().strip() == "First this. Then that.", "both texts, in order")


def test_silence_inserts_nothing(desktop: Desktop, editor: OpenEditor) -> None:
    desktop.start_app()
    desktop.wait_until_ready()
    window = editor("GTK")
    with desktop.hold():
        desktop.wait_for(state="listening")
        wait_until(lambda: desktop.has_recorded(1.0), "a second of silence")
    take = desktop.wait_for_take()
    assert (take["outcome"], take["text"]) == ("nothing", "")
    assert window.text().strip() == ""


def test_text_can_be_copied_instead(desktop: Desktop, scripted: Scripted) -> None:
    start_with_service(desktop, scripted("On the clipboard."), insertion__method="copy")
    take = desktop.dictate(CLIPS[4][0])
    assert take["inserted_by"] == "copy"
    pasted = subprocess.run(
        ["xclip", "-selection", "clipboard", "-o"],
        env=desktop.environ, capture_output=True, text=True, timeout=10, check=True,
    )  # fmt: skip
    assert pasted.stdout == "On the clipboard."
    assert desktop.stop_app() == 0, "while its text is still on the clipboard"


# Failures


def test_text_is_held_when_the_window_changes(
    desktop: Desktop, editor: OpenEditor, scripted: Scripted
) -> None:
    start_with_service(desktop, scripted("For the first window.", latency_s=1.0))
    second = editor("xterm")
    other_window = desktop.display.active_window()
    first = editor("GTK")
    with desktop.hold():
        desktop.wait_for(state="listening")
        play_speech(desktop)
        desktop.activate(other_window)
    take = desktop.wait_for_take()
    assert (take["outcome"], take["text"]) == ("held", "For the first window.")
    assert desktop.status()["held"] == "For the first window."
    assert (first.text().strip(), second.text().strip()) == ("", "")


def test_a_wrong_key_is_reported_and_the_recording_is_kept(
    desktop: Desktop, editor: OpenEditor, scripted: Scripted
) -> None:
    service = scripted("Never heard.")
    start_with_service(desktop, service, key="sk-wrong-0000")
    window = editor("GTK")
    take = desktop.dictate(CLIPS[0][0])
    assert "127.0.0.1" in take["error"]
    assert "key" in take["error"].lower()
    assert "sk-wrong-0000" not in str(desktop.status())
    assert desktop.recording_path(take["id"])
    assert take["duration_s"] > 6, "audio after the failure is recorded too"
    assert window.text().strip() == ""


def test_an_unreachable_server_is_reported_and_the_recording_is_kept(
    desktop: Desktop, scripted: Scripted
) -> None:
    start_with_service(desktop, scripted("Nobody."), endpoint__url="ws://127.0.0.1:9/v1/realtime")
    take = desktop.dictate(CLIPS[0][0])
    assert "127.0.0.1" in take["error"]
    assert desktop.recording_path(take["id"])


def test_an_unplugged_microphone_is_reported(desktop: Desktop, scripted: Scripted) -> None:
    start_with_service(desktop, scripted("Never heard."))
    desktop.sound.unplug(MICROPHONE)
    try:
        with desktop.hold():
            wait_until(lambda: desktop.status()["problem"], "a problem is reported")
        assert "microphone" in desktop.status()["problem"].lower()
    finally:
        desktop.sound.add_microphone(MICROPHONE)


def test_a_short_interruption_of_the_microphone_does_not_end_the_take(
    desktop: Desktop, scripted: Scripted
) -> None:
    start_with_service(desktop, scripted("All of it but a moment."))
    playing = desktop.sound.start_playing(CLIPS[0][0])
    with desktop.hold():
        desktop.wait_for(state="listening")
        wait_until(lambda: desktop.has_recorded(1.0), "a second of speech")
        desktop.sound.suspend(True)
        taken_s = time.monotonic()
        try:
            wait_until(lambda: time.monotonic() - taken_s > 1.0, "the interruption is long enough")
        finally:
            desktop.sound.suspend(False)
        wait_until(lambda: desktop.has_recorded(2.0), "audio after the interruption")
        assert desktop.status()["state"] == "listening"
        playing.wait()
    take = desktop.wait_for_take()
    assert take["text"] == "All of it but a moment."
    assert desktop.recording_path(take["id"])
    # The indicator may show a newer problem, such as silence after the clip.
    log = (desktop.home / "state" / "sayso" / "log" / "sayso.log").read_text("utf-8")
    assert " s were not recorded when the microphone changed." in log
