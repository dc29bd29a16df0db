from __future__ import annotations

import pytest

from sayso.core.insertion import Target, choose_method
from sayso.core.problems import ProblemError
from sayso.system import current_platform
from sayso.system.unavailable import NO_DISPLAY


def test_what_is_missing_explains_itself() -> None:
    machine = current_platform("unavailable")
    assert machine.missing_requirements() == [NO_DISPLAY]
    for attempt in (
        lambda: machine.hotkey.start(print, print),
        lambda: machine.typist.type("x"),
        lambda: machine.typist.press_paste("shift+insert"),
    ):
        with pytest.raises(ProblemError, match="no X display here"):
            attempt()
    assert "sayso start" in NO_DISPLAY.sentence


def test_what_only_asks_is_answered_with_nothing() -> None:
    machine = current_platform("unavailable")
    assert machine.hotkey.pressed_now() == frozenset()
    assert machine.hotkey.grab("") is None
    assert machine.hotkey.grab("f9") == NO_DISPLAY
    assert machine.typist.target() == Target()
    assert machine.typist.can_type("x") is None
    machine.hotkey.stop()
    machine.typist.close()


def test_without_a_display_nothing_is_typed_unasked() -> None:
    typist = current_platform("unavailable").typist
    assert choose_method("x", typist.target(), "auto", typist.can_type("x")).way == "paste"


@pytest.mark.parametrize("name", ["nonsense", ":65000"])
def test_a_display_that_does_not_answer_gives_parts_that_say_so(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("DISPLAY", name)
    machine = current_platform("x11")
    assert machine.name == "unavailable"
    assert [p.message for p in machine.missing_requirements()] == [NO_DISPLAY.message]
    assert machine.missing_requirements()[0].detail
