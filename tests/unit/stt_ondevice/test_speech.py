import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.stt.ondevice.speech import (
    FRAME_S,
    FRAME_SAMPLES,
    PAD_S,
    PART_PAUSE_FRAMES,
    PART_S,
    RATE_HZ,
    Speech,
)

LOUD, SOFT, NO = 0.95, 0.4, 0.05
PAD = round(PAD_S * RATE_HZ)


def listened(*runs):
    """Each run is (frames, probability)."""
    speech, total = Speech(), 0
    for frames, probability in runs:
        for _ in range(frames):
            speech.feed(probability)
        total += frames * FRAME_SAMPLES
    return speech, total


NOTHING = {
    "nothing at all": [],
    "silence": [(300, NO)],
    "noise that is never certain": [(20, NO), (20, 0.66), (20, NO)],
    "clicks": [(10, NO), (2, LOUD)] * 20,
    "too short to be a word": [(10, NO), (5, LOUD), (10, NO)],
}


@pytest.mark.parametrize("runs", NOTHING.values(), ids=NOTHING)
def test_what_is_no_speech_gives_no_spans(runs):
    speech, total = listened(*runs)
    assert speech.spans(total) == []


def frames(first, last):
    return (first * FRAME_SAMPLES, last * FRAME_SAMPLES)


SPOKEN = {
    "a short word": ([(50, NO), (7, LOUD), (50, NO)], [(50, 57)]),
    "a word with a soft middle": ([(50, NO), (4, LOUD), (4, SOFT), (4, LOUD)], [(50, 62)]),
    "a pause for breath": ([(50, NO), (20, LOUD), (30, NO), (20, LOUD), (50, NO)], [(50, 120)]),
    "a pause to think": (
        [(50, NO), (20, LOUD), (200, NO), (20, LOUD), (50, NO)],
        [(50, 70), (270, 290)],
    ),
    "until the key came up": ([(50, NO), (20, LOUD)], [(50, 70)]),
    "a click in a pause": (
        [(50, NO), (20, LOUD), (60, NO), (2, LOUD), (60, NO), (20, LOUD), (50, NO)],
        [(50, 70), (192, 212)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("runs", "spans"), SPOKEN.values(), ids=SPOKEN)
def test_speech_is_kept_with_some_room_around_it(runs, spans):
    speech, total = listened(*runs)
    assert speech.spans(total) == [
        (a - PAD, min(total, b + PAD)) for a, b in (frames(*span) for span in spans)
    ]


def test_asking_in_between_changes_nothing():
    speech, _ = listened((50, NO), (20, LOUD))
    assert speech.heard_s == pytest.approx(20 * FRAME_S)
    assert speech.spans(70 * FRAME_SAMPLES) == speech.spans(70 * FRAME_SAMPLES)
    for _ in range(20):
        speech.feed(LOUD)
    assert speech.heard_s == pytest.approx(40 * FRAME_S)
    assert len(speech.spans(90 * FRAME_SAMPLES)) == 1


def part_of(*runs):
    """The parts that were complete, and the rest."""
    speech, taken = Speech(), []
    for frames, probability in runs:
        for _ in range(frames):
            speech.feed(probability)
            taken += speech.parts()
    return taken, speech


LONG = round(PART_S / FRAME_S) + 1
PAUSE = PART_PAUSE_FRAMES


def test_a_part_is_complete_after_10_s_of_speech_and_a_pause():
    taken, speech = part_of((20, NO), (LONG, LOUD), (PAUSE, NO), (20, LOUD), (PAUSE, NO))
    ((part,),) = taken
    rest = speech.spans((20 + LONG + 2 * PAUSE + 20) * FRAME_SAMPLES)
    end = (20 + LONG) * FRAME_SAMPLES
    assert part[0] == 20 * FRAME_SAMPLES - PAD
    assert end < part[1] <= end + PAD
    assert len(rest) == 1
    assert part[1] <= rest[0][0] < (20 + LONG + PAUSE) * FRAME_SAMPLES


INCOMPLETE = {
    "too little speech": [(LONG // 2, LOUD), (100, NO)],
    "no pause": [(3 * LONG, LOUD)],
    "only short pauses": [(LONG // 4, LOUD), (PAUSE // 2, NO)] * 10,
}


@pytest.mark.parametrize("runs", INCOMPLETE.values(), ids=INCOMPLETE)
def test_no_part_is_taken_early(runs):
    taken, _ = part_of(*runs)
    assert taken == []


def test_what_was_taken_is_not_given_again():
    taken, speech = part_of((LONG, LOUD), (300, NO))
    assert len(taken) == 1
    assert speech.spans(1000 * FRAME_SAMPLES) == []


@given(st.lists(st.floats(0, 1), max_size=400), st.integers(0, FRAME_SAMPLES - 1))
def test_spans_are_in_order_apart_and_within_the_take(probabilities, short_by):
    speech = Speech()
    for probability in probabilities:
        speech.feed(probability)
    total = max(0, len(probabilities) * FRAME_SAMPLES - short_by)
    edges = [edge for span in speech.spans(total) for edge in span]
    assert edges == sorted(edges)
    assert len(set(edges)) == len(edges)
    assert not edges or (edges[0] >= 0 and edges[-1] <= total)
