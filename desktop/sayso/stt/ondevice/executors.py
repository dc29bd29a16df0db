"""The threads of the engine on this computer, and what their failures mean for people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal, TypeVar, get_args

from ...core.problems import ProblemError, replaced, untyped_problem

T = TypeVar("T")

ExecutorName = Literal["listen", "quick", "thorough"]
"""The voice detector; decodes in short windows; decodes in full. One call at a time in each."""

NOT_INSTALLED = untyped_problem(
    "Recognition on this computer is not installed.",
    "Install it with: pip install 'sayso[on-device]'.",
    "recognition",
)
OUT_OF_MEMORY = untyped_problem(
    "There is not enough memory for this model.",
    "Choose a smaller one, or close other programs.",
    "recognition",
)
TRANSCRIPTION_FAILED = untyped_problem(
    "This computer could not recognise the recording.", "Your recording is kept.", "try-again"
)


class Executors:
    """CTranslate2 and onnxruntime let go of the interpreter, so none delays keys or sound."""

    def __init__(self) -> None:
        self._pools = {lane: ThreadPoolExecutor(1, lane) for lane in get_args(ExecutorName)}
        self._last_futures: dict[ExecutorName, Future[Any]] = {}

    def is_idle(self, name: ExecutorName) -> bool:
        return name not in self._last_futures or self._last_futures[name].done()

    async def run(self, name: ExecutorName, call: Callable[..., T], *arguments: object) -> T:
        """Run it in a thread, behind what that has to do already.

        Raises:
            ProblemError: What its libraries raise, told for people.
        """
        try:
            work = self._pools[name].submit(call, *arguments)
            self._last_futures[name] = work
            return await asyncio.wrap_future(work)
        except ImportError as error:
            raise ProblemError(replaced(NOT_INSTALLED, detail=str(error))) from error
        except MemoryError as error:
            raise ProblemError(replaced(OUT_OF_MEMORY, detail=str(error))) from error
        except (RuntimeError, ValueError, OSError) as error:
            raise ProblemError(replaced(TRANSCRIPTION_FAILED, detail=str(error))) from error

    def close(self) -> None:
        """What runs ends by itself; what waits is dropped."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
