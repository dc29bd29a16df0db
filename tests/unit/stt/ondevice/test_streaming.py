"""What is decoded when, with a decoder that only takes notes."""

import asyncio
import threading
from contextlib import asynccontextmanager

import attrs
import numpy as np
import pytest

from sayso.core.dictation.take import Take
from sayso.core.problems import ProblemError
from sayso.stt.engine import Partial
from sayso.stt.ondevice import streaming as module
from sayso.stt.ondevice.decoding.quality import Hypothesis
from sayso.stt.ondevice.decoding.whisper import SHORT_BEAM
from sayso.stt.ondevice.executors import Executors
from sayso.stt.ondevice.samples import RATE_HZ
from sayso.stt.ondevice.segmenter import Segment, SpeculativeSegment
from sayso.stt.ondevice.streaming import INCREMENTAL_BEAM, VAD_BATCH_BYTES, StreamingTranscriber
from sayso.stt.reader import Reader

STEP = VAD_BATCH_BYTES // 2
"""Samples that are listened to at once."""


class Decoder:
    """Its text is the part of the take it was given, in steps."""

    languages = frozenset({"en", "ja"})

    def __init__(self):
        self.calls, self.beams = [], []
        self.go = threading.Event()
        self.go.set()
        self.fails = False

    def decode_segment(self, samples, language):
        self.calls.append(("segment", len(samples) // STEP, language, threading.current_thread()))
        self.go.wait(5)
        if self.fails:
            raise RuntimeError("no")
        text = f"s{len(samples) // STEP}"
        return Hypothesis(text, (), 0, 9, 0.0, 0.0, len(samples) / RATE_HZ, language or "ja")

    def decode_once(self, samples, language, beam=SHORT_BEAM):
        self.beams.append(beam)
        return self.decode_segment(samples, language)

    def transcribe(self, samples, language, wanted):
        self.calls.append(("text", len(samples) // STEP, language, threading.current_thread()))
        return f"t{len(samples) // STEP}"

    def detect_language(self, samples):
        return "ja"

    @property
    def made(self):
        return [(kind, steps) for kind, steps, *_ in self.calls]


class Listener:
    """Says at each step what the test wants."""

    def __init__(self, script, last):
        self.script, self.last, self.heard = list(script), last, 0

    def feed(self, pcm):
        self.heard += len(pcm) // 2 // STEP
        done, self.script = self.script[: self.heard], self.script[self.heard :]
        self.heard = 0
        return [action for action in done if action]

    def finish(self):
        return [self.last] if self.last else []


def guess(start, stop):
    return SpeculativeSegment(start * STEP, stop * STEP)


def segment(start, stop, guess=None, last=False):
    return Segment(start * STEP, stop * STEP, speculative=guess, last=last)


class Scene:
    def __init__(self, script, last, language="en"):
        self.decoder, self.lanes, self.heard = Decoder(), Executors(), []
        self.take = Take(number=1, id="t", rate_hz=RATE_HZ)
        self.stepped = 0

        async def loaded():
            return self.decoder

        self.transcriber = StreamingTranscriber(
            self.lanes, loaded, lambda _: language, self.heard.append
        )
        self.transcriber._vad = Listener(script, last)

    async def step(self, count=1):
        for _ in range(count):
            self.stepped += 1
            self.take.append(np.full(STEP, self.stepped, "<i2").tobytes())
            await settled(self.lanes, "listen")

    @property
    def shown(self):
        return [what.text for what in self.heard if isinstance(what, Partial)]


async def settled(lanes, *names):
    """None of these has work; from thread to thread there are moments in which none has."""
    quiet = 0
    async with asyncio.timeout(10):
        while quiet < 3:
            await asyncio.sleep(0.001)
            quiet = quiet + 1 if all(lanes.is_idle(name) for name in names) else 0


@pytest.fixture(autouse=True)
def _short_takes(monkeypatch):
    monkeypatch.setattr(module, "MIN_NEW_AUDIO_S", 0.0)


@asynccontextmanager
async def following(script, last, **options):
    scene = Scene(script, last, **options)
    task = asyncio.create_task(scene.transcriber.process(Reader(scene.take)))
    try:
        yield scene
        scene.take.end()
        await task
    finally:
        task.cancel()
        scene.transcriber.cancel()
        scene.decoder.go.set()
        for pool in scene.lanes._pools.values():
            pool.shutdown()


async def text_of(scene):
    scene.take.end()
    await settled(scene.lanes, "listen", "quick", "thorough")
    return await scene.transcriber.final_text()


def test_a_guess_is_shown_and_becomes_the_segment_without_a_second_decode():
    async def scenario():
        first = guess(0, 2)
        script = [None, first, segment(0, 2, first)]
        async with following(script, None) as scene:
            await scene.step(2)
            await settled(scene.lanes, "quick")
            assert scene.shown == ["s2"]
            await scene.step()
            assert await text_of(scene) == "t2"  # the run in full came in time
            assert scene.decoder.made == [("segment", 2), ("text", 2)]

    asyncio.run(scenario())


def test_guesses_that_could_not_begin_before_the_next_are_left_out():
    async def scenario():
        script = [guess(0, 1), guess(0, 2), guess(0, 3)]
        async with following(script, segment(0, 3, last=True)) as scene:
            scene.decoder.go.clear()
            await scene.step(3)
            scene.decoder.go.set()
            await settled(scene.lanes, "quick", "thorough")
            assert scene.decoder.made == [("segment", 1), ("segment", 3)]

    asyncio.run(scenario())


def test_the_last_segment_does_not_wait_behind_a_guess():
    async def scenario():
        async with following([guess(0, 1), None], segment(0, 2, last=True)) as scene:
            scene.decoder.go.clear()
            await scene.step(2)
            scene.take.end()
            async with asyncio.timeout(10):
                while len(scene.decoder.made) < 2:  # noqa: ASYNC110 - its thread tells nobody
                    await asyncio.sleep(0.001)
            assert scene.decoder.made == [("segment", 1), ("segment", 2)]
            assert len({thread for *_, thread in scene.decoder.calls}) == 2
            scene.decoder.go.set()
            assert await scene.transcriber.final_text() == "s2"

    asyncio.run(scenario())


def test_a_guess_that_never_began_is_made_good():
    async def scenario():
        old, new = guess(0, 2), guess(0, 3)
        script = [guess(0, 1), old, new, segment(0, 1, old)]
        async with following(script, None) as scene:
            scene.decoder.go.clear()
            await scene.step(3)
            scene.decoder.go.set()
            await settled(scene.lanes, "quick", "thorough")
            assert scene.decoder.made == [("segment", 1), ("segment", 3)]
            await scene.step()
            assert await text_of(scene) in ("s1", "t1")
            assert scene.decoder.made.count(("segment", 1)) == 2

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("flaw", "shown"), [({"log_prob": -2.0}, True), ({"token_count": 9}, False)]
)
def test_a_guess_with_a_flaw_is_no_text_of_a_segment(flaw, shown):
    async def scenario():
        first = guess(0, 2)
        async with following([None, first, segment(0, 2, first)], None) as scene:
            draft = Hypothesis("wrong", (), 0, 9, 0.0, 0.0, 0.2, "en")
            scene.decoder.decode_once = lambda *_: attrs.evolve(draft, **flaw)
            await scene.step(2)
            await settled(scene.lanes, "quick")
            assert ("wrong" in scene.shown) == shown
            await scene.step()
            assert await text_of(scene) == "t2"
            assert sorted(scene.decoder.made) == [("segment", 2), ("text", 2)]

    asyncio.run(scenario())


def test_what_is_fitted_on_is_decoded_quicker_than_what_is_whole():
    async def scenario():
        script = [None] * 49 + [guess(0, 50)] + [None] * 19 + [guess(0, 70)]
        async with following(script, None) as scene:
            await scene.step(50)
            await settled(scene.lanes, "quick")
            await scene.step(20)
            await settled(scene.lanes, "quick")
            first, rest, whole = [steps for _, steps in scene.decoder.made]
            assert (first, whole) == (50, 70)
            assert rest < 50
            assert scene.decoder.beams == [
                SHORT_BEAM,
                INCREMENTAL_BEAM,
                SHORT_BEAM,
            ]  # it did not fit

    asyncio.run(scenario())


def test_the_last_segment_is_not_repaired_and_the_others_are():
    async def scenario():
        async with following([segment(0, 1), None], segment(1, 2, last=True)) as scene:
            await scene.step(2)
            await settled(scene.lanes, "quick", "thorough")
            assert await text_of(scene) == "t1 s1"
            assert [kind for kind, _ in scene.decoder.made].count("text") == 1

    asyncio.run(scenario())


def test_a_decoder_that_is_slow_is_left_in_peace(monkeypatch):
    monkeypatch.setattr(module, "SLOW_DECODE_S", {"quick": 0.0, "thorough": 0.0})

    async def scenario():
        async with following([guess(0, 1), guess(0, 2)], segment(0, 2, last=True)) as scene:
            scene.decoder.go.clear()
            await scene.step()
            await asyncio.sleep(0.3)  # the time a decode takes
            scene.decoder.go.set()
            await settled(scene.lanes, "quick")
            await scene.step()  # it rests
            assert await text_of(scene) == "s2"
            assert scene.decoder.made == [("segment", 1), ("segment", 2)]

    asyncio.run(scenario())


class Hearing(Decoder):
    """Hears a word in each second of the take: its number."""

    def decode_segment(self, samples, language):
        draft = super().decode_segment(samples, language)
        steps = sorted({round(sample * 32768) for sample in samples})
        text = " ".join(str(step // 10) for step in steps if step % 10 == 5)
        return attrs.evolve(draft, text=text, language="en")


GROWS = {
    "a language that was chosen": ("en", 45, 54),
    "one that was detected in enough speech": ("", 60, 41),
    "one that is to be detected better": ("", 45, 80),
}


@pytest.mark.parametrize(("language", "known", "anew"), GROWS.values(), ids=GROWS)
def test_what_was_decoded_before_is_only_decoded_where_it_is_fitted_on(language, known, anew):
    async def scenario():
        script = [None] * (known - 1) + [guess(0, known)]
        async with following(script, segment(0, 80, last=True), language=language) as scene:
            scene.decoder = Hearing()
            await scene.step(known)
            await settled(scene.lanes, "quick")
            await scene.step(80 - known)
            assert await text_of(scene) == "0 1 2 3 4 5 6 7"
            (_, first), (_, second) = scene.decoder.made
            assert first == known
            assert second == pytest.approx(anew, abs=5)

    asyncio.run(scenario())


def test_a_take_that_is_over_is_decoded_in_full():
    async def scenario():
        scene = Scene([guess(0, 1), segment(0, 1), None], segment(1, 3, last=True), language="")
        scene.take.append(bytes(2 * STEP * 3))
        scene.take.end()
        await scene.transcriber.process(Reader(scene.take))
        assert await scene.transcriber.final_text() == "t3"
        assert [(kind, language) for kind, _, language, _ in scene.decoder.calls] == [
            ("text", "ja")
        ]
        assert scene.shown == ["t3"]
        scene.transcriber.cancel()
        for pool in scene.lanes._pools.values():
            pool.shutdown()

    asyncio.run(scenario())


def test_the_language_is_that_of_the_longest_stretch_so_far():
    async def scenario():
        script = [None, None, segment(0, 3), None, segment(3, 5)]
        async with following(script, segment(5, 10, last=True), language="") as scene:
            for _ in range(10):
                await scene.step()
                await settled(scene.lanes, "quick")
            await text_of(scene)
            told = {s: code for kind, s, code, _ in scene.decoder.calls if kind == "segment"}
            assert told == {3: "", 2: "ja", 5: ""}

    asyncio.run(scenario())


def test_a_decode_that_fails_is_told_at_the_end():
    async def scenario():
        async with following([segment(0, 1)], None) as scene:
            scene.decoder.fails = True
            scene.decoder.transcribe = lambda *_: ""
            await scene.step()
            with pytest.raises(ProblemError, match="could not recognise"):
                await text_of(scene)

    asyncio.run(scenario())
