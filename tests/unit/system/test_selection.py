"""Selection of the platform interfaces, and sessions without a display."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from fakes import FakeHotkey
from sayso.core.insertion import UNKNOWN_TARGET, choose_method
from sayso.core.problems import ProblemError, ProblemKind
from sayso.core.problems import insertion as problems
from sayso.system import current_platform, select

FAILURE = ProblemKind("test.failure", "It does not work.")()


def fail() -> Any:
    raise ProblemError(FAILURE)


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)


def test_without_a_display_each_action_reports_the_reason(no_display: None) -> None:
    platform = current_platform()
    assert platform.name == ""
    assert platform.missing_requirements() == [problems.NO_DISPLAY()]
    for attempt in (
        lambda: asyncio.run(platform.hotkey.start(FakeHotkey())),  # type: ignore[arg-type]
        lambda: platform.typist.type("x", UNKNOWN_TARGET),
        lambda: platform.typist.press_paste(UNKNOWN_TARGET),
    ):
        with pytest.raises(ProblemError, match="No X display is available"):
            attempt()
    assert "sayso start" in problems.NO_DISPLAY().sentence


def test_without_a_display_nothing_is_typed(no_display: None) -> None:
    platform = current_platform()
    target = platform.focus.target()
    assert target == UNKNOWN_TARGET
    can_type = platform.typist.can_type("x", target)
    assert choose_method("x", "auto", can_type=can_type) == "paste"


@pytest.mark.parametrize("name", ["nonsense", ":65000"])
def test_a_display_that_does_not_answer_is_reported(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("DISPLAY", name)
    platform = current_platform()
    assert platform.name == ""
    (problem,) = platform.missing_requirements()
    assert problem.code == "hotkey.no_display"
    assert problem.detail


def backend(name: str, **interfaces: Any) -> SimpleNamespace:
    functions = {f"create_{interface}": create for interface, create in interfaces.items()}
    return SimpleNamespace(NAME=name, missing_requirements=list, **functions)


def test_each_interface_is_selected_independently() -> None:
    first = backend("first", hotkey=lambda: "first hotkey", typist=fail)
    second = backend("second", hotkey=lambda: "second hotkey", typist=lambda: "second typist")
    platform = select([first, second])
    selected = (platform.name, platform.hotkey, platform.typist)
    assert selected == ("first", "first hotkey", "second typist")
    assert platform.missing_requirements() == []


def test_an_interface_that_no_backend_provides_reports_the_failure() -> None:
    platform = select([backend("only", hotkey=lambda: "hotkey", typist=fail)])
    assert platform.missing_requirements() == [FAILURE]
    with pytest.raises(ProblemError, match="It does not work"):
        platform.typist.type("x", UNKNOWN_TARGET)
