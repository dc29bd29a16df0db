"""Slow functions off the main thread, their results back on it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from ..core.problems import Problem, ProblemError

T = TypeVar("T")


class Background(QObject):
    """Create it in the main thread. Its two threads are started by the first `run`."""

    _done = Signal(object, object, object)

    def __init__(self) -> None:
        super().__init__()
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="background")
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        function: Callable[[], T],
        then: Callable[[T], None],
        otherwise: Callable[[Problem], None],
    ) -> None:
        """Call `function` elsewhere, then `then` or `otherwise` here."""
        future = self._pool.submit(function)
        future.add_done_callback(lambda f: self._done.emit(f, then, otherwise))

    def stop(self, *, wait: bool = False) -> None:
        """Take no more; what runs is finished, what waits is not begun."""
        self._pool.shutdown(wait=wait, cancel_futures=True)

    @Slot(object, object, object)
    def _deliver(
        self,
        future: Future[Any],
        then: Callable[[Any], None],
        otherwise: Callable[[Problem], None],
    ) -> None:
        if future.cancelled():
            return
        try:
            result = future.result()
        except ProblemError as error:
            otherwise(error.problem)
        else:
            then(result)
