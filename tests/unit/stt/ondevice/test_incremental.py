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

ALIGNED = {
    "a continued sentence": (
        "We came home and it", "home and it was late.", "We came home and it was late.",
    ),
    "the end comes from the second text": (
        "We came home and it was late.", "and it was late at night.",
        "We came home and it was late at night.",
    ),
    "the beginning comes from the first text": (
        "We all came home and it", "recall came home and it was late.",
        "We all came home and it was late.",
    ),
    "wrong last words are replaced": (
        "We came home and it washed the", "home and it was late.", "We came home and it was late.",
    ),
    "case and punctuation do not matter": (
        "We came home, and it.", "Home and it was late.", "We came home, and it was late.",
    ),
    "the longest match": (
        "it was hot, it was cold, it was", "it was cold, it was late.",
        "it was hot, it was cold, it was late.",
    ),
    "one long word": ("He did it himself in", "Himself and she", "He did it himself and she"),
    "one short word": ("He did it now in", "now and she", None),
    "one short word where the texts meet": (
        "He did it. She", "She asked him.", "He did it. She asked him.",
    ),
    "no common words": ("We came home.", "It was late.", None),
    "too many words to replace": (
        "We came home and one two three four", "home and it was late.", None,
    ),
    "too many words to skip": (
        "We came home and", "one two three four five home and it", None,
    ),
    "no words": ("", "", None),
    "punctuation only": ("We came ... ...", "... ... It was late.", None),
    "identical texts": ("It was late.", "It was late.", "It was late."),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "text"), ALIGNED.values(), ids=ALIGNED)
def test_texts_are_joined_at_their_common_words(before, after, text):
    assert align(before, after, share=0.5) == text


SENTENCE = "He did it himself."
REPEATED = {
    "said once": (f"{SENTENCE} And", f"{SENTENCE} And so", 0.8, f"{SENTENCE} And so"),
    "said twice": (f"{SENTENCE} He did.", SENTENCE, 0.3, f"{SENTENCE} {SENTENCE}"),
    "said twice before": (f"{SENTENCE} {SENTENCE}", SENTENCE, 0.5, f"{SENTENCE} {SENTENCE}"),
    "said three times": (
        f"{SENTENCE} {SENTENCE}", f"{SENTENCE} {SENTENCE}", 0.5,
        f"{SENTENCE} {SENTENCE} {SENTENCE}",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "share", "text"), REPEATED.values(), ids=REPEATED)
def test_repeated_sentences_are_kept(before, after, share, text):
    assert align(before, after, share) == text


@given(st.lists(st.integers(1000, 9999), unique=True, min_size=3, max_size=20), st.data())
def test_every_word_is_in_the_text_once(words, data):
    said = [f"w{word}" for word in words]
    start = data.draw(st.integers(0, len(said) - 2))
    stop = data.draw(st.integers(start + 2, len(said)))
    replaced = data.draw(st.integers(0, MAX_REPLACED_WORDS))
    skipped = data.draw(st.integers(0, min(MAX_SKIPPED_WORDS, start)))
    before = " ".join([*said[:stop], *["cut"] * replaced])
    after = " ".join([*["torn"] * skipped, *said[start:]])
    share = (stop - start + replaced) / (stop + replaced)
    assert align(before, after, share) == " ".join(said)


PUNCTUATION = st.text(" .,", min_size=1, max_size=2)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), PUNCTUATION), max_size=9),
    st.integers(0, 9),
    PUNCTUATION,
)
def test_ambiguous_texts_are_never_invented(rows, overlap, separator):
    words = [letter + punctuation for letter, punctuation in rows]
    before = "".join(words)
    after = "".join([*words[len(words) - overlap :], separator, "b", "c"])
    text = align(before, after, share=0.4)
    assert text is not None or overlap < 2 or len(words) < 2
    cuts = range(len(text or "") + 1)
    assert not text or any(
        before.startswith(text[:cut]) and after.endswith(text[cut:]) for cut in cuts
    )


UNSPACED = {
    "a continued sentence": ("今日は天気がい", "天気がいいです。", "今日は天気がいいです。"),
    "wrong last characters are replaced": (
        "今日は天気がいい、また", "天気がいいですね。", "今日は天気がいいですね。"
    ),
    "too few common characters": ("今日は天気", "天気がいい", None),
    "punctuation does not matter": ("今日は。天気が", "は、天気がいい", "今日は。天気がいい"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "text"), UNSPACED.values(), ids=UNSPACED)
def test_texts_without_spaces_are_joined_at_common_characters(before, after, text):
    assert align(before, after, share=0.5, spaced=False) == text


def noise(duration_s, *quiet_s):
    """Return noise with a quiet tenth of a second at these moments."""
    samples = np.random.default_rng(0).standard_normal(round(duration_s * RATE_HZ), np.float32)
    for at_s in quiet_s:
        samples[round((at_s - 0.05) * RATE_HZ) : round((at_s + 0.05) * RATE_HZ)] *= 0.001
    return samples


def test_pauses_do_not_count_for_the_share_of_the_overlap():
    samples = noise(8)
    samples[2 * RATE_HZ : 5 * RATE_HZ] *= 0.001
    assert overlap_share(samples, 6 * RATE_HZ, 8 * RATE_HZ) == pytest.approx(0.4, abs=0.01)
    assert overlap_share(samples, 6 * RATE_HZ, 7 * RATE_HZ) == pytest.approx(0.25, abs=0.01)
    assert overlap_share(samples * 0, 6 * RATE_HZ, 7 * RATE_HZ) == 0.0


def test_the_overlap_starts_at_a_quiet_moment():
    start = overlap_start(noise(8, 1, 4.2, 7), 6 * RATE_HZ)
    assert start == pytest.approx(4.2 * RATE_HZ, abs=500)


@pytest.mark.parametrize(("duration_s", "prior_s"), [(4, 3.9), (3, 0.5), (9, 2), (30, 2.8)])
def test_there_is_no_overlap_if_little_time_is_saved(duration_s, prior_s):
    assert overlap_start(noise(duration_s), round(prior_s * RATE_HZ)) is None


@given(st.floats(0.5, 15), st.floats(0.1, 1), st.floats(0, 15))
def test_enough_audio_is_decoded(duration_s, share, quiet_s):
    samples = noise(duration_s, quiet_s)
    prior = round(share * len(samples))
    start = overlap_start(samples, prior)
    if start is not None:
        tolerance = 2000  # the middle of the quiet moment may be outside the search range
        assert prior - start >= MIN_OVERLAP_S * RATE_HZ - tolerance
        decoded = len(samples) - start
        assert MIN_DECODE_S * RATE_HZ - tolerance <= decoded <= MAX_SHARE * len(samples)
        latest = min(prior, len(samples) - MIN_DECODE_S * RATE_HZ)
        assert start >= latest - (SEARCH_S + MIN_OVERLAP_S) * RATE_HZ


def hypothesis_of(text, log_prob=0.0):
    return Hypothesis(text, (), 0, 99, log_prob, 0.0, 0.0, "en")


class FakeDecode:
    """Returns one word for each second of the audio: its number."""

    def __init__(self, log_prob=0.0, text=None):
        self.sizes, self.log_prob, self.text = [], log_prob, text

    def __call__(self, samples):
        self.sizes.append(len(samples))
        words = [str(second) for second in range(9) if second + 0.5 in samples]
        return hypothesis_of(self.text or " ".join(words), self.log_prob)


def seconds(duration_s):
    """Return samples whose value is the number of the second, plus 0.5 in its middle."""
    samples = (np.arange(duration_s * RATE_HZ) // RATE_HZ).astype(np.float32)
    samples[RATE_HZ // 2 :: RATE_HZ] += 0.5
    return samples


PRIOR = PriorDecode(6 * RATE_HZ, hypothesis_of("0 1 2 3 4 5"))


def test_only_the_rest_is_decoded_and_joined():
    rest, everything = FakeDecode(), FakeDecode()
    shorter = PriorDecode(3 * RATE_HZ, hypothesis_of("0 1 2"))
    found = extend(rest, everything, seconds(8), [shorter, PRIOR])
    assert found.text == "0 1 2 3 4 5 6 7"
    assert found.duration_s == 8
    assert everything.sizes == []
    assert len(rest.sizes) == 1
    assert 3 * RATE_HZ < rest.sizes[0] < 5 * RATE_HZ


NOT_EXTENDED = {
    "no prior decode": [],
    "the prior decode has a defect": [
        attrs.evolve(PRIOR, hypothesis=hypothesis_of("0 1 2 3 4 5", log_prob=-2.0))
    ],
    "the prior decode contains later audio": [attrs.evolve(PRIOR, sample_count=130_000)],
    "the prior decode is short": [PriorDecode(2 * RATE_HZ, hypothesis_of("0 1"))],
}


@pytest.mark.parametrize("priors", NOT_EXTENDED.values(), ids=NOT_EXTENDED)
def test_everything_is_decoded_without_a_usable_prior_decode(priors):
    rest, everything = FakeDecode(), FakeDecode()
    assert extend(rest, everything, seconds(8), priors).text == "0 1 2 3 4 5 6 7"
    assert (rest.sizes, everything.sizes) == ([], [8 * RATE_HZ])


@pytest.mark.parametrize("rest", [FakeDecode(log_prob=-2.0), FakeDecode(text="no")])
def test_everything_is_decoded_if_the_rest_has_a_defect_or_does_not_fit(rest):
    everything = FakeDecode()
    assert extend(rest, everything, seconds(8), [PRIOR]).text == "0 1 2 3 4 5 6 7"
    assert (len(rest.sizes), everything.sizes) == (1, [8 * RATE_HZ])
