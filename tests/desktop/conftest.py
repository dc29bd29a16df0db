"""One desktop for all tests of this folder; a Sayso with folders of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from service import StandIn, in_thread

from .editors import EDITORS, Editor
from .rig import Desktop


@pytest.fixture(scope="session")
def _desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with Desktop(tmp_path_factory.mktemp("desktop")) as desktop:
        yield desktop


@pytest.fixture
def desktop(_desktop: Desktop) -> Iterator[Desktop]:
    """No app runs yet: set what is to be set, then `start_app`."""
    _desktop.new_home()
    yield _desktop
    exit_code = _desktop.stop_app()
    printed = _desktop.log.read_text("utf-8") if _desktop.log.exists() else ""
    assert "Traceback" not in printed, printed
    assert exit_code in (None, 0), f"sayso ended with {exit_code}: {printed}"


@pytest.fixture
def app(desktop: Desktop) -> Desktop:
    """Started with the default settings, ready or not."""
    desktop.start_app()
    return desktop


@pytest.fixture(scope="session")
def hearing_service() -> Iterator[StandIn]:
    """A service that really hears, with the same model."""
    from service.recognisers import whisper

    with in_thread(StandIn(recognise=whisper("en"))) as service:
        yield service


@pytest.fixture
def scripted() -> Iterator[Callable[..., StandIn]]:
    """`scripted("What it hears, whatever is said.")`, with StandIn's options."""
    with ExitStack() as stack:
        yield lambda *script, **options: stack.enter_context(in_thread(StandIn(script, **options)))


@pytest.fixture
def editor(desktop: Desktop) -> Iterator[Callable[[str], Editor]]:
    """`editor("xterm")` opens one that has the focus; `.window` is its X window."""
    kinds = {kind.name: kind for kind in EDITORS}
    with ExitStack() as stack:

        def opened(name: str) -> Editor:
            return stack.enter_context(kinds[name](desktop.display))

        yield opened
