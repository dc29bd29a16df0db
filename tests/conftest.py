"""Checks for every test: no warnings in the log, no threads left running, no API key leaked."""

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
"""Time for a thread to end on a busy machine."""


@pytest.fixture(autouse=True)
def _no_leftover_threads_or_warnings(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    started = [t for t in set(threading.enumerate()) - before if not t.daemon]
    for thread in started:
        thread.join(THREAD_END_TIMEOUT_S)
    left = [t.name for t in started if t.is_alive()]
    assert not left, f"threads still running: {left}"
    if not request.node.get_closest_marker("expect_log"):
        records = caplog.get_records("call")
        warnings = [r.getMessage() for r in records if r.levelno >= logging.WARNING]
        assert not warnings, f"unexpected log: {warnings}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-must-run", action="store_true", help="fail the run if a test skips")
    parser.addoption(
        "--part", default="1/1", metavar="N/TOTAL", help="run every TOTAL-th test module only"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the modules of this part, so that several processes can divide the tests."""
    part, total = map(int, config.getoption("--part").split("/"))
    modules = list(dict.fromkeys(item.path for item in items))
    selected = set(modules[part - 1 :: total])
    deselected = [item for item in items if item.path not in selected]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item.path in selected]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    # Data that Python put on Qt's clipboard would be destroyed after Python, which crashes.
    if (gui := sys.modules.get("PySide6.QtGui")) and gui.QGuiApplication.instance():
        gui.QGuiApplication.clipboard().clear()
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not session.config.getoption("--all-must-run"):
        return
    if reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Exit even if a failed test left a thread running, for which Python would wait forever."""
    main = threading.main_thread()
    left = [t for t in threading.enumerate() if t is not main and not t.daemon]
    for thread in left:
        thread.join(THREAD_END_TIMEOUT_S)
    if any(thread.is_alive() for thread in left):
        faulthandler.dump_traceback()
        sys.stdout.flush()
        os._exit(pytest.ExitCode.TESTS_FAILED)
