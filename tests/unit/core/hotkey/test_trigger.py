# ruff: noqa: E501  a row of a table is a line
import pytest

from sayso.core.dictation.state_machine import MAX_TAIL_S
from sayso.core.hotkey.chord import Chord
from sayso.core.hotkey.trigger import MAX_TAP_MS, SHORTCUT_WINDOW_MS, Trigger

CASES = {
    "hold": ("ctrl_r", "hold", "0+ctrl_r 900-ctrl_r", ["start", "stop"]),
    "hold, auto-repeat": ("f9", "hold", "0+f9 600+f9 640+f9 900-f9", ["start", "stop"]),
    "hold, a shortcut": ("ctrl_r", "hold", "0+ctrl_r 150+c 200-c 300-ctrl_r", ["start", "discard"]),
    "hold, another key much later": ("ctrl_r", "hold", "0+ctrl_r 900+c 950-c 999-ctrl_r", ["start", "stop"]),
    "hold, another key with F9": ("f9", "hold", "0+f9 100+c 150-c 300-f9", ["start", "stop"]),
    "hold, escape": ("ctrl_r", "hold", "0+ctrl_r 500+esc 550-esc 900-ctrl_r", ["start", "cancel"]),
    "escape without a take": ("ctrl_r", "hold", "0+esc 50-esc", []),
    "toggle": ("f9", "toggle", "0+f9 90-f9 2000+f9 2090-f9", ["start-hands-free", "stop"]),
    "toggle by a modifier": (
        "ctrl_r", "toggle", "0+ctrl_r 90-ctrl_r 2000+ctrl_r 2090-ctrl_r", ["start-hands-free", "stop"],
    ),
    "toggle by a modifier, a shortcut does not start": (
        "ctrl_r", "toggle", "0+ctrl_r 90+c 120-c 150-ctrl_r", ["start-hands-free", "discard"],
    ),
    "toggle by a modifier, a shortcut does not stop": (
        "ctrl_r", "toggle", "0+ctrl_r 90-ctrl_r 900+ctrl_r 950+c 980-c 999-ctrl_r", ["start-hands-free"],
    ),
    "toggle, escape": ("f9", "toggle", "0+f9 90-f9 2000+esc 2090-esc", ["start-hands-free", "cancel"]),
    "tap-or-hold, held": ("f9", "tap-or-hold", "0+f9 900-f9", ["start", "stop"]),
    "tap-or-hold, tapped": ("f9", "tap-or-hold", "0+f9 200-f9 900+f9 999-f9", ["start", "hands-free", "stop"]),
    "tap-or-hold by a modifier": (
        "ctrl_r", "tap-or-hold", "0+ctrl_r 200-ctrl_r 900+ctrl_r 999-ctrl_r", ["start", "hands-free", "stop"],
    ),
}  # fmt: skip
STOPS = {"stop", "cancel", "discard"}


def intents_of(trigger, events):
    """Return the intents of events such as 0+f9 (ms, pressed or released, key)."""
    intents, recording = [], False
    for event in events.split():
        at = event.index("+" if "+" in event else "-")
        act = trigger.press if event[at] == "+" else trigger.release
        for intent in act(event[at + 1 :], float(event[:at]), recording=recording):
            intents.append(intent)
            recording = intent not in STOPS
    return intents


@pytest.mark.parametrize(("chord", "mode", "events", "intents"), CASES.values(), ids=CASES)
def test_keys_are_converted_into_intents(chord, mode, events, intents):
    assert intents_of(Trigger(Chord.parse(chord), mode), events) == intents


def test_releasing_the_chord_stops_a_take_started_by_a_command():
    trigger = Trigger(Chord.parse("f9"), "hold")
    assert trigger.press("f9", 0, recording=True) == []
    assert trigger.release("f9", 900, recording=True) == ["stop"]


def test_a_missed_release_ends_the_hold():
    trigger = Trigger(Chord.parse("ctrl_r"), "hold")
    trigger.press("ctrl_r", 0, recording=False)
    assert trigger.is_held
    assert trigger.sync_pressed(frozenset({"ctrl_r"}), 500, recording=True) == []
    assert trigger.sync_pressed(frozenset(), 700, recording=True) == ["stop"]
    assert not trigger.is_held


def test_a_release_after_a_cancel_does_nothing():
    trigger = Trigger(Chord.parse("ctrl_r"), "hold")
    trigger.press("ctrl_r", 0, recording=False)
    assert trigger.release("ctrl_r", 900, recording=False) == []


def test_a_tap_may_be_longer_than_the_shortcut_window_and_the_tail():
    assert MAX_TAP_MS > SHORTCUT_WINDOW_MS >= MAX_TAIL_S * 1000
