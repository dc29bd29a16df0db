"""Pasting with Qt's clipboard, offscreen: the rules. Real programs are in `tests/desktop`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest
from PySide6.QtCore import QMimeData, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QClipboard, QGuiApplication
from pytestqt.qtbot import QtBot

from sayso.core.problems import ProblemError, untyped_problem
from sayso.ui import clipboard as pasting
from sayso.ui import lending
from sayso.ui.clipboard import NOT_PASTED, QtClipboard
from sayso.ui.lending import CONCEALED_FORMAT

REFUSED = ProblemError(untyped_problem("The X display went away."))


class Window(QObject):
    """A program that is pasted into: takes the text from the clipboard when keys come."""

    _pasted = Signal()

    def __init__(self, clipboard: QClipboard) -> None:
        super().__init__()
        self._clipboard = clipboard
        self.text = ""
        self.formats: list[list[str]] = []
        self._pasted.connect(self.take, Qt.ConnectionType.QueuedConnection)

    def press(self) -> None:
        assert threading.current_thread() is not threading.main_thread()
        self._pasted.emit()

    def take(self) -> None:
        mime = self._clipboard.mimeData()
        self.formats.append(mime.formats())
        self.text += mime.text()


@pytest.fixture(autouse=True)
def _looking_is_a_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests look at the clipboard all the time: the limit of waiting is theirs."""
    monkeypatch.setattr(pasting, "KEEP_LIMIT_MS", 400)


@pytest.fixture
def clipboard(qapp: QGuiApplication) -> QClipboard:
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    return clipboard


@pytest.fixture
def paste(clipboard: QClipboard) -> Iterator[QtClipboard]:
    paste = QtClipboard()
    yield paste
    paste.close()


@pytest.fixture
def window(clipboard: QClipboard) -> Window:
    return Window(clipboard)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of a machine that is never busy."""
    monkeypatch.setattr(pasting, "FETCH_LIMIT_MS", 60)
    monkeypatch.setattr(pasting, "KEEP_MS", 40)


@pytest.fixture
def wait(qtbot: QtBot) -> Callable[[Future[None]], None]:
    return lambda future: qtbot.waitUntil(future.done)


Wait = Callable[[Future[None]], None]


def test_the_text_is_taken_and_what_was_there_is_put_back(
    paste: QtClipboard, window: Window, clipboard: QClipboard, wait: Wait, qtbot: QtBot
) -> None:
    before = QMimeData()
    before.setData("text/plain", b"before")
    before.setData("text/html", b"<b>before</b>")
    before.setData("application/x-own", bytes(range(256)))
    clipboard.setMimeData(before)
    future = paste.paste("Zażółć 👍🏽", window.press)
    wait(future)
    assert future.exception() is None
    assert window.text == "Zażółć 👍🏽"
    assert CONCEALED_FORMAT in window.formats[0]
    qtbot.waitUntil(lambda: clipboard.text() == "before")
    after = clipboard.mimeData()
    assert bytes(after.data("text/html").data()) == b"<b>before</b>"
    assert bytes(after.data("application/x-own").data()) == bytes(range(256))
    assert CONCEALED_FORMAT not in after.formats()


def test_an_empty_clipboard_is_empty_again(
    paste: QtClipboard, window: Window, clipboard: QClipboard, wait: Wait, qtbot: QtBot
) -> None:
    wait(paste.paste("words", window.press))
    qtbot.waitUntil(lambda: not (clipboard.mimeData() and clipboard.mimeData().formats()))
    assert window.text == "words"


def test_a_text_nobody_takes_stays_and_it_is_said(
    quick: None, paste: QtClipboard, clipboard: QClipboard, wait: Wait
) -> None:
    clipboard.setText("before")
    future = paste.paste("words", lambda: None)
    wait(future)
    problem = future.exception()
    assert isinstance(problem, ProblemError)
    assert problem.problem == NOT_PASTED
    assert clipboard.text() == "words"
    assert CONCEALED_FORMAT not in clipboard.mimeData().formats()


def test_keys_that_cannot_be_pressed_leave_the_text_too(
    paste: QtClipboard, clipboard: QClipboard, wait: Wait
) -> None:
    def press() -> None:
        raise REFUSED

    future = paste.paste("words", press)
    wait(future)
    assert future.exception() is REFUSED
    assert clipboard.text() == "words"


def test_texts_are_pasted_in_order_and_what_was_there_before_all_comes_back(
    paste: QtClipboard, window: Window, clipboard: QClipboard, wait: Wait, qtbot: QtBot
) -> None:
    clipboard.setText("before")
    futures = [paste.paste(text, window.press) for text in ("one ", "two ", "three")]
    wait(futures[-1])
    assert [future.exception() for future in futures] == [None, None, None]
    assert window.text == "one two three"
    qtbot.waitUntil(lambda: clipboard.text() == "before")


@pytest.fixture
def reading(clipboard: QClipboard) -> Iterator[list[list[str]]]:
    """What a program is told there is, which asks again and again as Chromium does after it has
    fetched the text."""
    told: list[list[str]] = []

    def ask() -> None:
        mime = clipboard.mimeData()
        told.append(mime.formats() if mime else [])

    asking = QTimer()
    asking.setInterval(10)
    asking.timeout.connect(ask)
    asking.start()
    yield told
    asking.stop()


def test_while_somebody_reads_the_words_stay_and_the_next_text_waits(
    quick: None,
    paste: QtClipboard,
    window: Window,
    wait: Wait,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    reading: list[list[str]],
) -> None:
    monkeypatch.setattr(pasting, "NEXT_MS", 30)
    monkeypatch.setattr(pasting, "KEEP_LIMIT_MS", 2000)
    wait(paste.paste("one", window.press))
    then = len(reading)
    following = paste.paste("two", window.press)
    qtbot.waitUntil(lambda: len(reading) > then + 20)  # five times as long as is kept otherwise
    assert all(CONCEALED_FORMAT in formats for formats in reading[then:])
    assert window.text == "one"
    wait(following)  # nobody may read for ever
    assert window.text == "onetwo"


def test_who_asks_for_long_what_there_is_is_waited_for(
    quick: None,
    paste: QtClipboard,
    window: Window,
    wait: Wait,
    qtbot: QtBot,
    reading: list[list[str]],
) -> None:
    future = paste.paste("words", lambda: None)
    qtbot.waitUntil(lambda: len(reading) > 30)  # four times as long as is waited otherwise
    assert not future.done()
    window.take()
    wait(future)
    assert future.exception() is None


def test_who_only_ever_asks_has_not_pasted(
    quick: None,
    paste: QtClipboard,
    wait: Wait,
    reading: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pasting, "READ_LIMIT_MS", 100)
    future = paste.paste("words", lambda: None)
    wait(future)
    error = future.exception()
    assert isinstance(error, ProblemError)
    assert error.problem == NOT_PASTED


def test_after_a_text_that_was_not_taken_the_next_one_is(
    quick: None, paste: QtClipboard, window: Window, wait: Wait
) -> None:
    first = paste.paste("one", lambda: None)
    second = paste.paste("two", window.press)
    wait(second)
    assert isinstance(first.exception(), ProblemError)
    assert second.exception() is None
    assert window.text == "two"


def test_what_somebody_else_copies_meanwhile_is_left_alone(
    quick: None, paste: QtClipboard, window: Window, clipboard: QClipboard, wait: Wait, qtbot: QtBot
) -> None:
    clipboard.setText("before")
    wait(paste.paste("one", window.press))
    clipboard.setText("meanwhile")
    wait(paste.paste("two", window.press))
    qtbot.waitUntil(lambda: clipboard.text() == "meanwhile")
    assert window.text == "onetwo"


def test_a_cancelled_paste_touches_nothing(
    paste: QtClipboard, window: Window, clipboard: QClipboard, wait: Wait
) -> None:
    clipboard.setText("before")
    cancelled = paste.paste("one", window.press)
    assert cancelled.cancel()
    wait(paste.paste("two", window.press))
    assert window.text == "two"


def test_a_fetch_before_the_keys_counts_if_no_other_follows(
    paste: QtClipboard, window: Window, wait: Wait, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pasting, "EARLY_MS", -1)
    monkeypatch.setattr(pasting, "DOUBT_MS", 30)
    pressing, looked = threading.Event(), threading.Event()

    def press_late() -> None:
        pressing.set()
        assert looked.wait(5)

    future = paste.paste("words", press_late)
    qtbot.waitUntil(pressing.is_set)
    window.take()
    assert not future.done()
    looked.set()
    wait(future)
    assert future.exception() is None


def test_what_is_copied_for_good_stays(
    paste: QtClipboard, window: Window, clipboard: QClipboard, wait: Wait, quick: None, qtbot: QtBot
) -> None:
    wait(paste.paste("words", window.press))
    paste.copy("kept")
    wait(paste.paste("more", window.press))
    qtbot.waitUntil(lambda: clipboard.text() == "kept")
    assert window.text == "wordsmore"


def test_closing_gives_back_at_once_and_ends_what_waits(
    window: Window, clipboard: QClipboard, qtbot: QtBot
) -> None:
    paste = QtClipboard()
    clipboard.setText("before")
    future = paste.paste("words", lambda: None)
    qtbot.waitUntil(lambda: clipboard.text() == "words")
    paste.close()
    assert clipboard.text() == "before"
    assert isinstance(future.exception(), ProblemError)
    paste.close()


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
def test_of_a_clipboard_texts_are_kept_first_and_one_image(
    formats: list[str], kept: list[str]
) -> None:
    assert lending.formats_to_keep(formats) == kept


def test_more_than_the_limit_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lending, "BACKUP_LIMIT_BYTES", 10)
    mime = QMimeData()
    mime.setData("text/plain", b"12345")
    mime.setData("text/html", b"<b>123456</b>")
    assert lending.backup(mime) == {"text/plain": b"12345"}
    assert lending.backup(None) == {}
