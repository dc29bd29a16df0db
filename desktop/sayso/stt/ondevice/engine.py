"""The engine that recognises on this computer: nothing leaves it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ...core.problems import Problem, ProblemError
from ...core.usage import ON_DEVICE, Used
from ..engine import Heard, Ready
from ..reader import Reader
from .decoding.benchmark import remember
from .decoding.devices import CPU
from .decoding.loading import opened, timed, worked
from .decoding.malloc import apart, giving_back
from .decoding.threads import threads_for
from .decoding.whisper import Decoder
from .executors import Lane, Lanes
from .models.catalog import WHISPER_BASE, Model
from .models.locate import find
from .streaming import Follower, seen

TOO_SLOW = Problem(
    "This computer took too long to recognise the recording.",
    "Your recording is kept.",
    "try-again",
)

DECODING: tuple[Lane, ...] = ("quick", "thorough")

LEAST_LIMIT_S = 30.0
LIMIT_PER_S = 3.0
"""Ten times slower than measured is too slow: 30 s, or three times the length of the take."""
LOADING_S = 120.0
"""And so much more while the model is not there yet: the first load also measures threads."""

AGAIN_S = 0.5
"""Until unloading is tried again, where a decode nobody waits for any more is in its way."""

ALIASES = {"nb": "no", "fil": "tl", "iw": "he", "in": "id"}
"""Codes Whisper calls otherwise."""


class OnDeviceEngine:
    """Whisper by faster-whisper; follows `Engine`.

    Three threads of its own: the voice detector, decodes of what was said last, and decodes
    that repair what was said before.
    """

    name = "on-device"

    def __init__(
        self,
        language: str,
        *,
        models: Path,
        cache: Path,
        model: Model = WHISPER_BASE,
        unload_s: float = 0.0,
        hint: str = "",
    ) -> None:
        """
        Args:
            language: As the setting `language`; '' or one Whisper does not know detects it.
            models: Folder of the user's own models.
            cache: Folder in which the installed halves are joined.
            model: Which one.
            unload_s: After so long without a take the memory is given back; 0: never. The next
                take loads the model again while it goes on.
            hint: Of `echo.hint`: what the takes are about, and words to expect.
        """
        self._find = partial(find, model, models, cache)
        self._threads = partial(threads_for, model.name, os.cpu_count() or 1, cache)
        self._name, self._title, self._cache = model.name, model.title, cache
        self._language = language
        self._unload_s = unload_s
        self._hint = hint
        self._decoder: Decoder | None = None
        self._resting: Decoder | None = None
        """The same without its weights, while nobody speaks."""
        self._loading: asyncio.Future[Decoder] | None = None
        self._works = False
        """It could be loaded the last time that was tried."""
        self._takes = 0
        self._idle: asyncio.TimerHandle | None = None
        self._measuring: asyncio.Future[None] | None = None
        self._lanes = Lanes()

    @property
    def ready(self) -> bool:
        return self._works

    @property
    def loaded(self) -> bool:
        """The model is in memory."""
        return self._decoder is not None

    async def prepare(self) -> None:
        """Load the model, once: 1 to 3 s in a thread.

        Raises:
            ProblemError: It is not on this computer, is damaged, or there is no memory for it.
        """
        with self._in_use():
            decoder = await self._loaded()
        if not self._takes:  # else somebody speaks, and needs the threads
            self._measuring = asyncio.ensure_future(self._measured(decoder))
            self._measuring.add_done_callback(seen)

    async def recognise(self, audio: Reader, heard: Callable[[Heard], None]) -> str:
        """See `Engine`. Silence is '' and is not decoded at all.

        Raises:
            ProblemError: The model is not there, or this computer could not do it in time.
        """
        follower = Follower(self._lanes, self._loaded, self._code, heard)
        try:
            with self._in_use():
                async with asyncio.timeout(None) as deadline:

                    async def followed() -> None:
                        await follower.follow(audio)
                        limit_s = max(LEAST_LIMIT_S, LIMIT_PER_S * audio.duration_s)
                        limit_s += 0.0 if self.loaded else LOADING_S
                        deadline.reschedule(asyncio.get_running_loop().time() + limit_s)

                    # Whichever fails first is told at once, also while somebody still speaks.
                    await asyncio.gather(
                        follower.start(self._announced(heard)), follower.start(followed())
                    )
                    text = await follower.text()
            used = Used(endpoint=ON_DEVICE, seconds=round(audio.duration_s, 3), cost_usd=0.0)
            audio.take.charge(used)
            return text
        except TimeoutError as error:
            raise ProblemError(TOO_SLOW) from error
        finally:
            follower.stop()

    async def close(self) -> None:
        """Give back the memory; what still runs ends by itself and its text is dropped."""
        self._stay()
        self._lanes.close()
        with giving_back():
            self._decoder = self._resting = self._loading = None
        self._works = False

    async def _measured(self, decoder: Decoder) -> None:
        """Keep how long words are waited for here."""
        wait_s = await self._lanes.run("thorough", worked, decoder)
        on = decoder.device.name if decoder.device != CPU else f"{os.cpu_count()} processors"
        remember(self._cache, self._name, on, wait_s)

    async def _announced(self, heard: Callable[[Heard], None]) -> None:
        await self._loaded()
        heard(Ready())

    async def _loaded(self) -> Decoder:
        if self._decoder is not None:
            return self._decoder
        if self._loading is None or self._loading.done():
            self._loading = asyncio.ensure_future(self._load())
            self._loading.add_done_callback(seen)
        # Several takes may wait for it: the one that is cancelled does not take it along.
        return await asyncio.shield(self._loading)

    async def _load(self) -> Decoder:
        try:
            decoder = await self._lanes.run("quick", self._opened)
            # Each thread's first decode is slow, so both are made before they matter.
            await asyncio.gather(*(self._lanes.run(lane, decoder.warm) for lane in DECODING))
        except ProblemError:
            self._works = False
            raise
        self._decoder, self._resting, self._works = decoder, None, True
        return decoder

    def _opened(self) -> Decoder:
        """In a decoding thread."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when faster-whisper is imported
        import soxr  # noqa: F401 - the reader needs it on the loop; here it delays nobody

        folder = self._find()
        resting, self._resting = self._resting, None
        try:
            with apart():
                if resting and resting.folder == folder:
                    resting.wake()
                    return resting
                return opened(folder, lambda: self._threads(partial(timed, folder)), self._hint)
        except (RuntimeError, ValueError, OSError) as error:
            raise ProblemError(
                Problem(
                    f"The model {self._title} could not be loaded.",
                    "Download it again, or choose another.",
                    "recognition",
                    str(error),
                )
            ) from error

    def _code(self, decoder: Decoder) -> str:
        return code(self._language, decoder.languages)

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        """The model stays, and begins to wait for the next take when the last one is over."""
        self._stay()
        self._takes += 1
        try:
            yield
        finally:
            self._takes -= 1
            if not self._takes and self._unload_s:
                loop = asyncio.get_running_loop()
                self._idle = loop.call_later(self._unload_s, self._unload)

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _unload(self) -> None:
        decoder = self._decoder
        if decoder is None:
            return
        with giving_back():
            if decoder.rest():
                self._resting, self._decoder, self._loading = decoder, None, None
                return
        self._idle = asyncio.get_running_loop().call_later(AGAIN_S, self._unload)


def code(language: str, known: Collection[str]) -> str:
    """The model's code of the setting `language`; '' where it has none, so that it is detected."""
    plain = language.partition("-")[0]
    plain = ALIASES.get(plain, plain)
    return plain if plain in known else ""
