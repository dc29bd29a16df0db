import pytest

from sayso.stt.ondevice.decoding.loading import least

TIMES = {
    "quick": ([0.5, 0.3, 0.4], 0.3, []),
    "slow": ([4.0, 3.0, 2.0], 4.0, [3.0, 2.0]),
}


@pytest.mark.parametrize(("times", "taken", "left"), TIMES.values(), ids=TIMES)
def test_what_takes_long_is_measured_once(times, taken, left):
    rest = list(times)
    assert least(lambda: rest.pop(0)) == taken
    assert rest == left
