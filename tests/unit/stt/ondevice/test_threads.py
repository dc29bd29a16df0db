import pytest

from sayso.stt.ondevice.decoding.threads import FILE, candidates, fewest, threads_for


@pytest.mark.parametrize(
    ("processors", "counts"),
    [(1, (1,)), (2, (1,)), (3, (1,)), (4, (1, 2)), (7, (1, 2)), (8, (1, 2, 4)), (64, (1, 2, 4))],
)
def test_two_decodes_at_once_leave_nobody_without(processors, counts):
    assert candidates(processors) == counts


CHOSEN = {
    "one is all there is": ({1: 0.2}, 1),
    "twice as fast": ({1: 0.2, 2: 0.1}, 2),
    "hardly faster": ({1: 0.2, 2: 0.18}, 1),
    "slower": ({1: 0.2, 2: 0.3, 4: 0.5}, 1),
    "only four are worth it": ({1: 0.2, 2: 0.18, 4: 0.1}, 4),
    "four are no faster than two": ({1: 0.2, 2: 0.1, 4: 0.09}, 2),
}


@pytest.mark.parametrize(("times", "count"), CHOSEN.values(), ids=CHOSEN)
def test_more_threads_must_be_worth_it(times, count):
    assert fewest(times) == count


class Stopwatch:
    def __init__(self):
        self.asked = []

    def __call__(self, count):
        self.asked.append(count)
        return 1 / count


def test_it_is_measured_once_for_each_model_and_processor(tmp_path):
    watch = Stopwatch()
    assert threads_for("base", 8, tmp_path / "new", watch) == 4
    assert threads_for("base", 8, tmp_path / "new", watch) == 4
    assert watch.asked == [1, 2, 4]
    assert threads_for("small", 8, tmp_path / "new", watch) == 4
    assert threads_for("base", 4, tmp_path / "new", watch) == 2
    assert watch.asked == [1, 2, 4, 1, 2, 4, 1, 2]


def test_where_there_is_no_choice_nothing_is_measured(tmp_path):
    watch = Stopwatch()
    assert threads_for("base", 2, tmp_path, watch) == 1
    assert watch.asked == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", "no json", '{"base on 4": 3}', '{"base on 4": "2"}'])
def test_a_record_that_makes_no_sense_is_made_again(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    assert threads_for("base", 4, tmp_path, Stopwatch()) == 2
    watch = Stopwatch()
    assert threads_for("base", 4, tmp_path, watch) == 2
    assert watch.asked == []


def test_what_cannot_be_remembered_is_measured_every_time(tmp_path):
    (tmp_path / "file").write_text("")
    watch = Stopwatch()
    for _ in range(2):
        assert threads_for("base", 4, tmp_path / "file" / "cache", watch) == 2
    assert watch.asked == [1, 2, 1, 2]
