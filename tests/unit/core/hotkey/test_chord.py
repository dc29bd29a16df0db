import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.hotkey import keys
from sayso.core.hotkey.chord import Chord, ChordError, ChordMatcher, ChordRecorder

NO, YES = False, True
CASES = {
    # chord, events (+ pressed, - released), whether each event changes the state of the chord
    "a lone modifier": ("ctrl_r", "+ctrl_r -ctrl_r", [YES, YES]),
    "the other side": ("ctrl_r", "+ctrl_l -ctrl_l", [NO, NO]),
    "both sides": ("ctrl", "+ctrl_l -ctrl_l +ctrl_r -ctrl_r", [YES, YES, YES, YES]),
    "several keys": ("ctrl+space", "+ctrl_l +space -space -ctrl_l", [NO, YES, YES, NO]),
    "several keys in another order": (
        "ctrl+space",
        "+space +ctrl_r -ctrl_r -space",
        [NO, YES, YES, NO],
    ),
    "auto-repeat": ("f8", "+f8 +f8 +f8 -f8", [YES, NO, NO, YES]),
    "an additional key": ("ctrl+a", "+ctrl_l +shift_l +a -a", [NO, NO, NO, NO]),
    "another key while it is held": ("f8", "+f8 +a -a -f8", [YES, NO, NO, YES]),
    "a mouse button": ("mouse8", "+mouse8 -mouse8", [YES, YES]),
}


@pytest.mark.parametrize(("chord", "events", "changes"), CASES.values(), ids=CASES)
def test_key_events_are_converted_into_chord_changes(chord, events, changes):
    matcher = ChordMatcher(Chord.parse(chord))
    act = {"+": matcher.press, "-": matcher.release}
    assert [act[event[0]](event[1:]) for event in events.split()] == changes


def test_a_missed_release_is_corrected():
    matcher = ChordMatcher(Chord.parse("ctrl_r"))
    matcher.press("ctrl_r")
    assert not matcher.sync_pressed(frozenset({"ctrl_r"}))
    assert matcher.sync_pressed(frozenset())
    assert not matcher.is_held


WRONG = {
    "empty": ("", "key names joined with +"),
    "an empty name": ("ctrl++", "key names joined with +"),
    "a misspelling": ("ctrl+spcae", "Did you mean space?"),
    "an unknown name": ("hyper+x", "no key called 'hyper'"),
    "a letter alone": ("a", "needed for typing"),
    "space": ("space", "needed for typing"),
}


@pytest.mark.parametrize(("text", "reason"), WRONG.values(), ids=WRONG)
def test_an_invalid_chord_is_refused_with_a_reason(text, reason):
    with pytest.raises(ChordError, match=reason.replace("+", r"\+").replace("?", r"\?")):
        Chord.parse(text)


DISPLAY_NAMES = {
    "ctrl_r": "Right Ctrl",
    "space+alt+ctrl": "Ctrl+Alt+Space",
    "f9": "F9",
    "mouse8": "Back button",
    "mouse12": "Button 12",
    "super+a": "Super+A",
    "page_up": "Page Up",
    "ctrl+esc": "Ctrl+Esc",
}


@pytest.mark.parametrize(("chord", "display_name"), DISPLAY_NAMES.items(), ids=DISPLAY_NAMES)
def test_a_chord_has_a_display_name(chord, display_name):
    assert Chord.parse(chord).display_name == display_name


@given(st.sets(st.sampled_from(sorted(keys.NAMED_KEYS)), min_size=1, max_size=4))
def test_a_chord_can_be_parsed_from_its_text(names):
    if names <= {"space", "enter", "tab", "esc"}:
        names.add("ctrl")
    chord = Chord(frozenset(names))
    assert Chord.parse(str(chord)) == chord


RECORDED = {
    "a lone modifier": ("+ctrl_r -ctrl_r", "ctrl_r"),
    "a chord": ("+ctrl_l +alt_l +space -space", "ctrl_l+alt_l+space"),
    "escape alone": ("+esc -esc", ""),
    "a key pressed before the recording": ("-enter +f9 -f9", "f9"),
}


@pytest.mark.parametrize(("events", "chord"), RECORDED.values(), ids=RECORDED)
def test_the_held_chord_is_recorded(events, chord):
    recorder, answer = ChordRecorder(), None
    for event in events.split():
        if event[0] == "+":
            recorder.press(event[1:])
        else:
            answer = recorder.release(event[1:])
    assert answer == chord
