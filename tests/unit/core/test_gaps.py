import pytest

from sayso.core.gaps import Gap, not_heard

TOLD = {
    "a moment": (Gap(800), False, "0.8 s were not heard when the microphone changed."),
    "one second": (Gap(1000), False, "1.0 s were not heard when the microphone changed."),
    "some seconds": (Gap(9_960), False, "10 s were not heard when the microphone changed."),
    "at the end": (
        *(Gap(2_310), True),
        "The last 2.3 s were not heard.",
    ),
    "asleep": (
        *(Gap(2_400_000, slept=True), False),
        "40 min were not heard while the computer slept.",
    ),
    "asleep to the end": (
        *(Gap(4 * 3_600_000, slept=True), True),
        "4 h were not heard while the computer slept.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("gap", "at_end", "sentence"), TOLD.values(), ids=TOLD)
def test_a_gap_is_told_in_words(gap, at_end, sentence):
    problem = not_heard(gap, at_end)
    assert problem.what == sentence
    assert problem.remedy.endswith("Say again what is missing.")


def test_gaps_of_one_take_are_told_as_one():
    whole = Gap(150) + Gap(120)
    assert (whole.ms, whole.slept, whole.is_worth_telling) == (270, False, True)
    assert (whole + Gap(1, slept=True)).slept
    assert not Gap(150).is_worth_telling
