"""One desktop for all tests of this folder; a Sayso with folders of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from service import StandIn, in_thread

from .desktop_fixture import Desktop
from .editors import EDITORS, Editor

if TYPE_CHECKING:  # takes a second
    from sayso.stt.ondevice.decoding.whisper import WhisperDecoder
    from sayso.stt.ondevice.engine import OnDeviceEngine


@pytest.fixture(scope="session")
def _desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with Desktop(tmp_path_factory.mktemp("desktop")) as desktop:
        yield desktop


@pytest.fixture
def desktop(_desktop: Desktop) -> Iterator[Desktop]:
    """No app runs yet: set what is to be set, then `start_app`."""
    with _desktop.fresh_home() as at_home:
        yield at_home


@pytest.fixture
def app(desktop: Desktop) -> Desktop:
    """Started with the default settings, ready or not."""
    desktop.start_app()
    return desktop


@pytest.fixture(scope="session")
def hearing_service() -> Iterator[StandIn]:
    """A service that really hears, with the same model."""
    from service.recognizers import whisper

    with in_thread(StandIn(transcribe=whisper("en"))) as service:
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


@pytest.fixture(scope="module")
def engine() -> Iterator[OnDeviceEngine]:
    """The one on this computer, loaded once, its three threads started."""
    from . import ondevice

    with ondevice.loaded_engine() as made:
        yield made


@pytest.fixture(scope="module")
def decoder(engine: OnDeviceEngine) -> WhisperDecoder:
    assert engine._decoder is not None
    return engine._decoder
