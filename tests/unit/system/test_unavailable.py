from __future__ import annotations

import pytest

from sayso.core.insertion import Target, plan
from sayso.core.problems import ProblemError
from sayso.system import this_machine
from sayso.system.unavailable import NO_DISPLAY


def test_what_is_missing_explains_itself() -> None:
    machine = this_machine("unavailable")
    assert machine.obstacles() == [NO_DISPLAY]
    for attempt in (
        lambda: machine.keys.start(print, print),
        lambda: machine.typist.type("x"),
        lambda: machine.typist.press("shift+insert"),
    ):
        with pytest.raises(ProblemError, match="no X display here"):
            attempt()
    assert "sayso start" in NO_DISPLAY.sentence


def test_what_only_asks_is_answered_with_nothing() -> None:
    machine = this_machine("unavailable")
    assert machine.keys.really_down() == frozenset()
    assert machine.keys.swallow("") is None
    assert machine.keys.swallow("f9") == NO_DISPLAY
    assert machine.typist.target() == Target()
    assert machine.typist.spare_characters("x") is None
    machine.keys.stop()
    machine.typist.close()


def test_without_a_display_nothing_is_typed_unasked() -> None:
    typist = this_machine("unavailable").typist
    assert plan("x", typist.target(), "auto", typist.spare_characters("x")).way == "paste"


@pytest.mark.parametrize("name", ["nonsense", ":65000"])
def test_a_display_that_does_not_answer_gives_parts_that_say_so(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("DISPLAY", name)
    machine = this_machine("x11")
    assert machine.name == "unavailable"
    assert [p.what for p in machine.obstacles()] == [NO_DISPLAY.what]
    assert machine.obstacles()[0].detail
