import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.hotkey import keys
from sayso.core.hotkey.chord import Chord, ChordChange, ChordError, ChordMatcher, ChordRecorder

N, P, R = ChordChange.NONE, ChordChange.PRESSED, ChordChange.RELEASED
CASES = {
    "a lone modifier": ("ctrl_r", "+ctrl_r -ctrl_r", [P, R]),
    "the other side": ("ctrl_r", "+ctrl_l -ctrl_l", [N, N]),
    "either side": ("ctrl", "+ctrl_l -ctrl_l +ctrl_r -ctrl_r", [P, R, P, R]),
    "in order": ("ctrl+space", "+ctrl_l +space -space -ctrl_l", [N, P, R, N]),
    "any order": ("ctrl+space", "+space +ctrl_r -ctrl_r -space", [N, P, R, N]),
    "auto-repeat": ("f8", "+f8 +f8 +f8 -f8", [P, N, N, R]),
    "one key too many": ("ctrl+a", "+ctrl_l +shift_l +a -a", [N, N, N, N]),
    "another key does not end it": ("f8", "+f8 +a -a -f8", [P, N, N, R]),
    "a mouse button": ("mouse8", "+mouse8 -mouse8", [P, R]),
}


@pytest.mark.parametrize(("chord", "events", "changes"), CASES.values(), ids=CASES)
def test_changes(chord, events, changes):
    watch = ChordMatcher(Chord.parse(chord))
    act = {"+": watch.press, "-": watch.release}
    assert [act[event[0]](event[1:]) for event in events.split()] == changes


def test_a_missed_release_is_noticed():
    watch = ChordMatcher(Chord.parse("ctrl_r"))
    watch.press("ctrl_r")
    assert watch.sync_pressed(frozenset({"ctrl_r"})) is N
    assert watch.sync_pressed(frozenset()) is R
    assert not watch.is_held


WRONG = {
    "empty": ("", "key names joined with +"),
    "a hole": ("ctrl++", "key names joined with +"),
    "a misspelling": ("ctrl+spcae", "Did you mean space?"),
    "a word": ("hyper+x", "no key called 'hyper'"),
    "a letter": ("a", "needed for typing"),
    "space": ("space", "needed for typing"),
}


@pytest.mark.parametrize(("text", "why"), WRONG.values(), ids=WRONG)
def test_what_is_no_chord_is_told(text, why):
    with pytest.raises(ChordError, match=why.replace("+", r"\+").replace("?", r"\?")):
        Chord.parse(text)


SHOWN = {
    "ctrl_r": "Right Ctrl",
    "space+alt+ctrl": "Ctrl+Alt+Space",
    "f9": "F9",
    "mouse8": "Back button",
    "mouse12": "Button 12",
    "super+a": "Super+A",
    "page_up": "Page Up",
    "ctrl+esc": "Ctrl+Esc",
}


@pytest.mark.parametrize(("chord", "shown"), SHOWN.items(), ids=SHOWN)
def test_how_it_reads(chord, shown):
    assert Chord.parse(chord).display_name == shown


@given(st.sets(st.sampled_from(sorted(keys.NAMED_KEYS)), min_size=1, max_size=4))
def test_a_chord_reads_back(names):
    if names <= {"space", "enter", "tab", "esc"}:
        names.add("ctrl")
    chord = Chord(frozenset(names))
    assert Chord.parse(str(chord)) == chord


RECORDED = {
    "a lone modifier": ("+ctrl_r -ctrl_r", "ctrl_r"),
    "a chord": ("+ctrl_l +alt_l +space -space", "ctrl_l+alt_l+space"),
    "escape keeps the old one": ("+esc -esc", ""),
    "a key from before": ("-enter +f9 -f9", "f9"),
}


@pytest.mark.parametrize(("events", "chord"), RECORDED.values(), ids=RECORDED)
def test_recording(events, chord):
    recorder, answer = ChordRecorder(), None
    for event in events.split():
        if event[0] == "+":
            recorder.press(event[1:])
        else:
            answer = recorder.release(event[1:])
    assert answer == chord
