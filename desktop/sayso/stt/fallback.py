"""Points readers at a take, one engine after another, until it has its text.

What next is decided in `sayso.core.recognition.fallback_policy`; this waits, runs and measures.
No wait is without an
end: an engine has deadlines of its own, and who is late after the release is cancelled.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import attrs

from ..core.audio.vad import speech_in
from ..core.dictation.take import Take, whole_text
from ..core.problems import Problem, ProblemError
from ..core.recognition.fallback_policy import Enough, GiveUp, Order, Read, Waiting
from ..core.recognition.plausibility import Account, Doubt, doubt, suspect
from ..core.settings.endpoint import ON_DEVICE
from .engine import Engine, Heard, News, Partial, Ready
from .reader import Reader
from .realtime.pacing import SPEED

log = logging.getLogger(__name__)
T = TypeVar("T")
STEADY_S = 10.0
"""An engine that has read for so long was well."""


class _LateError(Exception):
    """The release is too long ago."""


@attrs.frozen(kw_only=True)
class Told:
    """Called in the loop."""

    heard: Callable[[News], None]
    """`Partial`s are of the whole take."""
    waits: Callable[[Waiting | None], None]
    """None: it waits no more."""
    passed_on: Callable[[Problem, str], None]
    """No try mends it; from now on the engine of that name reads."""
    soon: Callable[[str], None] = lambda _: None
    """The engine of that name may be needed soon: what it has to load can be loaded."""


@attrs.frozen
class Text:
    text: str
    engine: str
    problem: Problem | None = None
    """It is doubted, and nobody did better: to be told beside it."""


class Relay:
    """One take's way through the engines; `names` in the order the user wants them asked."""

    def __init__(
        self,
        take: Take,
        names: Sequence[str],
        lend: Callable[[str], AbstractAsyncContextManager[Engine]],
        told: Told,
    ) -> None:
        """`lend`: the engine of a name, for one reading; may raise `ProblemError`."""
        self._take, self._lend, self._told = take, lend, told
        left_s = Reader(take, take.settled_bytes).duration_s if take.ended else 0.0
        self._order = Order(names, random.random, left_s / SPEED)
        self._clock = asyncio.get_running_loop().time
        self._released_s: float | None = None
        self._released = asyncio.Event()
        self._shown = ""

    async def text(self) -> Text:
        """The text of the take. May be cancelled, and does not wait then.

        Raises:
            ProblemError: Nobody could; the take still has its audio, and what is settled.
        """
        stop = self._take.listen(self._look)
        self._look()
        try:
            return await self._text()
        finally:
            stop()

    async def _text(self) -> Text:
        step: Read | Enough | GiveUp | Text = self._order.first()
        while True:
            match step:
                case Text():
                    return step
                case GiveUp(problem):
                    raise ProblemError(problem)
                case Enough(engine, doubted, agreed):
                    return Text(doubted.text, engine, None if agreed else doubted.problem)
                case Read():
                    self._take.engine = step.engine
                    step = await self._turn(step)

    async def _turn(self, read: Read) -> Read | Enough | GiveUp | Text:
        take, before = self._take, self._take.settled
        begins_s = self._clock() + read.after_s
        try:
            await self._in_time(asyncio.sleep(read.after_s))
            reader = Reader(take, take.settled_bytes)
            text, account = await self._in_time(self._read(read.engine, reader), reader)
        except _LateError:
            log.info("%s was late", read.engine)
            self._told.waits(None)
            return self._order.late(self._since_release_s or 0.0)
        except ProblemError as error:
            log.info("%s: %s", read.engine, error.problem.detail or error.problem.what)
            if self._clock() - begins_s > STEADY_S:
                self._order.held()
            return self._after(read.engine, error.problem)
        self._told.waits(None)
        if doubted := await doubt_of(text, reader, account):
            log.info("%s is doubted: %s", read.engine, doubted.problem.detail)
            take.settled = before  # nothing of it is believed
            whole = whole_text(before, doubted.text)
            doubted = attrs.evolve(doubted, text=whole)
            return self._order.doubted(doubted, self._since_release_s or 0.0)
        return Text(whole_text(before, text), read.engine)

    def _after(self, failed: str, problem: Problem) -> Read | Enough | GiveUp:
        step = self._order.failed(problem, self._since_release_s)
        if isinstance(step, Read) and step.engine == failed:
            self._told.waits(Waiting(problem, step.after_s))
            if spare := self._order.spare:
                self._told.soon(spare)
            return step
        self._told.waits(None)
        if isinstance(step, Read) and problem.again_s is None:
            self._told.passed_on(problem, step.engine)
        return step

    async def _read(self, name: str, reader: Reader) -> tuple[str, Account]:
        """What the engine makes of the rest of the take."""
        before, shown, accounts = self._take.settled, self._shown, list[Account]()

        def heard(what: Heard) -> None:
            match what:
                case Account():
                    accounts.append(what)
                    return
                case Ready():
                    self._told.waits(None)
                case Partial(text):
                    what = Partial(whole_text(before, text))
                    if len(what.text) < len(shown):
                        return  # it is only catching up with what was shown already
                    self._shown = what.text
            self._told.heard(what)

        async with self._lend(name) as engine:
            text = await engine.recognise(reader, heard)
        return text, accounts[-1] if accounts else account_of(name, reader)

    async def _in_time(self, work: Awaitable[T], reader: Reader | None = None) -> T:
        """Its result, unless it comes too late; for a reader that has read all it does not.

        Raises:
            _LateError: It was too late, and is cancelled.
        """
        task, late = asyncio.ensure_future(work), asyncio.ensure_future(self._late())
        task.add_done_callback(_seen)
        try:
            await asyncio.wait({task, late}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done() and not (reader and reader.finished):
                raise _LateError
            return await task
        finally:
            task.cancel()
            late.cancel()

    async def _late(self) -> None:
        """Comes to an end when the limit is passed."""
        limit_s = self._order.limit_s
        await (self._released if limit_s is not None else asyncio.Event()).wait()
        assert limit_s is not None
        await asyncio.sleep(limit_s - (self._since_release_s or 0.0))

    @property
    def _since_release_s(self) -> float | None:
        return None if self._released_s is None else self._clock() - self._released_s

    def _look(self) -> None:
        if self._take.ended and self._released_s is None:
            self._released_s = self._clock()
            self._released.set()


def account_of(name: str, reader: Reader) -> Account:
    """What is known of an engine that gives none itself."""
    return Account("This computer" if name == ON_DEVICE else name, reader.duration_s)


async def doubt_of(text: str, reader: Reader, account: Account) -> Doubt | None:
    """Why not to believe what an engine made of this audio; None: it can be believed."""
    if not suspect(text, account):
        return None
    pcm, rate_hz = reader.take.read(reader.start_bytes), reader.take.rate_hz
    return doubt(text, await asyncio.to_thread(speech_in, pcm, rate_hz), account)


def _seen(task: asyncio.Future[T]) -> None:
    """Whatever came of it after it was given up is of no interest."""
    if not task.cancelled():
        task.exception()
