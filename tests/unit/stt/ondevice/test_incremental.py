import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.stt.ondevice.decoding.quality import Hypothesis
from sayso.stt.ondevice.incremental import (
    MAX_REPLACED_WORDS,
    MAX_SHARE,
    MAX_SKIPPED_WORDS,
    MIN_DECODE_S,
    MIN_OVERLAP_S,
    SEARCH_S,
    PriorDecode,
    align,
    extend,
    overlap_share,
    overlap_start,
)
from sayso.stt.ondevice.samples import RATE_HZ

FITTED = {
    "on": ("We came home and it", "home and it was late.", "We came home and it was late."),
    "the second end is right": (
        "We came home and it was late.", "and it was late at night.",
        "We came home and it was late at night.",
    ),
    "the first beginning is right": (
        "We all came home and it", "recall came home and it was late.",
        "We all came home and it was late.",
    ),
    "last words that were cut": (
        "We came home and it washed the", "home and it was late.", "We came home and it was late.",
    ),
    "case and signs do not matter": (
        "We came home, and it.", "Home and it was late.", "We came home, and it was late.",
    ),
    "the longest": (
        "it was hot, it was cold, it was", "it was cold, it was late.",
        "it was hot, it was cold, it was late.",
    ),
    "one long word": ("He did it himself in", "Himself and she", "He did it himself and she"),
    "one short word": ("He did it now in", "now and she", None),
    "one short word where they meet": (
        "He did it. She", "She asked him.", "He did it. She asked him.",
    ),
    "nothing": ("We came home.", "It was late.", None),
    "too much at the end": ("We came home and one two three four", "home and it was late.", None),
    "too much at the beginning": ("We came home and", "one two three four five home and it", None),
    "no words": ("", "", None),
    "signs are no words": ("We came ... ...", "... ... It was late.", None),
    "all of it": ("It was late.", "It was late.", "It was late."),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "text"), FITTED.values(), ids=FITTED)
def test_two_texts_with_words_in_common(before, after, text):
    assert align(before, after, share=0.5) == text


SAID = "He did it himself."
AGAIN = {
    "said once": (f"{SAID} And", f"{SAID} And so", 0.8, f"{SAID} And so"),
    "said twice": (f"{SAID} He did.", SAID, 0.3, f"{SAID} {SAID}"),
    "and all of it again": (f"{SAID} {SAID}", SAID, 0.5, f"{SAID} {SAID}"),
    "said three times": (f"{SAID} {SAID}", f"{SAID} {SAID}", 0.5, f"{SAID} {SAID} {SAID}"),
}


@pytest.mark.parametrize(("before", "after", "share", "text"), AGAIN.values(), ids=AGAIN)
def test_who_says_the_same_again_loses_nothing(before, after, share, text):
    assert align(before, after, share) == text


@given(
    st.lists(st.integers(1000, 9999), unique=True, min_size=3, max_size=20),
    st.data(),
)
def test_every_word_is_there_once_whatever_was_cut_at_the_ends(words, data):
    said = [f"w{word}" for word in words]
    begin = data.draw(st.integers(0, len(said) - 2))
    stop = data.draw(st.integers(begin + 2, len(said)))
    last = data.draw(st.integers(0, MAX_REPLACED_WORDS))
    first = data.draw(st.integers(0, min(MAX_SKIPPED_WORDS, begin)))
    before = " ".join([*said[:stop], *["cut"] * last])
    after = " ".join([*["torn"] * first, *said[begin:]])
    share = (stop - begin + last) / (stop + last)
    assert align(before, after, share) == " ".join(said)


SIGNS = st.text(" .,", min_size=1, max_size=2)


@given(st.lists(st.tuples(st.sampled_from("abc"), SIGNS), max_size=9), st.integers(0, 9), SIGNS)
def test_nothing_is_made_up_where_it_is_ambiguous(rows, overlap, sign):
    words = [letter + signs for letter, signs in rows]
    before, after = "".join(words), "".join([*words[len(words) - overlap :], sign, "b", "c"])
    text = align(before, after, share=0.4)
    assert text is not None or overlap < 2 or len(words) < 2
    cuts = range(len(text or "") + 1)
    assert not text or any(
        before.startswith(text[:cut]) and after.endswith(text[cut:]) for cut in cuts
    )


UNSPACED = {
    "on": ("今日は天気がい", "天気がいいです。", "今日は天気がいいです。"),
    "last letters that were cut": (
        "今日は天気がいい、また", "天気がいいですね。", "今日は天気がいいですね。"
    ),
    "too few": ("今日は天気", "天気がいい", None),
    "signs do not matter": ("今日は。天気が", "は、天気がいい", "今日は。天気がいい"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "text"), UNSPACED.values(), ids=UNSPACED)
def test_two_texts_without_spaces_with_letters_in_common(before, after, text):
    assert align(before, after, share=0.5, spaced=False) == text


def test_the_share_that_is_said_again_is_told_without_its_pauses():
    samples = sound(8)
    samples[2 * RATE_HZ : 5 * RATE_HZ] *= 0.001
    assert overlap_share(samples, 6 * RATE_HZ, 8 * RATE_HZ) == pytest.approx(0.4, abs=0.01)
    assert overlap_share(samples, 6 * RATE_HZ, 7 * RATE_HZ) == pytest.approx(0.25, abs=0.01)
    assert overlap_share(samples * 0, 6 * RATE_HZ, 7 * RATE_HZ) == 0.0


def sound(duration_s, *quiet_s):
    """Noise with quiet tenths of a second at these moments."""
    samples = np.random.default_rng(0).standard_normal(round(duration_s * RATE_HZ), np.float32)
    for at_s in quiet_s:
        samples[round((at_s - 0.05) * RATE_HZ) : round((at_s + 0.05) * RATE_HZ)] *= 0.001
    return samples


def test_it_begins_where_it_is_quiet():
    assert overlap_start(sound(8, 1, 4.2, 7), 6 * RATE_HZ) == pytest.approx(4.2 * RATE_HZ, abs=500)


@pytest.mark.parametrize(("duration_s", "known_s"), [(4, 3.9), (3, 0.5), (9, 2), (30, 2.8)])
def test_it_does_not_begin_where_little_is_gained(duration_s, known_s):
    assert overlap_start(sound(duration_s), round(known_s * RATE_HZ)) is None


@given(st.floats(0.5, 15), st.floats(0.1, 1), st.floats(0, 15))
def test_enough_is_decoded_twice_and_anew(duration_s, share, quiet_s):
    samples = sound(duration_s, quiet_s)
    known = round(share * len(samples))
    begin = overlap_start(samples, known)
    if begin is not None:
        edge = 2000  # what is quiet has its middle so far from where it was looked for
        assert known - begin >= MIN_OVERLAP_S * RATE_HZ - edge
        assert MIN_DECODE_S * RATE_HZ - edge <= len(samples) - begin <= MAX_SHARE * len(samples)
        assert (
            begin
            >= min(known, len(samples) - MIN_DECODE_S * RATE_HZ)
            - (SEARCH_S + MIN_OVERLAP_S) * RATE_HZ
        )


def draft(text, log_prob=0.0):
    return Hypothesis(text, (), 0, 99, log_prob, 0.0, 0.0, "en")


class Decode:
    """Hears a word in each second: its number."""

    def __init__(self, log_prob=0.0, says=None):
        self.lengths, self.log_prob, self.says = [], log_prob, says

    def __call__(self, samples):
        self.lengths.append(len(samples))
        words = [str(second) for second in range(9) if second + 0.5 in samples]
        return draft(self.says or " ".join(words), self.log_prob)


def seconds(duration_s):
    """Each sample is the number of its second; in the middle of a second, and a half."""
    samples = (np.arange(duration_s * RATE_HZ) // RATE_HZ).astype(np.float32)
    samples[RATE_HZ // 2 :: RATE_HZ] += 0.5
    return samples


KNOWN = PriorDecode(6 * RATE_HZ, draft("0 1 2 3 4 5"))


def test_the_rest_is_decoded_and_fitted_on():
    guess, decode = Decode(), Decode()
    found = extend(guess, decode, seconds(8), [PriorDecode(3 * RATE_HZ, draft("0 1 2")), KNOWN])
    assert found.text == "0 1 2 3 4 5 6 7"
    assert found.duration_s == 8
    assert decode.lengths == []
    assert len(guess.lengths) == 1
    assert 3 * RATE_HZ < guess.lengths[0] < 5 * RATE_HZ


WHOLE = {
    "nothing is known": [],
    "what is known is doubtful": [
        attrs.evolve(KNOWN, hypothesis=draft("0 1 2 3 4 5", log_prob=-2.0)),
    ],
    "what is known has what comes later in it": [attrs.evolve(KNOWN, sample_count=130_000)],
    "little of it is known": [PriorDecode(2 * RATE_HZ, draft("0 1"))],
}  # fmt: skip


@pytest.mark.parametrize("known", WHOLE.values(), ids=WHOLE)
def test_all_is_decoded_where(known):
    guess, decode = Decode(), Decode()
    assert extend(guess, decode, seconds(8), known).text == "0 1 2 3 4 5 6 7"
    assert (guess.lengths, decode.lengths) == ([], [8 * RATE_HZ])


@pytest.mark.parametrize("guess", [Decode(log_prob=-2.0), Decode(says="no")])
def test_all_is_decoded_after_all_where_the_rest_is_doubtful_or_does_not_fit(guess):
    decode = Decode()
    assert extend(guess, decode, seconds(8), [KNOWN]).text == "0 1 2 3 4 5 6 7"
    assert (len(guess.lengths), decode.lengths) == (1, [8 * RATE_HZ])
