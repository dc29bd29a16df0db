"""Pytest plugin that searches logs, output and files for the canary API key."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

import canary
from sayso.storage import instance, paths


def _sayso_folders() -> list[Path]:
    files = (paths.settings_file(), paths.recordings(), paths.log_file(), paths.models())
    return [*(file.parent for file in files), Path(instance.runtime_folder())]


@pytest.fixture(autouse=True)
def _capture_log_at_every_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "websockets")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: pytest.TestReport = yield
    if report.when == "teardown" and any(canary.KEY in text for _, text in report.sections):
        canary.LEAKS.append(f"the log or output of {item.nodeid}")
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    factory: pytest.TempPathFactory = config._tmp_path_factory  # type: ignore[attr-defined]
    caches = [config.rootpath / name for name in (".hypothesis", ".pytest_cache")]
    for folder in (factory.getbasetemp(), *caches, *_sayso_folders()):
        canary.scan(folder)
    if canary.LEAKS and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for place in canary.LEAKS:
        terminalreporter.write_line(f"The API key of this run was found in {place}", red=True)
