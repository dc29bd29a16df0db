"""What the parts of a desktop have in common: they are opened whole, waited for, and ended."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Self


class Component:
    """Open from `with` to its end; where it cannot be opened whole, nothing of it stays."""

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
        """Also of what is half open."""
        raise NotImplementedError

    def _open(self) -> None:
        raise NotImplementedError


def terminate(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ask them to end, the youngest first, and insist after a while."""
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
    """Wait for something that tells nobody when it happens."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {description}"
        time.sleep(0.005)
