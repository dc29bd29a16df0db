"""What no test may leave behind: a warning in the log, a thread, or the key (`canary`)."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
from collections.abc import Iterator

import pytest

pytest_plugins = ["canary_plugin"]
THREAD_END_TIMEOUT_S = 3.0
"""A thread that was told to end may need a moment on a busy machine."""


@pytest.fixture(autouse=True)
def _no_leftover_threads_or_warnings(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    begun = [t for t in set(threading.enumerate()) - before if not t.daemon]
    for thread in begun:
        thread.join(THREAD_END_TIMEOUT_S)
    left = [t.name for t in begun if t.is_alive()]
    assert not left, f"threads still running: {left}"
    if not request.node.get_closest_marker("expect_log"):
        loud = [r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.WARNING]
        assert not loud, f"unexpected log: {loud}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-must-run", action="store_true", help="a skipped test fails the run")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    # What Python has put on Qt's clipboard is destroyed after Python itself, and crashes it.
    if (gui := sys.modules.get("PySide6.QtGui")) and gui.QGuiApplication.instance():
        gui.QGuiApplication.clipboard().clear()
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not session.config.getoption("--all-must-run"):
        return
    if reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Python waits at its end for every thread, so one that a failed test left is for ever."""
    main = threading.main_thread()
    left = [t for t in threading.enumerate() if t is not main and not t.daemon]
    for thread in left:
        thread.join(THREAD_END_TIMEOUT_S)
    if any(thread.is_alive() for thread in left):
        faulthandler.dump_traceback()
        sys.stdout.flush()
        os._exit(pytest.ExitCode.TESTS_FAILED)
