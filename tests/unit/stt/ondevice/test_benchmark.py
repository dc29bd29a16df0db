import json

import pytest

from sayso.stt.ondevice.decoding.benchmark import FILE, estimate_speeds, save_measurement
from sayso.stt.ondevice.models.catalog import MODELS, Speed, by_name

BASE, TINY, SMALL, LARGE = (by_name(name) for name in ("base", "tiny", "small", "large-v3"))

TEXTS = {
    "measured": (Speed(0.31, measured=True), "0.3 s"),
    "estimated": (Speed(1.04, measured=False), "about 1.0 s"),
    "long": (Speed(14.6, measured=False), "about 15 s"),
    "very short": (Speed(0.02, measured=True), "0.1 s"),
}


@pytest.mark.parametrize(("speed", "text"), TEXTS.values(), ids=TEXTS)
def test_a_latency_is_formatted_for_lists(speed, text):
    assert speed.text == text


def test_without_any_measurement_nothing_is_estimated(tmp_path):
    assert estimate_speeds(MODELS, tmp_path) == {}


def test_other_models_are_estimated_from_the_measured_model_of_similar_size(tmp_path):
    save_measurement(tmp_path / "new", BASE.name, "2 processors", 0.3)
    save_measurement(tmp_path / "new", LARGE.name, "2 processors", 9.0)
    speeds = estimate_speeds(MODELS, tmp_path / "new")
    assert speeds[BASE.name] == Speed(0.3, measured=True)
    assert speeds[TINY.name] == Speed(pytest.approx(0.15), measured=False)
    assert speeds[SMALL.name] == Speed(pytest.approx(0.99), measured=False)
    assert speeds["whisper-large-v3-turbo"].latency_s == pytest.approx(9.0 * 10.9 / 20.9)
    assert set(speeds) == {model.name for model in MODELS}


def test_the_lowest_latency_is_kept_until_the_hardware_changes(tmp_path):
    for hardware, latency_s, kept in (
        ("2 processors", 0.4, 0.4),
        ("2 processors", 0.9, 0.4),
        ("2 processors", 0.3, 0.3),
        ("4 processors", 0.5, 0.5),
    ):
        save_measurement(tmp_path, BASE.name, hardware, latency_s)
        assert estimate_speeds([BASE], tmp_path)[BASE.name].latency_s == kept


INVALID_ROWS = (
    *(3, {"on": "cuda"}, {"wait_s": 1.0}),
    *({"on": "cuda", "wait_s": "1"}, {"on": "cuda", "wait_s": -1.0}),
)
INVALID_FILES = ["", "[]", "not JSON", *(json.dumps({BASE.name: row}) for row in INVALID_ROWS)]


@pytest.mark.parametrize("content", INVALID_FILES)
def test_an_invalid_file_is_replaced(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    assert estimate_speeds([BASE], tmp_path) == {}
    save_measurement(tmp_path, BASE.name, "cuda", 0.2)
    assert estimate_speeds([BASE], tmp_path)[BASE.name].latency_s == 0.2


def test_a_measurement_that_cannot_be_saved_is_ignored(tmp_path):
    (tmp_path / "file").write_text("")
    save_measurement(tmp_path / "file", BASE.name, "cuda", 0.2)
    assert estimate_speeds([BASE], tmp_path / "file") == {}
