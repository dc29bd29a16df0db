"""Components of a desktop, which are started, waited for and ended."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Self


class Component:
    """A context manager; if it cannot be opened completely, it is closed again."""

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close everything, even if it is only partly open."""
        raise NotImplementedError

    def _open(self) -> None:
        raise NotImplementedError


def terminate(processes: list[subprocess.Popen[bytes]]) -> None:
    """Terminate the processes, the newest first, and kill those that do not end."""
    for child in reversed(processes):
        child.terminate()
    for child in reversed(processes):
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    processes.clear()


def wait_until(condition: Callable[[], bool], description: str, timeout_s: float = 10.0) -> None:
    """Wait for a condition that sends no event."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {description}"
        time.sleep(0.005)
