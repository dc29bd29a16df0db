"""The indicator shows the essential words of an error, however long the names in it are."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from integration.ui_fakes import FakeApp, FakeScreen
from sayso.core.dictation.status import Status
from sayso.core.problems import Problem, ProblemKind
from sayso.ui.indicator.overlay import Overlay
from sayso.ui.messages import IndicatorView

HOST = "contoso-dictation-westeurope.openai.azure.com"
MODEL = "mistralai/Voxtral-Mini-4B-Realtime-2602"
LOST = ProblemKind("test.lost", "{host} closed the connection.", "Your recording is kept.")
UNKNOWN = ProblemKind("test.unknown", "{host} has no model “{model}”.", "Choose another one.")
MOVED = ProblemKind("test.moved", "It has moved.", "Enter {host}, if you trust it.")


@pytest.fixture
def overlay(qtbot: QtBot) -> Overlay:
    made = Overlay(FakeApp().actions(), FakeScreen())
    qtbot.addWidget(made)
    return made


def fitted(overlay: Overlay, problem: Problem) -> IndicatorView:
    overlay.on_status(Status("failed", problem=problem))
    return overlay.body.view


@pytest.mark.parametrize(
    "problem",
    [LOST(host=HOST), UNKNOWN(host=HOST, model=MODEL), MOVED(host=HOST * 2)],
    ids=["host", "host and model", "name in the remedy"],
)
def test_long_names_lose_their_middle(overlay: Overlay, problem: Problem) -> None:
    view = fitted(overlay, problem)
    assert "…" in view.text + view.detail
    for shown, text in ((view.text, problem.message), (view.detail, problem.remedy)):
        words = [word for word in text.rstrip(".").split() if len(word) < 16]
        assert [word for word in words if word not in shown] == []


def test_the_accessible_name_is_not_shortened(overlay: Overlay) -> None:
    fitted(overlay, LOST(host=HOST))
    assert HOST in overlay.accessibleName()


def test_a_name_that_fits_is_not_shortened(overlay: Overlay) -> None:
    view = fitted(overlay, LOST(host="speech.example.com"))
    assert view.text == "speech.example.com closed the connection"
