"""The threads of the on-device engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal, TypeVar, get_args

from ...core.problems import ProblemError
from ...core.problems.models import NOT_INSTALLED, OUT_OF_MEMORY, TRANSCRIPTION_FAILED

T = TypeVar("T")

ExecutorName = Literal["vad", "fast", "full"]
"""Voice activity detection, decodes in short windows, and decodes in the full window."""


class Executors:
    """One thread for each `ExecutorName`, with one call at a time in each.

    CTranslate2 and onnxruntime release the interpreter lock, so these threads do not delay the
    hotkey or the audio.
    """

    def __init__(self) -> None:
        self._pools = {name: ThreadPoolExecutor(1, name) for name in get_args(ExecutorName)}
        self._last_futures: dict[ExecutorName, Future[Any]] = {}

    def is_idle(self, name: ExecutorName) -> bool:
        return name not in self._last_futures or self._last_futures[name].done()

    async def run(self, name: ExecutorName, call: Callable[..., T], *arguments: object) -> T:
        """Run a call in a thread, after the calls that wait for the same thread.

        Raises:
            ProblemError: The call raised an exception of a library.
        """
        try:
            future = self._pools[name].submit(call, *arguments)
            self._last_futures[name] = future
            return await asyncio.wrap_future(future)
        except ImportError as error:
            raise ProblemError(NOT_INSTALLED(detail=str(error))) from error
        except MemoryError as error:
            raise ProblemError(OUT_OF_MEMORY(detail=str(error))) from error
        except (RuntimeError, ValueError, OSError) as error:
            raise ProblemError(TRANSCRIPTION_FAILED(detail=str(error))) from error

    def close(self, *, wait: bool = False) -> None:
        """Cancel waiting calls; running calls end by themselves, and are awaited if `wait`."""
        for pool in self._pools.values():
            pool.shutdown(wait=wait, cancel_futures=True)
