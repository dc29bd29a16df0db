"""The decodes of a take, with a fake decoder that records its calls."""

import asyncio
import threading
from contextlib import asynccontextmanager

import attrs
import numpy as np
import pytest

from sayso.core.dictation.take import Take
from sayso.core.problems import ProblemError
from sayso.stt.engine import Partial
from sayso.stt.ondevice.decoding.quality import Hypothesis
from sayso.stt.ondevice.executors import Executors
from sayso.stt.ondevice.samples import RATE_HZ
from sayso.stt.ondevice.segmenter import Segment, SpeculativeSegment
from sayso.stt.ondevice.streaming import VAD_BATCH_BYTES, Pacing, StreamingTranscriber
from sayso.stt.reader import Reader

STEP = VAD_BATCH_BYTES // 2
"""Samples that the voice activity detector receives in one call."""


class FakeDecoder:
    """Returns the length of the audio in steps as its text."""

    languages = frozenset({"en", "ja"})

    def __init__(self):
        self.calls, self.incremental = [], []
        self.may_finish = threading.Event()
        self.may_finish.set()
        self.fails = False

    def decode_segment(self, samples, language):
        steps = len(samples) // STEP
        self.calls.append(("segment", steps, language, threading.current_thread()))
        self.may_finish.wait(5)
        if self.fails:
            raise RuntimeError("no")
        return Hypothesis(f"s{steps}", (), 0, 9, 0.0, 0.0, len(samples) / RATE_HZ, language or "ja")

    def decode_once(self, samples, language, *, incremental=False):
        self.incremental.append(incremental)
        return self.decode_segment(samples, language)

    def transcribe(self, samples, language, should_continue):
        self.calls.append(("span", len(samples) // STEP, language, threading.current_thread()))
        return f"t{len(samples) // STEP}"

    def detect_language(self, samples):
        return "ja"

    @property
    def decoded(self):
        return [(kind, steps) for kind, steps, *_ in self.calls]


class FakeSegmenter:
    """Returns the results in `script`, one for each step, and `last` at the end."""

    def __init__(self, script, last):
        self.script, self.last = list(script), last

    def feed(self, pcm):
        steps = len(pcm) // 2 // STEP
        found, self.script = self.script[:steps], self.script[steps:]
        return [part for part in found if part]

    def finish(self):
        return [self.last] if self.last else []


def speculative(start, stop):
    return SpeculativeSegment(start * STEP, stop * STEP)


def segment(start, stop, speculative=None, last=False):
    return Segment(start * STEP, stop * STEP, speculative=speculative, last=last)


class Scene:
    def __init__(self, script, last, language="en", pacing=None):
        self.decoder, self.executors, self.events = FakeDecoder(), Executors(), []
        self.take = Take(number=1, id="t", rate_hz=RATE_HZ)
        self.steps = 0

        async def get_decoder():
            return self.decoder

        self.transcriber = StreamingTranscriber(
            self.executors,
            get_decoder,
            lambda _: language,
            self.events.append,
            pacing=pacing or Pacing(min_new_audio_s=0.0),
            segmenter=FakeSegmenter(script, last),
        )

    async def step(self, count=1):
        for _ in range(count):
            self.steps += 1
            self.take.append(np.full(STEP, self.steps, "<i2").tobytes())
            await self.idle("vad")

    async def idle(self, *names):
        """Wait until the executors are idle; they are for moments between two calls, too."""
        quiet = 0
        async with asyncio.timeout(10):
            while quiet < 3:
                await asyncio.sleep(0.001)
                quiet = quiet + 1 if all(map(self.executors.is_idle, names)) else 0

    async def text(self):
        self.take.end()
        await self.idle("vad", "fast", "full")
        return await self.transcriber.final_text()

    @property
    def partials(self):
        return [event.text for event in self.events if isinstance(event, Partial)]

    def close(self):
        self.transcriber.cancel()
        self.decoder.may_finish.set()
        self.executors.close(wait=True)


def live_take(script, last=None, **options):
    """Decorate a test that receives the scene of a live take."""

    def decorate(test):
        def run():
            async def scenario():
                async with transcribing(script, last, **options) as scene:
                    await test(scene)

            asyncio.run(scenario())

        return run

    return decorate


@asynccontextmanager
async def transcribing(script, last, **options):
    scene = Scene(script, last, **options)
    task = asyncio.create_task(scene.transcriber.process(Reader(scene.take)))
    try:
        yield scene
        scene.take.end()
        await task
    finally:
        task.cancel()
        scene.close()


FIRST = speculative(0, 2)


@live_take([None, FIRST, segment(0, 2, FIRST)])
async def test_speculative_text_is_shown_and_becomes_the_segment_without_a_second_decode(scene):
    await scene.step(2)
    await scene.idle("fast")
    assert scene.partials == ["s2"]
    await scene.step()
    assert await scene.text() == "t2"  # the span was decoded in time
    assert scene.decoder.decoded == [("segment", 2), ("span", 2)]


@live_take([speculative(0, 1), FIRST, speculative(0, 3)], segment(0, 3, last=True))
async def test_outdated_speculative_decodes_are_skipped(scene):
    scene.decoder.may_finish.clear()
    await scene.step(3)
    scene.decoder.may_finish.set()
    await scene.idle("fast", "full")
    assert scene.decoder.decoded == [("segment", 1), ("segment", 3)]


@live_take([speculative(0, 1), None], segment(0, 2, last=True))
async def test_the_last_segment_does_not_wait_for_a_speculative_decode(scene):
    scene.decoder.may_finish.clear()
    await scene.step(2)
    scene.take.end()
    async with asyncio.timeout(10):
        while len(scene.decoder.decoded) < 2:  # noqa: ASYNC110  no event to wait for
            await asyncio.sleep(0.001)
    assert scene.decoder.decoded == [("segment", 1), ("segment", 2)]
    assert len({thread for *_, thread in scene.decoder.calls}) == 2
    scene.decoder.may_finish.set()
    assert await scene.transcriber.final_text() == "s2"


@live_take([speculative(0, 1), FIRST, speculative(0, 3), segment(0, 1, FIRST)])
async def test_a_segment_is_decoded_if_its_speculative_decode_was_skipped(scene):
    scene.decoder.may_finish.clear()
    await scene.step(3)
    scene.decoder.may_finish.set()
    await scene.idle("fast", "full")
    assert scene.decoder.decoded == [("segment", 1), ("segment", 3)]
    await scene.step()
    assert await scene.text() in ("s1", "t1")
    assert scene.decoder.decoded.count(("segment", 1)) == 2


@pytest.mark.parametrize(
    ("defect", "shown"), [({"log_prob": -2.0}, True), ({"token_count": 9}, False)]
)
def test_a_speculative_text_with_a_defect_does_not_become_a_segment(defect, shown):
    @live_take([None, FIRST, segment(0, 2, FIRST)])
    async def scenario(scene):
        found = Hypothesis("wrong", (), 0, 9, 0.0, 0.0, 0.2, "en")
        scene.decoder.decode_once = lambda *_: attrs.evolve(found, **defect)
        await scene.step(2)
        await scene.idle("fast")
        assert ("wrong" in scene.partials) == shown
        await scene.step()
        assert await scene.text() == "t2"
        assert sorted(scene.decoder.decoded) == [("segment", 2), ("span", 2)]

    scenario()


@live_take([None] * 49 + [speculative(0, 50)] + [None] * 19 + [speculative(0, 70)])
async def test_incremental_decodes_are_requested_as_such(scene):
    await scene.step(50)
    await scene.idle("fast")
    await scene.step(20)
    await scene.idle("fast")
    first, rest, everything = [steps for _, steps in scene.decoder.decoded]
    assert (first, everything) == (50, 70)
    assert rest < 50
    assert scene.decoder.incremental == [False, True, False]  # the texts did not fit


@live_take([segment(0, 1), None], segment(1, 2, last=True))
async def test_the_last_segment_is_not_decoded_in_a_span_but_the_others_are(scene):
    await scene.step(2)
    await scene.idle("fast", "full")
    assert await scene.text() == "t1 s1"
    assert [kind for kind, _ in scene.decoder.decoded].count("span") == 1


@live_take(
    [speculative(0, 1), speculative(0, 2)],
    segment(0, 2, last=True),
    pacing=Pacing(min_new_audio_s=0.0, slow_s={"fast": 0.0, "full": 0.0}),
)
async def test_speculative_decodes_pause_after_a_slow_one(scene):
    scene.decoder.may_finish.clear()
    await scene.step()
    await asyncio.sleep(0.3)  # duration of the decode
    scene.decoder.may_finish.set()
    await scene.idle("fast")
    await scene.step()
    assert await scene.text() == "s2"
    assert scene.decoder.decoded == [("segment", 1), ("segment", 2)]


class NumberDecoder(FakeDecoder):
    """Returns one word for each second of the take: its number."""

    def decode_segment(self, samples, language):
        found = super().decode_segment(samples, language)
        steps = sorted({round(sample * 32768) for sample in samples})
        text = " ".join(str(step // 10) for step in steps if step % 10 == 5)
        return attrs.evolve(found, text=text, language="en")


PRIORS = {
    "a chosen language": ("en", 45, 54),
    "a language that was detected in enough speech": ("", 60, 41),
    "a language that has to be detected again": ("", 45, 80),
}


@pytest.mark.parametrize(("language", "prior", "decoded"), PRIORS.values(), ids=PRIORS)
def test_only_new_audio_is_decoded_if_the_language_is_known(language, prior, decoded):
    script = [None] * (prior - 1) + [speculative(0, prior)]

    @live_take(script, segment(0, 80, last=True), language=language)
    async def scenario(scene):
        scene.decoder = NumberDecoder()
        await scene.step(prior)
        await scene.idle("fast")
        await scene.step(80 - prior)
        assert await scene.text() == "0 1 2 3 4 5 6 7"
        (_, first), (_, second) = scene.decoder.decoded
        assert first == prior
        assert second == pytest.approx(decoded, abs=5)

    scenario()


def test_a_recorded_take_is_decoded_in_spans_only():
    async def scenario():
        script = [speculative(0, 1), segment(0, 1), None]
        scene = Scene(script, segment(1, 3, last=True), language="")
        scene.take.append(bytes(2 * STEP * 3))
        scene.take.end()
        await scene.transcriber.process(Reader(scene.take))
        assert await scene.transcriber.final_text() == "t3"
        calls = [(kind, language) for kind, _, language, _ in scene.decoder.calls]
        assert calls == [("span", "ja")]
        assert scene.partials == ["t3"]
        scene.close()

    asyncio.run(scenario())


@live_take([None, None, segment(0, 3), None, segment(3, 5)], segment(5, 10, last=True), language="")
async def test_the_language_is_that_of_the_longest_part_so_far(scene):
    for _ in range(10):
        await scene.step()
        await scene.idle("fast")
    await scene.text()
    calls = scene.decoder.calls
    languages = {steps: code for kind, steps, code, _ in calls if kind == "segment"}
    assert languages == {3: "", 2: "ja", 5: ""}


@live_take([segment(0, 1)])
async def test_a_failed_decode_is_reported_at_the_end(scene):
    scene.decoder.fails = True
    scene.decoder.transcribe = lambda *_: ""
    await scene.step()
    with pytest.raises(ProblemError, match="could not transcribe"):
        await scene.text()
