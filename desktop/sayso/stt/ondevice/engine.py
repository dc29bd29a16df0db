"""The engine that recognises on this computer: nothing leaves it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ...core.problems import ProblemError, untyped_problem
from ...core.settings.endpoint import ON_DEVICE
from ...core.usage import UsageRecord
from ..engine import EngineEvent, Ready
from ..reader import Reader
from .decoding.benchmark import save_measurement
from .decoding.devices import CPU
from .decoding.loading import load_decoder, time_decode, timed
from .decoding.malloc import mmap_allocations, trim_after
from .decoding.threads import threads_for
from .decoding.whisper import WhisperDecoder
from .executors import ExecutorName, Executors
from .models.catalog import WHISPER_BASE, Model
from .models.locate import locate
from .streaming import StreamingTranscriber, retrieve_exception

TOO_SLOW = untyped_problem(
    "This computer took too long to recognise the recording.",
    "Your recording is kept.",
    "try-again",
)

DECODER_EXECUTORS: tuple[ExecutorName, ...] = ("quick", "thorough")

MIN_TIMEOUT_S = 30.0
TIMEOUT_PER_S = 3.0
"""Ten times slower than measured is too slow: 30 s, or three times the length of the take."""
LOADING_TIMEOUT_S = 120.0
"""And so much more while the model is not there yet: the first load also measures threads."""

UNLOAD_RETRY_S = 0.5
"""Until unloading is tried again, where a decode nobody waits for any more is in its way."""

LANGUAGE_ALIASES = {"nb": "no", "fil": "tl", "iw": "he", "in": "id"}
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
        prompt: str = "",
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
        self._locate = partial(locate, model, models, cache)
        self._threads = partial(threads_for, model.name, os.cpu_count() or 1, cache)
        self._model_name, self._model_title, self._cache = model.name, model.title, cache
        self._language = language
        self._unload_s = unload_s
        self._prompt = prompt
        self._decoder: WhisperDecoder | None = None
        self._unloaded_decoder: WhisperDecoder | None = None
        """The same without its weights, while nobody speaks."""
        self._loading: asyncio.Future[WhisperDecoder] | None = None
        self._ready = False
        """It could be loaded the last time that was tried."""
        self._active_takes = 0
        self._unload_timer: asyncio.TimerHandle | None = None
        self._benchmark_task: asyncio.Future[None] | None = None
        self._executors = Executors()

    @property
    def ready(self) -> bool:
        return self._ready

    @property
    def loaded(self) -> bool:
        """The model is in memory."""
        return self._decoder is not None

    async def prepare(self) -> None:
        """Load the model, once: 1 to 3 s in a thread.

        Raises:
            ProblemError: It is not on this computer, is damaged, or there is no memory for it.
        """
        with self._model_in_use():
            decoder = await self._get_decoder()
        if not self._active_takes:  # else somebody speaks, and needs the threads
            self._benchmark_task = asyncio.ensure_future(self._benchmark(decoder))
            self._benchmark_task.add_done_callback(retrieve_exception)

    async def transcribe(self, audio: Reader, on_event: Callable[[EngineEvent], None]) -> str:
        """See `Engine`. Silence is '' and is not decoded at all.

        Raises:
            ProblemError: The model is not there, or this computer could not do it in time.
        """
        follower = StreamingTranscriber(
            self._executors, self._get_decoder, self._language_code, on_event
        )
        try:
            with self._model_in_use():
                async with asyncio.timeout(None) as deadline:

                    async def followed() -> None:
                        await follower.process(audio)
                        limit_s = max(MIN_TIMEOUT_S, TIMEOUT_PER_S * audio.duration_s)
                        limit_s += 0.0 if self.loaded else LOADING_TIMEOUT_S
                        deadline.reschedule(asyncio.get_running_loop().time() + limit_s)

                    # Whichever fails first is told at once, also while somebody still speaks.
                    await asyncio.gather(
                        follower.start_task(self._notify_ready(on_event)),
                        follower.start_task(followed()),
                    )
                    text = await follower.final_text()
            used = UsageRecord(endpoint=ON_DEVICE, seconds=round(audio.duration_s, 3), cost_usd=0.0)
            audio.take.add_usage(used)
            return text
        except TimeoutError as error:
            raise ProblemError(TOO_SLOW) from error
        finally:
            follower.cancel()

    async def close(self) -> None:
        """Give back the memory; what still runs ends by itself and its text is dropped."""
        self._cancel_unload()
        self._executors.close()
        with trim_after():
            self._decoder = self._unloaded_decoder = self._loading = None
        self._ready = False

    async def _benchmark(self, decoder: WhisperDecoder) -> None:
        """Keep how long words are waited for here."""
        wait_s = await self._executors.run("thorough", time_decode, decoder)
        on = decoder.device.name if decoder.device != CPU else f"{os.cpu_count()} processors"
        save_measurement(self._cache, self._model_name, on, wait_s)

    async def _notify_ready(self, heard: Callable[[EngineEvent], None]) -> None:
        await self._get_decoder()
        heard(Ready())

    async def _get_decoder(self) -> WhisperDecoder:
        if self._decoder is not None:
            return self._decoder
        if self._loading is None or self._loading.done():
            self._loading = asyncio.ensure_future(self._load())
            self._loading.add_done_callback(retrieve_exception)
        # Several takes may wait for it: the one that is cancelled does not take it along.
        return await asyncio.shield(self._loading)

    async def _load(self) -> WhisperDecoder:
        try:
            decoder = await self._executors.run("quick", self._load_in_thread)
            # Each thread's first decode is slow, so both are made before they matter.
            await asyncio.gather(
                *(self._executors.run(lane, decoder.warm_up) for lane in DECODER_EXECUTORS)
            )
        except ProblemError:
            self._ready = False
            raise
        self._decoder, self._unloaded_decoder, self._ready = decoder, None, True
        return decoder

    def _load_in_thread(self) -> WhisperDecoder:
        """In a decoding thread."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when faster-whisper is imported
        import soxr  # noqa: F401 - the reader needs it on the loop; here it delays nobody

        folder = self._locate()
        resting, self._unloaded_decoder = self._unloaded_decoder, None
        try:
            with mmap_allocations():
                if resting and resting.folder == folder:
                    resting.reload()
                    return resting
                return load_decoder(
                    folder, lambda: self._threads(partial(timed, folder)), self._prompt
                )
        except (RuntimeError, ValueError, OSError) as error:
            raise ProblemError(
                untyped_problem(
                    f"The model {self._model_title} could not be loaded.",
                    "Download it again, or choose another.",
                    "recognition",
                    str(error),
                )
            ) from error

    def _language_code(self, decoder: WhisperDecoder) -> str:
        return language_code(self._language, decoder.languages)

    @contextmanager
    def _model_in_use(self) -> Iterator[None]:
        """The model stays, and begins to wait for the next take when the last one is over."""
        self._cancel_unload()
        self._active_takes += 1
        try:
            yield
        finally:
            self._active_takes -= 1
            if not self._active_takes and self._unload_s:
                loop = asyncio.get_running_loop()
                self._unload_timer = loop.call_later(self._unload_s, self._unload)

    def _cancel_unload(self) -> None:
        if self._unload_timer is not None:
            self._unload_timer.cancel()
            self._unload_timer = None

    def _unload(self) -> None:
        decoder = self._decoder
        if decoder is None:
            return
        with trim_after():
            if decoder.unload():
                self._unloaded_decoder, self._decoder, self._loading = decoder, None, None
                return
        self._unload_timer = asyncio.get_running_loop().call_later(UNLOAD_RETRY_S, self._unload)


def language_code(language: str, supported: Collection[str]) -> str:
    """The model's code of the setting `language`; '' where it has none, so that it is detected."""
    plain = language.partition("-")[0]
    plain = LANGUAGE_ALIASES.get(plain, plain)
    return plain if plain in supported else ""
