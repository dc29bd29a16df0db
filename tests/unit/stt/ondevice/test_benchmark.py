import json

import pytest

from sayso.stt.ondevice.decoding.benchmark import FILE, estimate_speeds, save_measurement
from sayso.stt.ondevice.decoding.record import read, write
from sayso.stt.ondevice.models.catalog import MODELS, Speed, by_name

BASE, TINY, SMALL, LARGE = (by_name(name) for name in ("base", "tiny", "small", "large-v3"))

WORDS = {
    "measured": (Speed(0.31, measured=True), "0.3 s"),
    "reckoned": (Speed(1.04, measured=False), "about 1.0 s"),
    "long": (Speed(14.6, measured=False), "about 15 s"),
    "next to nothing": (Speed(0.02, measured=True), "0.1 s"),
}


@pytest.mark.parametrize(("speed", "words"), WORDS.values(), ids=WORDS)
def test_a_wait_in_words(speed, words):
    assert speed.text == words


def test_where_no_model_ran_nothing_is_said(tmp_path):
    assert estimate_speeds(MODELS, tmp_path) == {}


def test_what_was_measured_is_told_and_the_others_are_reckoned_from_the_nearest(tmp_path):
    save_measurement(tmp_path / "new", BASE.name, "2 processors", 0.3)
    save_measurement(tmp_path / "new", LARGE.name, "2 processors", 9.0)
    known = estimate_speeds(MODELS, tmp_path / "new")
    assert known[BASE.name] == Speed(0.3, measured=True)
    assert known[TINY.name] == Speed(pytest.approx(0.15), measured=False)
    assert known[SMALL.name] == Speed(pytest.approx(0.99), measured=False)
    assert known["whisper-large-v3-turbo"].latency_s == pytest.approx(9.0 * 10.9 / 20.9)
    assert set(known) == {model.name for model in MODELS}


def test_the_least_is_kept_until_it_runs_on_something_else(tmp_path):
    for on, wait_s, kept in (
        ("2 processors", 0.4, 0.4),
        ("2 processors", 0.9, 0.4),
        ("2 processors", 0.3, 0.3),
        ("4 processors", 0.5, 0.5),
    ):
        save_measurement(tmp_path, BASE.name, on, wait_s)
        assert estimate_speeds([BASE], tmp_path)[BASE.name].latency_s == kept


NO_ROWS = (
    *(3, {"on": "cuda"}, {"wait_s": 1.0}),
    *({"on": "cuda", "wait_s": "1"}, {"on": "cuda", "wait_s": -1.0}),
)
ROWS = ["", "[]", "no json", *(json.dumps({BASE.name: row}) for row in NO_ROWS)]


@pytest.mark.parametrize("content", ROWS)
def test_a_record_that_makes_no_sense_is_made_again(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    assert estimate_speeds([BASE], tmp_path) == {}
    save_measurement(tmp_path, BASE.name, "cuda", 0.2)
    assert estimate_speeds([BASE], tmp_path)[BASE.name].latency_s == 0.2


def test_what_cannot_be_kept_is_no_harm(tmp_path):
    (tmp_path / "file").write_text("")
    write(tmp_path / "file" / FILE, {"a": 1})
    assert read(tmp_path / "file" / FILE) == {}
