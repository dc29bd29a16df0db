"""Follows one take: decodes what is said while it is said, so that at the end little is left."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import numpy as np

from ..engine import Heard, Partial
from ..reader import Reader
from .decoding.quality import Draft
from .decoding.whisper import Decoder
from .executors import Lane, Lanes
from .incremental import Known, grown
from .samples import RATE_HZ, Samples
from .segmenter import Guess, Segment
from .stitching import UNSPACED
from .transcript import Rolling, Run
from .vad import FULL_SCALE, Listener

T = TypeVar("T")

BATCH_BYTES = RATE_HZ // 5
"""The voice detector is run on a tenth of a second at a time: fewer hops between threads."""
REST_BEAM = 2
"""Of what is fitted on to a text: somebody waits for it. It is done a fifth sooner than with 3, and
in 75 takes there were no more errors; in what is decoded whole there were."""
SURE_S = 5.0
"""The language is detected again until it was in so much speech."""
WORTH_S = 4.0
"""A repair takes a second or two, and slows what comes beside it: it waits for so much more."""
SLOW_S: dict[Lane, float] = {"quick": 0.5, "thorough": 3.0}
"""A decode slower than this is of a model, or on a computer, that leaves little time beside."""


class Follower:
    """One take, in the loop's thread; what is slow runs in the lanes."""

    def __init__(
        self,
        lanes: Lanes,
        loaded: Callable[[], Awaitable[Decoder]],
        language: Callable[[Decoder], str],
        heard: Callable[[Heard], None],
    ) -> None:
        """
        Args:
            lanes: Of the engine; takes share them.
            loaded: The model, when it is there.
            language: The one that was chosen, as its code, or '' to detect it.
            heard: Told every partial.
        """
        self._lanes, self._loaded, self._chosen, self._heard = lanes, loaded, language, heard
        self._pcm = bytearray()
        self._listener = Listener()
        self._rolling = Rolling()
        self._guesses: dict[Guess, asyncio.Task[Draft | None]] = {}
        self._newest: Guess | None = None
        self._known: defaultdict[int, list[Known]] = defaultdict(list)
        """Drafts by where they begin; of lanes that take turns, or work on different ones."""
        self._settling: dict[int, asyncio.Task[None]] = {}
        self._repairing: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._spoken, self._spoken_s = "", 0.0
        """The language, and in how much speech it was detected."""
        self._live = True
        """Somebody is speaking, so there is time beside; else all is there and is done in full."""
        self._stopped = False
        self._rests: dict[Lane, float] = {}
        """Until when a lane is left in peace."""
        self._shown = ""

    async def follow(self, audio: Reader) -> None:
        """Read the take to its end.

        Raises:
            ProblemError: The voice detector cannot be run.
        """
        self._live = not audio.take.ended
        fed = 0
        async for pcm in audio.chunks(RATE_HZ):
            self._pcm += pcm
            if len(self._pcm) - fed >= BATCH_BYTES:
                fed = await self._listen(fed)
        await self._listen(fed)
        self._act(await self._lanes.run("listen", self._listener.end))
        self._rolling.end()

    async def text(self) -> str:
        """The whole text, after the end of `follow`.

        Raises:
            ProblemError: The model is not there, or cannot be run.
        """
        if not self._live:
            await self._in_full()
        while missing := self._rolling.missing():
            await self._settling[missing[0]]
        return self._text()

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do this as part of the take: `stop` stops it too."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(seen)
        self._tasks.append(task)
        return task

    def stop(self) -> None:
        """Nothing is waited for; a decode that runs ends by itself and is dropped."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()

    async def _listen(self, fed: int) -> int:
        pcm = bytes(self._pcm[fed:])
        self._act(await self._lanes.run("listen", self._listener.feed, pcm))
        return fed + len(pcm)

    def _act(self, actions: list[Guess | Segment]) -> None:
        for action in actions:
            if isinstance(action, Segment):
                self._settle(action)
            elif self._live and self._has_time("quick"):
                self._newest = action
                self._guesses[action] = self.start(self._guess(action))

    def _settle(self, segment: Segment) -> None:
        number = self._rolling.add(segment)
        if not self._live:
            return
        task = self._guesses.get(segment.guess) if segment.guess else None
        self._newest = segment.guess
        self._settling[number] = self.start(self._text_of(segment, number, task))
        self._guesses = {}
        if not segment.last:
            self._repair()

    async def _guess(self, guess: Guess) -> Draft | None:
        """None if there was a newer one before this could begin."""
        draft = await self._draft(guess, lambda: self._newest == guess)
        if draft and not draft.broken:
            self._rolling.guess(guess, draft.text)
            self._show()
        return draft

    async def _text_of(
        self, segment: Segment, number: int, guess: asyncio.Task[Draft | None] | None
    ) -> None:
        draft = await guess if guess else None
        if draft is None or draft.flaw:
            draft = await self._draft(segment, lambda: True)
            assert draft is not None
        self._rolling.settle(number, draft.text)
        self._show()

    async def _draft(self, part: Guess | Segment, wanted: Callable[[], bool]) -> Draft | None:
        samples = self._samples(part.start, part.stop)
        decoder = await self._loaded()
        duration_s = len(samples) / RATE_HZ
        language = self._language(decoder, duration_s)

        def rest(piece: Samples) -> Draft:
            return decoder.guess(piece, language, REST_BEAM)

        def guess(piece: Samples) -> Draft:
            return decoder.guess(piece, language)

        def decode(piece: Samples) -> Draft:
            return decoder.segment(piece, language)

        def drafted() -> Draft | None:
            if not wanted():
                return None
            known = self._known[part.start] if language else []
            whole = decode if isinstance(part, Segment) else guess
            draft = grown(rest, whole, samples, known, spaced=language not in UNSPACED)
            self._known[part.start].append(Known(len(samples), draft))
            return draft

        lane: Lane = "quick"
        if isinstance(part, Segment) and part.last and not self._lanes.idle("quick"):
            lane = "thorough" if self._lanes.idle("thorough") else "quick"
        draft = await self._timed(lane, drafted)
        if draft and not language:
            self._spoken, self._spoken_s = draft.language, duration_s
        return draft

    def _repair(self) -> None:
        """Decode together what there is, unless that is going on."""
        done = self._repairing is None or self._repairing.done()
        if done and self._has_time("thorough"):
            self._repairing = self.start(self._repaired())

    async def _repaired(self) -> None:
        if run := self._rolling.run(WORTH_S):
            self._rolling.repair(run, await self._whole(run))
            self._show()

    async def _in_full(self) -> None:
        while run := self._rolling.run():
            text = await self._whole(run)
            self._rolling.repair(run, text)
            for number in range(run.first, run.after):
                self._rolling.settle(number, "")
            self._show()

    async def _whole(self, run: Run) -> str:
        samples = self._samples(run.start, run.stop)
        decoder = await self._loaded()
        if not self._language(decoder, 0.0):
            language = await self._lanes.run("thorough", decoder.language, samples)
            self._spoken, self._spoken_s = language, len(samples) / RATE_HZ
        language = self._spoken
        return await self._timed(
            "thorough", decoder.text, samples, language, lambda: not self._stopped
        )

    async def _timed(self, lane: Lane, call: Callable[..., T], *arguments: object) -> T:
        """Where it is slow, the lane is left in peace afterwards for as long as it took."""
        clock = asyncio.get_running_loop().time
        begin = clock()
        result = await self._lanes.run(lane, call, *arguments)
        took_s = clock() - begin
        self._rests[lane] = clock() + took_s if took_s > SLOW_S[lane] else 0.0
        return result

    def _has_time(self, lane: Lane) -> bool:
        """For what need not be done."""
        return asyncio.get_running_loop().time() >= self._rests.get(lane, 0.0)

    def _language(self, decoder: Decoder, duration_s: float) -> str:
        """That of the take; '' if so much speech can tell it better than what there was."""
        if chosen := self._chosen(decoder):
            self._spoken, self._spoken_s = chosen, math.inf
        return self._spoken if self._spoken_s >= min(duration_s, SURE_S) else ""

    def _samples(self, start: int, stop: int) -> Samples:
        pcm = bytes(self._pcm[2 * start : 2 * stop])
        return np.frombuffer(pcm, "<i2").astype(np.float32) / FULL_SCALE

    def _text(self) -> str:
        return self._rolling.text(spaced=self._spoken not in UNSPACED)

    def _show(self) -> None:
        text = self._text()
        if text and text != self._shown:
            self._shown = text
            self._heard(Partial(text))


def seen(task: asyncio.Future[Any]) -> None:
    """Whoever waits is told of the failure; where nobody does any more, it is no news."""
    if not task.cancelled():
        task.exception()
