import pytest

from sayso.ui.indicator.animation import FRAME_MS, Transitions
from sayso.ui.widgets import theme


def shown(*, composited: bool = True, still: bool = False) -> Transitions:
    way = Transitions()
    way.appear(1000, composited=composited, still=still)
    return way


def test_it_comes_in_and_is_then_at_rest() -> None:
    way = shown()
    assert (way.come(1000), way.come(1000 + theme.IN_MS)) == (0, 1)
    assert way.passing(1000 + theme.IN_MS)
    assert not way.passing(1000 + theme.IN_MS + FRAME_MS + 1)


@pytest.mark.parametrize("options", [{"composited": False}, {"still": True}])
def test_without_fading_nothing_is_on_its_way(options: dict[str, bool]) -> None:
    way = shown(**options)
    assert not way.fades
    assert not way.passing(1000)
    way.grow(1000, 100)
    assert way.width(1001, 200) == 200


def test_it_leaves_from_all_to_nothing() -> None:
    way = shown()
    way.gone_ms = 2000
    assert way.passing(2000)
    assert way.left(2000) == 1
    assert 0 < way.left(2000 + theme.OUT_MS * 0.9) < 1
    assert way.left(2000 + theme.OUT_MS) == 0


def test_it_grows_from_the_width_that_was_drawn() -> None:
    way = shown()
    way.grow(2000, 100)
    assert (way.width(2000, 200), way.width(2000 + theme.GROW_MS, 200)) == (100, 200)
    half = way.width(2000 + theme.GROW_MS / 2, 200)
    way.grow(2000 + theme.GROW_MS / 2, 200)
    assert way.width(2000 + theme.GROW_MS / 2, 300) == half
    assert not way.settle(2000 + theme.GROW_MS)
    assert way.settle(2001 + theme.GROW_MS * 1.5)
    assert not way.settle(9000)


def test_contents_change_and_fold_once() -> None:
    way = shown()
    assert way.folded(1000) == 1
    way.change(2000)
    assert (way.swapped(2000), way.folded(2000)) == (0, 0)
    assert way.swapped(2001 + theme.SWAP_MS) > 1
    assert way.folded(2000 + theme.GROW_MS) == 1
    way.still = True
    assert way.folded(2000) == 1
