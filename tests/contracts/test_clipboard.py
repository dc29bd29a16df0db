"""Contract of `Clipboard` and `Lease`, for Qt and for the fake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from fakes import FakeClipboard
from sayso.ui.clipboard import QtClipboard


@attrs.define
class Setup:
    clipboard: Any
    fetch: Callable[[], object]
    """Fetches the text as another program does."""
    qtbot: QtBot
    changes: int = 0

    def offer(self, text: str) -> Any:
        def on_change() -> None:
            self.changes += 1

        with ThreadPoolExecutor(1) as executor:
            offered = executor.submit(
                self.clipboard.offer, text, concealed=True, on_change=on_change
            )
            self.qtbot.waitUntil(offered.done)
        return offered.result()


@pytest.fixture(params=["Qt", "fake"])
def setup(request: pytest.FixtureRequest, qapp: QGuiApplication, qtbot: QtBot) -> Iterator[Setup]:
    if request.param == "fake":
        fake = FakeClipboard()
        yield Setup(fake, fake.fetch, qtbot)
    else:
        clipboard, system = QtClipboard(), QGuiApplication.clipboard()
        yield Setup(clipboard, lambda: system.mimeData().text(), qtbot)
        clipboard.close()


def test_a_fetch_is_reported_with_its_time(setup: Setup) -> None:
    lease = setup.offer("text")
    assert lease.fetched_at_s is None
    before = setup.changes
    setup.fetch()
    assert setup.changes > before
    assert lease.listed_at_s >= lease.fetched_at_s > 0


def test_a_lease_can_be_restored_twice(setup: Setup) -> None:
    lease = setup.offer("text")
    assert not lease.lost
    lease.restore()
    lease.restore()


def test_a_second_offer_replaces_the_first(setup: Setup) -> None:
    first, second = setup.offer("one"), setup.offer("two")
    setup.fetch()
    assert second.fetched_at_s is not None
    assert first.fetched_at_s is None
