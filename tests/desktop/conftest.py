"""One desktop for all tests in this folder; each test has its own folders for Sayso."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from service import StandIn, in_thread

from .desktop_fixture import Desktop
from .editors import EDITORS, Editor

if TYPE_CHECKING:  # the import takes a second
    from sayso.stt.ondevice.decoding.whisper import WhisperDecoder
    from sayso.stt.ondevice.engine import OnDeviceEngine


@pytest.fixture(scope="session")
def _desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with Desktop(tmp_path_factory.mktemp("desktop")) as desktop:
        yield desktop


@pytest.fixture
def desktop(_desktop: Desktop) -> Iterator[Desktop]:
    """A desktop on which Sayso is not running yet."""
    with _desktop.fresh_home() as at_home:
        yield at_home


@pytest.fixture
def app(desktop: Desktop) -> Desktop:
    """Sayso started with default settings, not necessarily ready."""
    desktop.start_app()
    return desktop


@pytest.fixture(scope="session")
def transcribing_service() -> Iterator[StandIn]:
    """A service that transcribes with the on-device model."""
    from service.recognizers import whisper

    with in_thread(StandIn(transcribe=whisper("en"))) as service:
        yield service


@pytest.fixture
def scripted() -> Iterator[Callable[..., StandIn]]:
    """`scripted("The text.")` starts a stand-in that returns this text."""
    with ExitStack() as stack:
        yield lambda *script, **options: stack.enter_context(in_thread(StandIn(script, **options)))


@pytest.fixture
def editor(desktop: Desktop) -> Iterator[Callable[[str], Editor]]:
    """`editor("xterm")` opens an editor with the focus."""
    kinds = {kind.name: kind for kind in EDITORS}
    with ExitStack() as stack:

        def opened(name: str) -> Editor:
            return stack.enter_context(kinds[name](desktop.display))

        yield opened


@pytest.fixture(scope="module")
def engine() -> Iterator[OnDeviceEngine]:
    """The on-device engine with its model loaded and its threads started."""
    from . import ondevice

    with ondevice.loaded_engine() as made:
        yield made


@pytest.fixture(scope="module")
def decoder(engine: OnDeviceEngine) -> WhisperDecoder:
    assert engine.decoder is not None
    return engine.decoder
