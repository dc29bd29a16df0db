"""Pasting with Qt's clipboard, offscreen. `tests/desktop` pastes into real programs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QClipboard, QGuiApplication
from pytestqt.qtbot import QtBot

from sayso.core.insertion import UNKNOWN_TARGET, Target
from sayso.core.paste import PasteTimeouts
from sayso.core.problems import ProblemError
from sayso.core.problems import insertion as problems
from sayso.dictation.insertion import Paster
from sayso.system.protocols import FocusChangedError
from sayso.ui import clipboard as qt_clipboard
from sayso.ui.clipboard import CONCEALED_FORMAT, QtClipboard

REJECTED = ProblemError(problems.KEYS_REJECTED())
TIMEOUTS = PasteTimeouts(keep_limit_s=0.4)
"""The tests look at the clipboard all the time, so the limit determines when a text is removed."""
SHORT_TIMEOUTS = PasteTimeouts(fetch_s=0.06, keep_s=0.04, keep_limit_s=0.4)


class Editor(QObject):
    """A program that takes the text from the clipboard when the paste keys are pressed."""

    _pasted = Signal()

    def __init__(self, clipboard: QClipboard) -> None:
        super().__init__()
        self._clipboard = clipboard
        self.text = ""
        self.formats: list[list[str]] = []
        self.ignores_keys = False
        self.error: ProblemError | None = None
        self._pasted.connect(self.take, Qt.ConnectionType.QueuedConnection)

    def press_paste(self, target: Target) -> None:
        """The method of `Typist`."""
        assert threading.current_thread() is not threading.main_thread()
        if self.error:
            raise self.error
        if not self.ignores_keys:
            self._pasted.emit()

    def take(self) -> None:
        mime = self._clipboard.mimeData()
        self.formats.append(mime.formats())
        self.text += mime.text()


class Pasting:
    """A paster in an event loop of its own, as in the worker, with an editor to paste into."""

    def __init__(self, qtbot: QtBot, timeouts: PasteTimeouts) -> None:
        self.wait_until = qtbot.waitUntil
        self.system = QGuiApplication.clipboard()
        self.system.clear()
        self.editor, self.clipboard = Editor(self.system), QtClipboard()
        self._executor = ThreadPoolExecutor(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

        async def create() -> Paster:
            return Paster(self.editor, self.clipboard, self._executor, timeouts)  # type: ignore[arg-type]

        self._paster = self._run(create()).result()

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def paste(self, text: str, *, wait: bool = True) -> Future[None]:
        future = self._run(self._paster.paste(text, UNKNOWN_TARGET))
        if wait:
            self.wait_until(future.done)
        return future

    def close(self) -> None:
        self.clipboard.close()

        async def stop() -> None:
            self._paster.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._run(stop()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._executor.shutdown()


@pytest.fixture
def timeouts() -> PasteTimeouts:
    return TIMEOUTS


@pytest.fixture
def pasting(qtbot: QtBot, timeouts: PasteTimeouts) -> Iterator[Pasting]:
    pasting = Pasting(qtbot, timeouts)
    yield pasting
    pasting.close()


def with_timeouts(timeouts: PasteTimeouts) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("timeouts", [timeouts], ids=[""])


def test_the_text_is_pasted_and_the_previous_content_is_restored(pasting: Pasting) -> None:
    before = QMimeData()
    before.setData("text/plain", b"before")
    before.setData("text/html", b"<b>before</b>")
    before.setData("application/x-own", bytes(range(256)))
    pasting.system.setMimeData(before)
    future = pasting.paste("Zażółć 👍🏽")
    assert future.exception() is None
    assert pasting.editor.text == "Zażółć 👍🏽"
    assert CONCEALED_FORMAT in pasting.editor.formats[0]
    pasting.wait_until(lambda: pasting.system.text() == "before")
    after = pasting.system.mimeData()
    assert bytes(after.data("text/html").data()) == b"<b>before</b>"
    assert bytes(after.data("application/x-own").data()) == bytes(range(256))
    assert CONCEALED_FORMAT not in after.formats()


def test_an_empty_clipboard_is_empty_again(pasting: Pasting) -> None:
    pasting.paste("words")
    pasting.wait_until(lambda: not (pasting.system.mimeData() or QMimeData()).formats())
    assert pasting.editor.text == "words"


@with_timeouts(SHORT_TIMEOUTS)
def test_a_text_that_is_not_fetched_stays_on_the_clipboard(pasting: Pasting) -> None:
    pasting.system.setText("before")
    pasting.editor.ignores_keys = True
    future = pasting.paste("words")
    error = future.exception()
    assert isinstance(error, ProblemError)
    assert error.problem == problems.NOT_PASTED()
    pasting.wait_until(lambda: CONCEALED_FORMAT not in pasting.system.mimeData().formats())
    assert pasting.system.text() == "words"


def test_a_text_whose_keys_are_rejected_stays_on_the_clipboard(pasting: Pasting) -> None:
    pasting.editor.error = REJECTED
    future = pasting.paste("words")
    assert future.exception() is REJECTED
    pasting.wait_until(lambda: pasting.system.text() == "words")


def test_the_clipboard_is_restored_if_another_window_has_the_focus(pasting: Pasting) -> None:
    pasting.system.setText("before")
    pasting.editor.error = FocusChangedError()
    future = pasting.paste("words")
    assert isinstance(future.exception(), FocusChangedError)
    pasting.wait_until(lambda: pasting.system.text() == "before")


def test_texts_are_pasted_in_order_and_the_first_content_is_restored(pasting: Pasting) -> None:
    pasting.system.setText("before")
    futures = [pasting.paste(text, wait=False) for text in ("one ", "two ", "three")]
    pasting.wait_until(futures[-1].done)
    assert [future.exception() for future in futures] == [None, None, None]
    assert pasting.editor.text == "one two three"
    pasting.wait_until(lambda: pasting.system.text() == "before")


@with_timeouts(PasteTimeouts(keep_s=0.2, next_text_s=0.15, keep_limit_s=2.0))
def test_while_a_program_lists_formats_the_text_stays_and_the_next_one_waits(
    pasting: Pasting, listed_formats: list[list[str]]
) -> None:
    pasting.paste("one")
    start = len(listed_formats)
    second = pasting.paste("two", wait=False)
    pasting.wait_until(lambda: len(listed_formats) > start + 60)  # three times as long as keep_s
    assert all(CONCEALED_FORMAT in formats for formats in listed_formats[start:])
    assert pasting.editor.text == "one"
    pasting.wait_until(second.done)  # keep_limit_s is over
    assert pasting.editor.text == "onetwo"


@with_timeouts(SHORT_TIMEOUTS)
def test_a_text_can_be_pasted_after_one_that_failed(pasting: Pasting) -> None:
    pasting.editor.ignores_keys = True
    first = pasting.paste("one")
    pasting.editor.ignores_keys = False
    second = pasting.paste("two")
    assert isinstance(first.exception(), ProblemError)
    assert second.exception() is None
    assert pasting.editor.text == "two"


@with_timeouts(SHORT_TIMEOUTS)
def test_content_that_another_program_copies_in_the_meantime_is_kept(pasting: Pasting) -> None:
    pasting.system.setText("before")
    pasting.paste("one")
    pasting.system.setText("meanwhile")
    pasting.paste("two")
    pasting.wait_until(lambda: pasting.system.text() == "meanwhile")
    assert pasting.editor.text == "onetwo"


def test_a_lease_is_lost_when_another_program_copies(pasting: Pasting) -> None:
    offer = partial(pasting.clipboard.offer, "words", concealed=True, on_change=lambda: None)
    with ThreadPoolExecutor(1) as executor:
        offered = executor.submit(offer)
        pasting.wait_until(offered.done)
    lease = offered.result()
    assert not lease.lost
    pasting.system.setText("other")
    pasting.wait_until(lambda: lease.lost)
    lease.restore()
    assert pasting.system.text() == "other"


def test_a_paste_that_is_canceled_leaves_the_clipboard_untouched(pasting: Pasting) -> None:
    pasting.system.setText("before")
    first, canceled = pasting.paste("one", wait=False), pasting.paste("two", wait=False)
    assert canceled.cancel()
    pasting.wait_until(lambda: first.done() and pasting.system.text() == "before")
    assert pasting.editor.text == "one"


def test_the_clipboard_is_restored_if_a_paste_is_canceled_after_the_keys(pasting: Pasting) -> None:
    pasting.system.setText("before")
    pasting.editor.ignores_keys = True
    canceled = pasting.paste("words", wait=False)
    pasting.wait_until(lambda: CONCEALED_FORMAT in pasting.system.mimeData().formats())
    assert canceled.cancel()
    pasting.wait_until(lambda: CONCEALED_FORMAT not in pasting.system.mimeData().formats())
    assert pasting.system.text() == "before"


@with_timeouts(SHORT_TIMEOUTS)
def test_a_text_that_is_copied_stays_after_the_next_paste(pasting: Pasting) -> None:
    pasting.paste("words")
    pasting.clipboard.copy("kept")
    pasting.paste("more")
    pasting.wait_until(lambda: pasting.system.text() == "kept")
    assert pasting.editor.text == "wordsmore"


def test_closing_restores_the_clipboard_at_once_and_refuses_further_texts(pasting: Pasting) -> None:
    pasting.system.setText("before")
    pasting.editor.ignores_keys = True
    pasting.paste("words", wait=False)
    pasting.wait_until(lambda: pasting.system.text() == "words")
    pasting.clipboard.close()
    assert pasting.system.text() == "before"
    with pytest.raises(ProblemError):
        pasting.clipboard.offer("more", concealed=True, on_change=lambda: None)
    pasting.clipboard.close()


@pytest.fixture
def listed_formats(pasting: Pasting) -> Iterator[list[list[str]]]:
    """The formats seen by a program that lists them all the time, as Chromium does."""
    seen: list[list[str]] = []

    def look() -> None:
        mime = pasting.system.mimeData()
        seen.append(mime.formats() if mime else [])

    timer = QTimer()
    timer.setInterval(10)
    timer.timeout.connect(look)
    timer.start()
    yield seen
    timer.stop()


@pytest.mark.parametrize(
    ("formats", "kept"),
    [
        (["TARGETS", "TIMESTAMP", "text/plain"], ["text/plain"]),
        (["image/bmp", "image/png", "application/x-qt-image", "text/html"],
         ["text/html", "image/png"]),
        (["image/jpeg", "image/bmp"], ["image/jpeg"]),
        (["application/x-own", "text/plain"], ["text/plain", "application/x-own"]),
        ([], []),
    ],
)  # fmt: skip
def test_a_backup_has_texts_first_and_one_image(formats: list[str], kept: list[str]) -> None:
    assert qt_clipboard.formats_to_keep(formats) == kept


def test_a_backup_has_a_limited_size() -> None:
    mime = QMimeData()
    mime.setData("text/plain", b"12345")
    mime.setData("text/html", b"<b>123456</b>")
    assert qt_clipboard.backup(mime, limit_bytes=10) == {"text/plain": b"12345"}
    assert qt_clipboard.backup(None) == {}
