import pytest

from sayso.ui.indicator.animation import FRAME_MS, Animation
from sayso.ui.widgets import theme


def shown(*, composited: bool = True, still: bool = False) -> Animation:
    way = Animation()
    way.start(1000, composited=composited, reduced_motion=still)
    return way


def test_it_comes_in_and_is_then_at_rest() -> None:
    way = shown()
    assert (way.fade_in(1000), way.fade_in(1000 + theme.FADE_IN_MS)) == (0, 1)
    assert way.running(1000 + theme.FADE_IN_MS)
    assert not way.running(1000 + theme.FADE_IN_MS + FRAME_MS + 1)


@pytest.mark.parametrize("options", [{"composited": False}, {"still": True}])
def test_without_fading_nothing_is_on_its_way(options: dict[str, bool]) -> None:
    way = shown(**options)
    assert not way.fades
    assert not way.running(1000)
    way.start_resize(1000, 100)
    assert way.width(1001, 200) == 200


def test_it_leaves_from_all_to_nothing() -> None:
    way = shown()
    way.hiding_since_ms = 2000
    assert way.running(2000)
    assert way.fade_out(2000) == 1
    assert 0 < way.fade_out(2000 + theme.FADE_OUT_MS * 0.9) < 1
    assert way.fade_out(2000 + theme.FADE_OUT_MS) == 0


def test_it_grows_from_the_width_that_was_drawn() -> None:
    way = shown()
    way.start_resize(2000, 100)
    assert (way.width(2000, 200), way.width(2000 + theme.RESIZE_MS, 200)) == (100, 200)
    half = way.width(2000 + theme.RESIZE_MS / 2, 200)
    way.start_resize(2000 + theme.RESIZE_MS / 2, 200)
    assert way.width(2000 + theme.RESIZE_MS / 2, 300) == half
    assert not way.resize_finished(2000 + theme.RESIZE_MS)
    assert way.resize_finished(2001 + theme.RESIZE_MS * 1.5)
    assert not way.resize_finished(9000)


def test_contents_change_and_fold_once() -> None:
    way = shown()
    assert way.collapse(1000) == 1
    way.start_cross_fade(2000)
    assert (way.cross_fade(2000), way.collapse(2000)) == (0, 0)
    assert way.cross_fade(2001 + theme.CROSS_FADE_MS) > 1
    assert way.collapse(2000 + theme.RESIZE_MS) == 1
    way.reduced_motion = True
    assert way.collapse(2000) == 1
