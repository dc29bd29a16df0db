"""The on-device engine: loads a model, transcribes takes with it, and unloads it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import attrs

from ...core.problems import ProblemError
from ...core.problems.models import LOAD_FAILED, TOO_SLOW
from ...core.settings.endpoint import ON_DEVICE
from ...core.usage import UsageRecord
from ..engine import EngineEvent, Ready
from ..reader import Reader
from .decoding.benchmark import save_measurement
from .decoding.loading import load_decoder
from .decoding.malloc import mmap_allocations, trim_after
from .decoding.whisper import CPU, WhisperDecoder
from .executors import Executors
from .models.catalog import WHISPER_BASE, Model
from .models.locate import locate
from .streaming import StreamingTranscriber, retrieve_exception

LANGUAGE_ALIASES = {"nb": "no", "fil": "tl", "iw": "he", "in": "id"}
"""Language codes for which Whisper uses another code."""


@attrs.frozen
class Timeouts:
    """Time limits of the engine, in seconds."""

    min_s: float = 30.0
    """Limit from the end of the audio to the text ..."""
    per_audio_s: float = 3.0
    """... or this for each second of audio, if it is longer. Decoding usually takes a tenth."""
    loading_s: float = 120.0
    """Added while the model is not loaded yet."""
    unload_retry_s: float = 0.5


class OnDeviceEngine:
    """Transcribes with Whisper on this computer; implements `Engine`."""

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
            language: The setting `language`; it is detected if '' or unknown to the model.
            models: Folder of the user's models.
            cache: Folder for models that are joined from packages, and for measurements.
            model: The model to use.
            unload_s: Time without a take after which the model is unloaded; 0: never.
            prompt: Topic and expected words, from `build_prompt`.
        """
        self.language = language
        self.timeouts = Timeouts()
        self.executors = Executors()
        self.decoder: WhisperDecoder | None = None
        self._locate = partial(locate, model, models, cache)
        self._model, self._cache = model, cache
        self._unload_s = unload_s
        self._prompt = prompt
        self._unloaded_decoder: WhisperDecoder | None = None
        self._loading: asyncio.Future[WhisperDecoder] | None = None
        self.ready = False
        self._active_takes = 0
        self._unload_timer: asyncio.TimerHandle | None = None
        self._benchmark_task: asyncio.Future[None] | None = None

    async def prepare(self) -> None:
        """Load the model if it is not loaded; takes 1 to 3 s.

        Raises:
            ProblemError: The model is missing or damaged, or there is not enough memory.
        """
        with self.model_in_use():
            decoder = await self.load()
        if not self._active_takes:  # a take needs the threads
            self._benchmark_task = asyncio.ensure_future(self._benchmark(decoder))
            self._benchmark_task.add_done_callback(retrieve_exception)

    async def transcribe(self, audio: Reader, on_event: Callable[[EngineEvent], None]) -> str:
        """See `Engine`. Silence is not decoded and gives ''.

        Raises:
            ProblemError: The model is missing, or the time limit was exceeded.
        """
        choose_language = partial(language_code, self.language)
        transcriber = StreamingTranscriber(self.executors, self.load, choose_language, on_event)
        limits = self.timeouts
        try:
            with self.model_in_use():
                async with asyncio.timeout(None) as deadline:

                    async def process() -> None:
                        await transcriber.process(audio)
                        limit_s = max(limits.min_s, limits.per_audio_s * audio.duration_s)
                        limit_s += limits.loading_s if self.decoder is None else 0.0
                        deadline.reschedule(asyncio.get_running_loop().time() + limit_s)

                    # The first failure is reported at once, even while the user still speaks.
                    await asyncio.gather(
                        transcriber.start_task(self._notify_ready(on_event)),
                        transcriber.start_task(process()),
                    )
                    text = await transcriber.final_text()
            seconds = round(audio.duration_s, 3)
            audio.take.usage.append(UsageRecord(endpoint=ON_DEVICE, seconds=seconds, cost_usd=0.0))
            return text
        except TimeoutError as error:
            raise ProblemError(TOO_SLOW()) from error
        finally:
            transcriber.cancel()

    async def close(self) -> None:
        """Free the memory. A running decode ends by itself, and its text is dropped."""
        self._cancel_unload()
        self.executors.close()
        with trim_after():
            self.decoder = self._unloaded_decoder = self._loading = None
        self.ready = False

    async def load(self) -> WhisperDecoder:
        """Return the decoder; load the model first if necessary.

        Raises:
            ProblemError: As `prepare`.
        """
        if self.decoder is not None:
            return self.decoder
        if self._loading is None or self._loading.done():
            self._loading = asyncio.ensure_future(self._load())
            self._loading.add_done_callback(retrieve_exception)
        # Several takes may wait for it; canceling one of them must not cancel the loading.
        return await asyncio.shield(self._loading)

    def unload(self) -> None:
        """Free the weights; try again later if a decode prevents it."""
        if self.decoder is None:
            return
        with trim_after():
            if self.decoder.unload():
                self._unloaded_decoder, self.decoder, self._loading = self.decoder, None, None
                return
        self._start_unload_timer(self.timeouts.unload_retry_s)

    @contextmanager
    def model_in_use(self) -> Iterator[None]:
        """Keep the model loaded inside this context; start the unload timer after the last one."""
        self._cancel_unload()
        self._active_takes += 1
        try:
            yield
        finally:
            self._active_takes -= 1
            if not self._active_takes and self._unload_s:
                self._start_unload_timer(self._unload_s)

    @property
    def unload_scheduled(self) -> bool:
        return self._unload_timer is not None

    def _start_unload_timer(self, delay_s: float) -> None:
        self._unload_timer = asyncio.get_running_loop().call_later(delay_s, self.unload)

    def _cancel_unload(self) -> None:
        if self._unload_timer is not None:
            self._unload_timer.cancel()
            self._unload_timer = None

    async def _benchmark(self, decoder: WhisperDecoder) -> None:
        latency_s = await self.executors.run("full", decoder.benchmark)
        on_processor = decoder.device == CPU
        hardware = f"{os.cpu_count()} processors" if on_processor else decoder.device.name
        save_measurement(self._cache, self._model.name, hardware, latency_s)

    async def _notify_ready(self, on_event: Callable[[EngineEvent], None]) -> None:
        await self.load()
        on_event(Ready())

    async def _load(self) -> WhisperDecoder:
        try:
            decoder = await self.executors.run("fast", self._load_in_thread)
            # The first decode of each thread is slow, so it is made before the first take.
            await asyncio.gather(
                self.executors.run("fast", decoder.warm_up),
                self.executors.run("full", decoder.warm_up),
            )
        except ProblemError:
            self.ready = False
            raise
        self.decoder, self._unloaded_decoder, self.ready = decoder, None, True
        return decoder

    def _load_in_thread(self) -> WhisperDecoder:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when faster-whisper is imported
        import soxr  # noqa: F401  the reader needs it; importing it here does not block the loop

        folder = self._locate()
        unloaded, self._unloaded_decoder = self._unloaded_decoder, None
        try:
            with mmap_allocations():
                if unloaded and unloaded.folder == folder:
                    unloaded.reload()
                    return unloaded
                return load_decoder(folder, self._prompt)
        except (RuntimeError, ValueError, OSError) as error:
            problem = LOAD_FAILED(model=self._model.title, detail=str(error))
            raise ProblemError(problem) from error


def language_code(language: str, supported: Collection[str]) -> str:
    """Return the model's code for the setting `language`; '' if it has none, to detect it."""
    base = language.partition("-")[0]
    base = LANGUAGE_ALIASES.get(base, base)
    return base if base in supported else ""
