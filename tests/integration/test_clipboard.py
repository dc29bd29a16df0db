"""Pasting with Qt's clipboard, offscreen. `tests/desktop` pastes into real programs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from PySide6.QtCore import QMimeData, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QClipboard, QGuiApplication
from pytestqt.qtbot import QtBot

from sayso.core.insertion import UNKNOWN_TARGET, Target
from sayso.core.paste import PasteTimeouts
from sayso.core.problems import ProblemError
from sayso.core.problems import insertion as problems
from sayso.dictation.paste import Paster
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
        self.on_press: Callable[[], None] = lambda: None
        self._pasted.connect(self.take, Qt.ConnectionType.QueuedConnection)

    def press_paste(self, target: Target) -> None:
        """The method of `Typist`."""
        assert threading.current_thread() is not threading.main_thread()
        self.on_press()
        if self.error:
            raise self.error
        if not self.ignores_keys:
            self._pasted.emit()

    def take(self) -> None:
        mime = self._clipboard.mimeData()
        self.formats.append(mime.formats())
        self.text += mime.text()


class Pasting:
    """A paster in an event loop of its own, as in the worker."""

    def __init__(self, editor: Editor, timeouts: PasteTimeouts) -> None:
        self.clipboard = QtClipboard()
        self._executor = ThreadPoolExecutor(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

        async def create() -> Paster:
            return Paster(editor, self.clipboard, self._executor, timeouts)  # type: ignore[arg-type]

        self._paster = asyncio.run_coroutine_threadsafe(create(), self._loop).result()

    def paste(self, text: str) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(
            self._paster.paste(text, UNKNOWN_TARGET), self._loop
        )

    def close(self) -> None:
        self.clipboard.close()

        async def stop() -> None:
            self._paster.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._executor.shutdown()


@pytest.fixture
def clipboard(qapp: QGuiApplication) -> QClipboard:
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    return clipboard


@pytest.fixture
def editor(clipboard: QClipboard) -> Editor:
    return Editor(clipboard)


@pytest.fixture
def timeouts() -> PasteTimeouts:
    return TIMEOUTS


@pytest.fixture
def pasting(editor: Editor, timeouts: PasteTimeouts) -> Iterator[Pasting]:
    pasting = Pasting(editor, timeouts)
    yield pasting
    pasting.close()


Wait = Callable[[Future[None]], None]


@pytest.fixture
def wait(qtbot: QtBot) -> Wait:
    return lambda future: qtbot.waitUntil(future.done)


def with_timeouts(timeouts: PasteTimeouts) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("timeouts", [timeouts], ids=[""])


def test_the_text_is_pasted_and_the_previous_content_is_restored(
    pasting: Pasting, editor: Editor, clipboard: QClipboard, wait: Wait, qtbot: QtBot
) -> None:
    before = QMimeData()
    before.setData("text/plain", b"before")
    before.setData("text/html", b"<b>before</b>")
    before.setData("application/x-own", bytes(range(256)))
    clipboard.setMimeData(before)
    future = pasting.paste("Zażółć 👍🏽")
    wait(future)
    assert future.exception() is None
    assert editor.text == "Zażółć 👍🏽"
    assert CONCEALED_FORMAT in editor.formats[0]
    qtbot.waitUntil(lambda: clipboard.text() == "before")
    after = clipboard.mimeData()
    assert bytes(after.data("text/html").data()) == b"<b>before</b>"
    assert bytes(after.data("application/x-own").data()) == bytes(range(256))
    assert CONCEALED_FORMAT not in after.formats()


def test_an_empty_clipboard_is_empty_again(
    pasting: Pasting, editor: Editor, clipboard: QClipboard, wait: Wait, qtbot: QtBot
) -> None:
    wait(pasting.paste("words"))
    qtbot.waitUntil(lambda: not (clipboard.mimeData() and clipboard.mimeData().formats()))
    assert editor.text == "words"


@with_timeouts(SHORT_TIMEOUTS)
def test_a_text_that_is_not_fetched_stays_on_the_clipboard(
    pasting: Pasting, editor: Editor, clipboard: QClipboard, wait: Wait, qtbot: QtBot
) -> None:
    clipboard.setText("before")
    editor.ignores_keys = True
    future = pasting.paste("words")
    wait(future)
    error = future.exception()
    assert isinstance(error, ProblemError)
    assert error.problem == problems.NOT_PASTED()
    qtbot.waitUntil(lambda: CONCEALED_FORMAT not in clipboard.mimeData().formats())
    assert clipboard.text() == "words"


def test_a_text_whose_keys_are_rejected_stays_on_the_clipboard(
    pasting: Pasting, editor: Editor, clipboard: QClipboard, wait: Wait, qtbot: QtBot
) -> None:
    editor.error = REJECTED
    future = pasting.paste("words")
    wait(future)
    assert future.exception() is REJECTED
    qtbot.waitUntil(lambda: clipboard.text() == "words")


def test_the_clipboard_is_restored_if_another_window_has_the_focus(
    pasting: Pasting, editor: Editor, clipboard: QClipboard, wait: Wait, qtbot: QtBot
) -> None:
    clipboard.setText("before")
    editor.error = FocusChangedError()
    future = pasting.paste("words")
    wait(future)
    assert isinstance(future.exception(), FocusChangedError)
    qtbot.waitUntil(lambda: clipboard.text() == "before")


def test_texts_are_pasted_in_order_and_the_first_content_is_restored(
    pasting: Pasting, editor: Editor, clipboard: QClipboard, wait: Wait, qtbot: QtBot
) -> None:
    clipboard.setText("before")
    futures = [pasting.paste(text) for text in ("one ", "two ", "three")]
    wait(futures[-1])
    assert [future.exception() for future in futures] == [None, None, None]
    assert editor.text == "one two three"
    qtbot.waitUntil(lambda: clipboard.text() == "before")


@pytest.fixture
def listed_formats(clipboard: QClipboard) -> Iterator[list[list[str]]]:
    """The formats seen by a program that lists them all the time, as Chromium does."""
    seen: list[list[str]] = []

    def look() -> None:
        mime = clipboard.mimeData()
        seen.append(mime.formats() if mime else [])

    timer = QTimer()
    timer.setInterval(10)
    timer.timeout.connect(look)
    timer.start()
    yield seen
    timer.stop()


@with_timeouts(PasteTimeouts(keep_s=0.2, next_text_s=0.15, keep_limit_s=2.0))
def test_while_a_program_lists_formats_the_text_stays_and_the_next_one_waits(
    pasting: Pasting,
    editor: Editor,
    wait: Wait,
    qtbot: QtBot,
    listed_formats: list[list[str]],
) -> None:
    wait(pasting.paste("one"))
    start = len(listed_formats)
    second = pasting.paste("two")
    qtbot.waitUntil(lambda: len(listed_formats) > start + 60)  # three times as long as keep_s
    assert all(CONCEALED_FORMAT in formats for formats in listed_formats[start:])
    assert editor.text == "one"
    wait(second)  # keep_limit_s is over
    assert editor.text == "onetwo"


@with_timeouts(SHORT_TIMEOUTS)
def test_a_program_that_lists_formats_before_it_fetches_is_waited_for(
    pasting: Pasting,
    editor: Editor,
    wait: Wait,
    qtbot: QtBot,
    listed_formats: list[list[str]],
) -> None:
    editor.ignores_keys = True
    future = pasting.paste("words")
    qtbot.waitUntil(lambda: len(listed_formats) > 30)  # four times as long as fetch_s
    assert not future.done()
    editor.take()
    wait(future)
    assert future.exception() is None


@with_timeouts(PasteTimeouts(fetch_s=0.06, fetch_limit_s=0.1, keep_limit_s=0.4))
def test_a_program_that_only_lists_formats_has_not_pasted(
    pasting: Pasting, editor: Editor, wait: Wait, listed_formats: list[list[str]]
) -> None:
    editor.ignores_keys = True
    future = pasting.paste("words")
    wait(future)
    error = future.exception()
    assert isinstance(error, ProblemError)
    assert error.problem == problems.NOT_PASTED()


@with_timeouts(SHORT_TIMEOUTS)
def test_a_text_can_be_pasted_after_one_that_failed(
    pasting: Pasting, editor: Editor, wait: Wait
) -> None:
    editor.ignores_keys = True
    first = pasting.paste("one")
    wait(first)
    editor.ignores_keys = False
    second = pasting.paste("two")
    wait(second)
    assert isinstance(first.exception(), ProblemError)
    assert second.exception() is None
    assert editor.text == "two"


@with_timeouts(SHORT_TIMEOUTS)
def test_content_that_another_program_copies_in_the_meantime_is_kept(
    pasting: Pasting, editor: Editor, clipboard: QClipboard, wait: Wait, qtbot: QtBot
) -> None:
    clipboard.setText("before")
    wait(pasting.paste("one"))
    clipboard.setText("meanwhile")
    wait(pasting.paste("two"))
    qtbot.waitUntil(lambda: clipboard.text() == "meanwhile")
    assert editor.text == "onetwo"


def test_a_lease_is_lost_when_another_program_copies(
    pasting: Pasting, clipboard: QClipboard, qtbot: QtBot
) -> None:
    with ThreadPoolExecutor(1) as executor:
        offered = executor.submit(
            pasting.clipboard.offer, "words", concealed=True, on_change=lambda: None
        )
        qtbot.waitUntil(offered.done)
    lease = offered.result()
    assert not lease.lost
    clipboard.setText("other")
    qtbot.waitUntil(lambda: lease.lost)
    lease.restore()
    assert clipboard.text() == "other"


@with_timeouts(PasteTimeouts(early_s=-1, doubtful_fetch_s=0.03, keep_limit_s=0.4))
def test_a_fetch_before_the_keys_counts_if_no_other_follows(
    pasting: Pasting, editor: Editor, wait: Wait, qtbot: QtBot
) -> None:
    pressing, fetched = threading.Event(), threading.Event()

    def press_late() -> None:
        pressing.set()
        assert fetched.wait(5)

    editor.on_press, editor.ignores_keys = press_late, True
    future = pasting.paste("words")
    qtbot.waitUntil(pressing.is_set)
    editor.take()
    assert not future.done()
    fetched.set()
    wait(future)
    assert future.exception() is None


@with_timeouts(SHORT_TIMEOUTS)
def test_a_text_that_is_copied_stays_after_the_next_paste(
    pasting: Pasting, editor: Editor, clipboard: QClipboard, wait: Wait, qtbot: QtBot
) -> None:
    wait(pasting.paste("words"))
    pasting.clipboard.copy("kept")
    wait(pasting.paste("more"))
    qtbot.waitUntil(lambda: clipboard.text() == "kept")
    assert editor.text == "wordsmore"


def test_closing_restores_the_clipboard_at_once_and_refuses_further_texts(
    pasting: Pasting, editor: Editor, clipboard: QClipboard, wait: Wait, qtbot: QtBot
) -> None:
    clipboard.setText("before")
    editor.ignores_keys = True
    pasting.paste("words")
    qtbot.waitUntil(lambda: clipboard.text() == "words")
    pasting.clipboard.close()
    assert clipboard.text() == "before"
    with pytest.raises(ProblemError):
        pasting.clipboard.offer("more", concealed=True, on_change=lambda: None)
    pasting.clipboard.close()


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
