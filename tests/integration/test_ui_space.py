"""The pill of an error shows the words of the sentence, whatever the names in it."""

import pytest
from pytestqt.qtbot import QtBot

from integration.ui_fakes import FakeApp
from sayso.core.dictation.status import Status
from sayso.core.problems import Problem, server, untyped_problem
from sayso.stt.server.errors import messages
from sayso.ui.indicator.layout import Layout
from sayso.ui.indicator.overlay import Desk, Overlay

LONG = "contoso-dictation-westeurope.speech.azure.com"
MODEL = "mistralai/Voxtral-Mini-4B-Realtime-2602"


@pytest.fixture
def pill(qtbot: QtBot) -> Overlay:
    made = Overlay(FakeApp().actions(), Desk(composited=lambda: False, focus_point=lambda: None))
    qtbot.addWidget(made)
    return made


def laid_out(pill: Overlay, problem: Problem) -> Layout:
    pill.on_status(Status("failed", problem=problem))
    assert pill.current_layout is not None
    return pill.current_layout


NAMES = {
    "a host": (messages.connection_lost(LONG), "Lost the connection to contoso-", "azure.com"),
    "a host and a model": (
        server.UNKNOWN_MODEL(server=LONG, model=MODEL), "contoso-", "…e-2602”",
    ),
    "in what to do": (
        untyped_problem("It has moved.", f"Enter {LONG * 2}, if you trust it."), "It has moved", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("problem", "begins", "ends"), NAMES.values(), ids=NAMES)
def test_long_names_lose_their_middle_so_that_the_sentence_is_seen(
    pill: Overlay, problem: Problem, begins: str, ends: str
) -> None:
    view = laid_out(pill, problem).view
    assert (view.text[: len(begins)], view.text[len(view.text) - len(ends) :]) == (begins, ends)
    assert "…" in view.text + view.detail
    assert problem.remedy[-6:] == view.detail[-6:]


def test_whoever_hears_the_pill_hears_the_whole_name(pill: Overlay) -> None:
    laid_out(pill, messages.connection_lost(LONG))
    assert LONG in pill.accessibleName()


def test_a_name_that_has_room_stays_whole(pill: Overlay) -> None:
    view = laid_out(pill, messages.no_response("speech.example.com")).view
    assert view.text == "speech.example.com did not respond"
