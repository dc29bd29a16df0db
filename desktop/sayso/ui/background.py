"""Functions that block, off the main thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from ..core.problems import Problem, ProblemError

Result = TypeVar("Result")


class Background(QObject):
    """Create it in the main thread. Its two threads are started when they are needed."""

    _finished = Signal(object, object, object)

    def __init__(self) -> None:
        super().__init__()
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="background")
        self._finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        function: Callable[[], Result],
        on_result: Callable[[Result], None],
        on_problem: Callable[[Problem], None],
    ) -> None:
        """Call `function` in another thread, then one of the callbacks in the main thread."""
        future = self._pool.submit(function)
        future.add_done_callback(lambda f: self._finished.emit(f, on_result, on_problem))

    def stop(self, *, wait: bool = False) -> None:
        """Accept no more functions; running ones finish, waiting ones are dropped."""
        self._pool.shutdown(wait=wait, cancel_futures=True)

    @Slot(object, object, object)
    def _on_finished(
        self,
        future: Future[Any],
        on_result: Callable[[Any], None],
        on_problem: Callable[[Problem], None],
    ) -> None:
        if future.cancelled():
            return
        try:
            result = future.result()
        except ProblemError as error:
            on_problem(error.problem)
        else:
            on_result(result)
