"""Transcribes a take while it is recorded, so that little is left to decode at the end."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from typing import Any, TypeVar

import attrs

from ..engine import EngineEvent, Partial
from ..reader import Reader
from .decoding.decoder import Decoder
from .decoding.quality import Hypothesis
from .executors import ExecutorName, Executors
from .incremental import PriorDecode, extend
from .samples import RATE_HZ, Samples, from_pcm
from .segmenter import Segment, SpeculativeSegment
from .stitching import UNSPACED_LANGUAGES
from .transcript import DecodeSpan, TranscriptAssembler
from .vad import VadSegmenter

T = TypeVar("T")

VAD_BATCH_BYTES = RATE_HZ // 5
"""0.1 s of audio for each call of the voice activity detector, to limit thread switches."""
LANGUAGE_DETECTION_S = 5.0
"""The language is detected again until it was detected in this much speech."""


@attrs.frozen
class Pacing:
    """Limits for decodes that are not strictly necessary."""

    min_new_audio_s: float = 4.0
    """New audio before a span is decoded again: this takes 1 to 2 s and slows other decodes."""
    slow_s: Mapping[ExecutorName, float] = {"fast": 0.5, "full": 3.0}
    """After a decode that takes longer, its executor pauses for as long as the decode took: the
    model is large or the computer is busy."""


@attrs.define
class _Language:
    code: str = ""
    detected_in_s: float = 0.0
    """Length of the speech in which the language was detected; infinite if the user chose it."""

    def known_for(self, duration_s: float) -> str:
        """Return the code, or '' if this much speech allows a more reliable detection."""
        enough = self.detected_in_s >= min(duration_s, LANGUAGE_DETECTION_S)
        return self.code if enough else ""

    @property
    def spaced(self) -> bool:
        return self.code not in UNSPACED_LANGUAGES


class StreamingTranscriber:
    """Transcribes one take. Runs in the event loop; slow calls run in the executors."""

    def __init__(
        self,
        executors: Executors,
        get_decoder: Callable[[], Awaitable[Decoder]],
        choose_language: Callable[[Collection[str]], str],
        on_event: Callable[[EngineEvent], None],
        *,
        pacing: Pacing | None = None,
        segmenter: VadSegmenter | None = None,
    ) -> None:
        """
        Args:
            executors: Threads, shared with other takes.
            get_decoder: Returns the decoder as soon as the model is loaded.
            choose_language: Returns the code of the user's language if the decoder supports it,
                or '' to detect the language.
            on_event: Receives the partials.
            pacing: Limits for decodes that are not strictly necessary.
            segmenter: Divides the audio into segments.
        """
        self._executors, self._get_decoder = executors, get_decoder
        self._choose_language, self._on_event = choose_language, on_event
        self._pacing = pacing or Pacing()
        self._segmenter = segmenter or VadSegmenter()
        self._pcm = bytearray()
        self._transcript = TranscriptAssembler()
        self._speculative_tasks: dict[SpeculativeSegment, asyncio.Task[Hypothesis | None]] = {}
        self._latest_speculative: SpeculativeSegment | None = None
        self._prior_decodes: defaultdict[int, list[PriorDecode]] = defaultdict(list)
        """Earlier decodes by their first sample."""
        self._segment_tasks: dict[int, asyncio.Task[None]] = {}
        self._redecode_task: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._language = _Language()
        self._paused_until: dict[ExecutorName, float] = {}
        """Time before which an executor runs necessary decodes only."""
        self._live = True
        """False if the take had ended before: then it is decoded in full windows only."""
        self._canceled = False
        self._last_partial = ""

    async def process(self, audio: Reader) -> None:
        """Read the take to its end and decode it meanwhile.

        Raises:
            ProblemError: The voice activity detector cannot be run.
        """
        self._live = not audio.take.ended
        processed_bytes = 0
        async for pcm in audio.chunks(RATE_HZ):
            self._pcm += pcm
            if len(self._pcm) - processed_bytes >= VAD_BATCH_BYTES:
                processed_bytes = await self._run_vad(processed_bytes)
        await self._run_vad(processed_bytes)
        self._handle(await self._executors.run("vad", self._segmenter.finish))
        self._transcript.clear_pending()

    async def final_text(self) -> str:
        """Return the whole text. Call this after `process` has returned.

        Raises:
            ProblemError: The model is missing or cannot be run.
        """
        if not self._live:
            await self._decode_recording()
        while missing := self._transcript.missing_segments():
            await self._segment_tasks[missing[0]]
        return self._transcript.text(spaced=self._language.spaced)

    def start_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine as part of the take; `cancel` cancels it."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(retrieve_exception)
        self._tasks.append(task)
        return task

    def cancel(self) -> None:
        """Cancel all tasks. A running decode ends by itself, and its text is dropped."""
        self._canceled = True
        for task in self._tasks:
            task.cancel()

    async def _run_vad(self, processed_bytes: int) -> int:
        pcm = bytes(self._pcm[processed_bytes:])
        self._handle(await self._executors.run("vad", self._segmenter.feed, pcm))
        return processed_bytes + len(pcm)

    def _handle(self, found: list[SpeculativeSegment | Segment]) -> None:
        for part in found:
            if isinstance(part, Segment):
                self._on_segment(part)
            elif self._live and self._has_time("fast"):
                self._latest_speculative = part
                task = self.start_task(self._decode_speculatively(part))
                self._speculative_tasks[part] = task

    def _on_segment(self, segment: Segment) -> None:
        number = self._transcript.add(segment)
        if not self._live:
            return
        speculative = segment.speculative
        task = self._speculative_tasks.get(speculative) if speculative else None
        self._latest_speculative = speculative
        self._segment_tasks[number] = self.start_task(self._decode_segment(segment, number, task))
        self._speculative_tasks = {}
        idle = self._redecode_task is None or self._redecode_task.done()
        if not segment.last and idle and self._has_time("full"):
            self._redecode_task = self.start_task(self._redecode())

    async def _decode_speculatively(self, part: SpeculativeSegment) -> Hypothesis | None:
        """Return None if a newer part replaced this one before its decode could start."""
        found = await self._decode(part, lambda: self._latest_speculative == part)
        if found and not found.is_unusable:
            self._transcript.set_pending(part, found.text)
            self._send_partial()
        return found

    async def _decode_segment(
        self, segment: Segment, number: int, speculative: asyncio.Task[Hypothesis | None] | None
    ) -> None:
        found = await speculative if speculative else None
        if found is None or found.defect:
            found = await self._decode(segment, lambda: True)
            assert found is not None
        self._transcript.set_text(number, found.text)
        self._send_partial()

    async def _decode(
        self, part: SpeculativeSegment | Segment, still_needed: Callable[[], bool]
    ) -> Hypothesis | None:
        samples = self._samples(part.start, part.stop)
        decoder = await self._get_decoder()
        duration_s = len(samples) / RATE_HZ
        language = self._known_language(decoder, duration_s)

        def decode_rest(samples: Samples) -> Hypothesis:
            return decoder.decode_once(samples, language, incremental=True)

        def decode_all(samples: Samples) -> Hypothesis:
            if isinstance(part, Segment):
                return decoder.decode_segment(samples, language)
            return decoder.decode_once(samples, language)

        def decode() -> Hypothesis | None:
            if not still_needed():
                return None
            priors = self._prior_decodes[part.start] if language else []
            spaced = language not in UNSPACED_LANGUAGES
            found = extend(decode_rest, decode_all, samples, priors, spaced=spaced)
            self._prior_decodes[part.start].append(PriorDecode(len(samples), found))
            return found

        executor: ExecutorName = "fast"
        if isinstance(part, Segment) and part.last and not self._executors.is_idle("fast"):
            executor = "full" if self._executors.is_idle("full") else "fast"
        found = await self._run_timed(executor, decode)
        if found and not language:
            self._language = _Language(found.language, duration_s)
        return found

    async def _redecode(self) -> None:
        if span := self._transcript.next_span(self._pacing.min_new_audio_s):
            self._transcript.apply_redecode(span, await self._decode_span(span))
            self._send_partial()

    async def _decode_recording(self) -> None:
        while span := self._transcript.next_span():
            text = await self._decode_span(span)
            self._transcript.apply_redecode(span, text)
            for number in range(span.first_segment, span.end_segment):
                self._transcript.set_text(number, "")
            self._send_partial()

    async def _decode_span(self, span: DecodeSpan) -> str:
        samples = self._samples(span.start, span.stop)
        decoder = await self._get_decoder()
        if not self._known_language(decoder, 0.0):
            code = await self._executors.run("full", decoder.detect_language, samples)
            self._language = _Language(code, len(samples) / RATE_HZ)
        code = self._language.code
        return await self._run_timed(
            "full", decoder.transcribe, samples, code, lambda: not self._canceled
        )

    async def _run_timed(
        self, executor: ExecutorName, call: Callable[..., T], *arguments: object
    ) -> T:
        clock = asyncio.get_running_loop().time
        start = clock()
        result = await self._executors.run(executor, call, *arguments)
        duration_s = clock() - start
        slow = duration_s > self._pacing.slow_s[executor]
        self._paused_until[executor] = clock() + duration_s if slow else 0.0
        return result

    def _has_time(self, executor: ExecutorName) -> bool:
        return asyncio.get_running_loop().time() >= self._paused_until.get(executor, 0.0)

    def _known_language(self, decoder: Decoder, duration_s: float) -> str:
        if chosen := self._choose_language(decoder.languages):
            self._language = _Language(chosen, math.inf)
        return self._language.known_for(duration_s)

    def _samples(self, start: int, stop: int) -> Samples:
        return from_pcm(bytes(self._pcm[2 * start : 2 * stop]))

    def _send_partial(self) -> None:
        text = self._transcript.text(spaced=self._language.spaced)
        if text and text != self._last_partial:
            self._last_partial = text
            self._on_event(Partial(text))


def retrieve_exception(task: asyncio.Future[Any]) -> None:
    """Mark the exception of a task as retrieved; code that awaits the task still receives it."""
    if not task.cancelled():
        task.exception()
