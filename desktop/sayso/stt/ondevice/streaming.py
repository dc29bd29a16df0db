"""Follows one take: decodes what is said while it is said, so that at the end little is left."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import numpy as np

from ..engine import EngineEvent, Partial
from ..reader import Reader
from .decoding.quality import Hypothesis
from .decoding.whisper import WhisperDecoder
from .executors import ExecutorName, Executors
from .incremental import PriorDecode, extend
from .samples import RATE_HZ, Samples
from .segmenter import Segment, SpeculativeSegment
from .stitching import UNSPACED_LANGUAGES
from .transcript import DecodeSpan, TranscriptAssembler
from .vad import FULL_SCALE, SileroVad

T = TypeVar("T")

VAD_BATCH_BYTES = RATE_HZ // 5
"""The voice detector is run on a tenth of a second at a time: fewer hops between threads."""
INCREMENTAL_BEAM = 2
"""Of what is fitted on to a text: somebody waits for it. It is done a fifth sooner than with 3, and
in 75 takes there were no more errors; in what is decoded whole there were."""
LANGUAGE_DETECTION_S = 5.0
"""The language is detected again until it was in so much speech."""
MIN_NEW_AUDIO_S = 4.0
"""A repair takes a second or two, and slows what comes beside it: it waits for so much more."""
SLOW_DECODE_S: dict[ExecutorName, float] = {"quick": 0.5, "thorough": 3.0}
"""A decode slower than this is of a model, or on a computer, that leaves little time beside."""


class StreamingTranscriber:
    """One take, in the loop's thread; what is slow runs in the lanes."""

    def __init__(
        self,
        executors: Executors,
        get_decoder: Callable[[], Awaitable[WhisperDecoder]],
        language: Callable[[WhisperDecoder], str],
        on_event: Callable[[EngineEvent], None],
    ) -> None:
        """
        Args:
            lanes: Of the engine; takes share them.
            loaded: The model, when it is there.
            language: The one that was chosen, as its code, or '' to detect it.
            heard: Told every partial.
        """
        self._executors, self._get_decoder, self._chosen_language, self._on_event = (
            executors,
            get_decoder,
            language,
            on_event,
        )
        self._pcm = bytearray()
        self._vad = SileroVad()
        self._transcript = TranscriptAssembler()
        self._speculative_tasks: dict[SpeculativeSegment, asyncio.Task[Hypothesis | None]] = {}
        self._latest_speculative: SpeculativeSegment | None = None
        self._prior_decodes: defaultdict[int, list[PriorDecode]] = defaultdict(list)
        """Drafts by where they begin; of lanes that take turns, or work on different ones."""
        self._segment_tasks: dict[int, asyncio.Task[None]] = {}
        self._redecode_task: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._language, self._language_from_s = "", 0.0
        """The language, and in how much speech it was detected."""
        self._live = True
        """Somebody is speaking, so there is time beside; else all is there and is done in full."""
        self._cancelled = False
        self._paused_until: dict[ExecutorName, float] = {}
        """Until when a lane is left in peace."""
        self._last_partial = ""

    async def process(self, audio: Reader) -> None:
        """Read the take to its end.

        Raises:
            ProblemError: The voice detector cannot be run.
        """
        self._live = not audio.take.ended
        fed = 0
        async for pcm in audio.chunks(RATE_HZ):
            self._pcm += pcm
            if len(self._pcm) - fed >= VAD_BATCH_BYTES:
                fed = await self._run_vad(fed)
        await self._run_vad(fed)
        self._handle_actions(await self._executors.run("listen", self._vad.finish))
        self._transcript.clear_pending()

    async def final_text(self) -> str:
        """The whole text, after the end of `follow`.

        Raises:
            ProblemError: The model is not there, or cannot be run.
        """
        if not self._live:
            await self._decode_recording()
        while missing := self._transcript.missing_segments():
            await self._segment_tasks[missing[0]]
        return self._text()

    def start_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do this as part of the take: `stop` stops it too."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(retrieve_exception)
        self._tasks.append(task)
        return task

    def cancel(self) -> None:
        """Nothing is waited for; a decode that runs ends by itself and is dropped."""
        self._cancelled = True
        for task in self._tasks:
            task.cancel()

    async def _run_vad(self, processed_bytes: int) -> int:
        pcm = bytes(self._pcm[processed_bytes:])
        self._handle_actions(await self._executors.run("listen", self._vad.feed, pcm))
        return processed_bytes + len(pcm)

    def _handle_actions(self, actions: list[SpeculativeSegment | Segment]) -> None:
        for action in actions:
            if isinstance(action, Segment):
                self._on_segment(action)
            elif self._live and self._has_spare_time("quick"):
                self._latest_speculative = action
                self._speculative_tasks[action] = self.start_task(
                    self._decode_speculatively(action)
                )

    def _on_segment(self, segment: Segment) -> None:
        number = self._transcript.add(segment)
        if not self._live:
            return
        task = self._speculative_tasks.get(segment.speculative) if segment.speculative else None
        self._latest_speculative = segment.speculative
        self._segment_tasks[number] = self.start_task(self._decode_segment(segment, number, task))
        self._speculative_tasks = {}
        if not segment.last:
            self._start_redecode()

    async def _decode_speculatively(self, guess: SpeculativeSegment) -> Hypothesis | None:
        """None if there was a newer one before this could begin."""
        draft = await self._decode(guess, lambda: self._latest_speculative == guess)
        if draft and not draft.is_unusable:
            self._transcript.set_pending(guess, draft.text)
            self._send_partial()
        return draft

    async def _decode_segment(
        self, segment: Segment, number: int, guess: asyncio.Task[Hypothesis | None] | None
    ) -> None:
        draft = await guess if guess else None
        if draft is None or draft.defect:
            draft = await self._decode(segment, lambda: True)
            assert draft is not None
        self._transcript.set_text(number, draft.text)
        self._send_partial()

    async def _decode(
        self, part: SpeculativeSegment | Segment, still_needed: Callable[[], bool]
    ) -> Hypothesis | None:
        samples = self._samples(part.start, part.stop)
        decoder = await self._get_decoder()
        duration_s = len(samples) / RATE_HZ
        language = self._known_language(decoder, duration_s)

        def rest(piece: Samples) -> Hypothesis:
            return decoder.decode_once(piece, language, INCREMENTAL_BEAM)

        def guess(piece: Samples) -> Hypothesis:
            return decoder.decode_once(piece, language)

        def decode(piece: Samples) -> Hypothesis:
            return decoder.decode_segment(piece, language)

        def drafted() -> Hypothesis | None:
            if not still_needed():
                return None
            known = self._prior_decodes[part.start] if language else []
            whole = decode if isinstance(part, Segment) else guess
            draft = extend(rest, whole, samples, known, spaced=language not in UNSPACED_LANGUAGES)
            self._prior_decodes[part.start].append(PriorDecode(len(samples), draft))
            return draft

        lane: ExecutorName = "quick"
        if isinstance(part, Segment) and part.last and not self._executors.is_idle("quick"):
            lane = "thorough" if self._executors.is_idle("thorough") else "quick"
        draft = await self._run_timed(lane, drafted)
        if draft and not language:
            self._language, self._language_from_s = draft.language, duration_s
        return draft

    def _start_redecode(self) -> None:
        """Decode together what there is, unless that is going on."""
        done = self._redecode_task is None or self._redecode_task.done()
        if done and self._has_spare_time("thorough"):
            self._redecode_task = self.start_task(self._redecode())

    async def _redecode(self) -> None:
        if run := self._transcript.next_span(MIN_NEW_AUDIO_S):
            self._transcript.apply_redecode(run, await self._decode_span(run))
            self._send_partial()

    async def _decode_recording(self) -> None:
        while run := self._transcript.next_span():
            text = await self._decode_span(run)
            self._transcript.apply_redecode(run, text)
            for number in range(run.first_segment, run.end_segment):
                self._transcript.set_text(number, "")
            self._send_partial()

    async def _decode_span(self, span: DecodeSpan) -> str:
        samples = self._samples(span.start, span.stop)
        decoder = await self._get_decoder()
        if not self._known_language(decoder, 0.0):
            language = await self._executors.run("thorough", decoder.detect_language, samples)
            self._language, self._language_from_s = language, len(samples) / RATE_HZ
        language = self._language
        return await self._run_timed(
            "thorough", decoder.transcribe, samples, language, lambda: not self._cancelled
        )

    async def _run_timed(
        self, executor: ExecutorName, call: Callable[..., T], *arguments: object
    ) -> T:
        """Where it is slow, the lane is left in peace afterwards for as long as it took."""
        clock = asyncio.get_running_loop().time
        begin = clock()
        result = await self._executors.run(executor, call, *arguments)
        took_s = clock() - begin
        self._paused_until[executor] = clock() + took_s if took_s > SLOW_DECODE_S[executor] else 0.0
        return result

    def _has_spare_time(self, executor: ExecutorName) -> bool:
        """For what need not be done."""
        return asyncio.get_running_loop().time() >= self._paused_until.get(executor, 0.0)

    def _known_language(self, decoder: WhisperDecoder, duration_s: float) -> str:
        """That of the take; '' if so much speech can tell it better than what there was."""
        if chosen := self._chosen_language(decoder):
            self._language, self._language_from_s = chosen, math.inf
        return (
            self._language if self._language_from_s >= min(duration_s, LANGUAGE_DETECTION_S) else ""
        )

    def _samples(self, start: int, stop: int) -> Samples:
        pcm = bytes(self._pcm[2 * start : 2 * stop])
        return np.frombuffer(pcm, "<i2").astype(np.float32) / FULL_SCALE

    def _text(self) -> str:
        return self._transcript.text(spaced=self._language not in UNSPACED_LANGUAGES)

    def _send_partial(self) -> None:
        text = self._text()
        if text and text != self._last_partial:
            self._last_partial = text
            self._on_event(Partial(text))


def retrieve_exception(task: asyncio.Future[Any]) -> None:
    """Whoever waits is told of the failure; where nobody does any more, it is no news."""
    if not task.cancelled():
        task.exception()
