from __future__ import annotations

from typing import Any

import attrs
import pytest

from sayso.core.problems import ProblemError
from sayso.core.settings.endpoint import ON_DEVICE, Endpoint
from sayso.core.settings.engine_choice import (
    only_engine,
    select_engine,
    with_endpoint,
    without_endpoint,
)
from sayso.core.settings.settings import Settings


def test_the_only_endpoint_cannot_be_removed() -> None:
    with pytest.raises(ProblemError) as caught:
        without_endpoint(Settings(), "OpenAI")
    assert caught.value.problem.message == "OpenAI is the only server."
    with pytest.raises(ValueError, match="endpoints"):
        attrs.evolve(Settings(), endpoints=())


def test_removing_the_selected_endpoint_selects_this_computer() -> None:
    settings = select_engine(with_endpoint(Settings(), Endpoint(name="Box")), "Box")
    settings = attrs.evolve(settings, fallback=("Box", "OpenAI", ON_DEVICE))
    left = without_endpoint(settings, "Box")
    assert (left.engine, left.profile) == (ON_DEVICE, "OpenAI")
    assert left.fallback == ("OpenAI", ON_DEVICE)
    other = without_endpoint(settings, "OpenAI")
    assert (other.engine, other.profile, other.fallback) == ("realtime", "Box", ("Box", ON_DEVICE))


UNKNOWN_NAMES = {
    "remove": (without_endpoint, "There is no server named 'Gone'. The servers are: OpenAI."),
    "select": (
        select_engine,
        "There is no engine named 'Gone'. The engines are: OpenAI, on-device.",
    ),
    "select alone": (
        only_engine,
        "There is no engine named 'Gone'. The engines are: OpenAI, on-device.",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), UNKNOWN_NAMES.values(), ids=UNKNOWN_NAMES)
def test_an_unknown_name_is_reported(change: Any, sentence: str) -> None:
    with pytest.raises(ProblemError) as caught:
        change(Settings(), "Gone")
    assert caught.value.problem.sentence == sentence


@pytest.mark.parametrize("name", ["OpenAI", ON_DEVICE])
def test_an_engine_can_be_selected_without_fallbacks(name: str) -> None:
    alone = only_engine(Settings(fallback=(ON_DEVICE, "OpenAI")), name)
    assert (alone.selected_engine, alone.fallback) == (name, ())


def test_realtime_stands_for_the_selected_endpoint_unless_one_has_that_name() -> None:
    settings = select_engine(with_endpoint(Settings(), Endpoint(name="Attic")), "Attic")
    assert only_engine(settings, "realtime").selected_engine == "Attic"
    other = select_engine(with_endpoint(settings, Endpoint(name="realtime")), "Attic")
    assert only_engine(other, "realtime").selected_engine == "realtime"
