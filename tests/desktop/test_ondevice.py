"""Whisper base itself, on real speech and on what is no speech."""

from __future__ import annotations

import asyncio
import re
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import attrs
import ctranslate2
import jiwer
import numpy as np
import psutil
import pytest

from sayso.core.problems import ProblemError
from sayso.core.take import Take
from sayso.edges import folders, soundfiles
from sayso.stt.engine import Heard, Partial, Ready
from sayso.stt.ondevice import recogniser
from sayso.stt.ondevice.decoder import Decoder
from sayso.stt.ondevice.echo import hint
from sayso.stt.ondevice.guards import Draft
from sayso.stt.ondevice.lanes import Lanes
from sayso.stt.ondevice.opening import opened
from sayso.stt.ondevice.recogniser import OnDeviceEngine
from sayso.stt.ondevice.samples import Samples
from sayso.stt.reader import Reader

from .sound import speech

RATE_HZ = 16000
PIECE = RATE_HZ // 10
"""Samples a microphone gives at once."""


@pytest.fixture(scope="module")
def engine() -> Iterator[OnDeviceEngine]:
    """Loaded once, its three threads started."""
    loaded = OnDeviceEngine("en", models=folders.models(), cache=folders.cache())
    assert not loaded.ready
    assert recognised(loaded, take(np.zeros(RATE_HZ, "<i2"))) == ""
    assert loaded.ready
    yield loaded
    asyncio.run(loaded.close())
    ended(loaded)


@pytest.fixture(scope="module")
def decoder(engine: OnDeviceEngine) -> Decoder:
    assert engine._decoder is not None
    return engine._decoder


def ended(engine: OnDeviceEngine) -> None:
    for pool in engine._lanes._pools.values():
        pool.shutdown()


def take(samples: np.ndarray, rate_hz: int = RATE_HZ) -> Take:
    done = Take(number=1, id="t", rate_hz=rate_hz)
    done.add(samples.astype("<i2").tobytes())
    done.end()
    return done


def recognised(engine: OnDeviceEngine, done: Take) -> str:
    return asyncio.run(engine.recognise(Reader(done), lambda heard: None))


async def spoken(engine: OnDeviceEngine, samples: np.ndarray) -> tuple[str, list[Heard], int]:
    """The text, what was heard, and how much of that before the end.

    As on a machine that keeps up: the next piece comes when the last is dealt with.
    """
    growing, heard = Take(number=1, id="t", rate_hz=RATE_HZ), list[Heard]()
    recognising = asyncio.create_task(engine.recognise(Reader(growing), heard.append))
    for start in range(0, len(samples), PIECE):
        growing.add(samples[start : start + PIECE].astype("<i2").tobytes())
        await rested(engine._lanes)
    growing.end()
    before = len(heard)
    return await recognising, heard, before


async def rested(lanes: Lanes) -> None:
    quiet = 0
    async with asyncio.timeout(20):
        while quiet < 5:  # from thread to thread there are moments in which none has work
            await asyncio.sleep(0.001)
            quiet = quiet + 1 if all(map(lanes.idle, lanes._pools)) else 0


def samples_of(path: Path) -> np.ndarray:
    return np.frombuffer(soundfiles.read(path).read(0), "<i2")


def words(text: str) -> str:
    plain = text.lower().replace("-", " ").replace("mr.", "mister")
    return " ".join(re.sub(r"[^\w' ]", "", plain).split())


def errors(said: str, text: str) -> int:
    found = jiwer.process_words(words(said), words(text) or "-")
    return found.substitutions + found.deletions + found.insertions


PAUSE = np.random.default_rng(1).standard_normal(int(0.6 * RATE_HZ)) * 3
TAKES = {
    **{f"sentence {number}": [number] for number in (0, 2, 4)},
    "two sentences": [3, 4],
    "half a minute": [0, 1, 2, 3, 4],
}


def joined(numbers: list[int]) -> tuple[np.ndarray, str]:
    clips = [speech()[number] for number in numbers]
    pieces = [np.concatenate((samples_of(path), PAUSE)) for path, _ in clips]
    return np.concatenate(pieces), " ".join(text for _, text in clips)


def test_real_speech_has_no_more_errors_than_one_full_decode(
    engine: OnDeviceEngine, decoder: Decoder
) -> None:
    ours = full = count = 0
    for numbers in TAKES.values():
        samples, said = joined(numbers)
        segments, _ = decoder._model.transcribe(
            samples.astype("f4") / 32768,
            language="en",
            beam_size=5,
            condition_on_previous_text=False,
        )
        text, *_ = asyncio.run(spoken(engine, samples))
        ours += errors(said, text)
        full += errors(said, "".join(segment.text for segment in segments))
        count += len(words(said).split())
    assert ours <= full
    assert ours / count < 0.03


def test_what_was_recorded_before_is_recognised_as_well(engine: OnDeviceEngine) -> None:
    samples, said = joined(TAKES["half a minute"])
    assert errors(said, recognised(engine, take(samples))) <= 2


def test_words_are_shown_while_somebody_speaks(engine: OnDeviceEngine) -> None:
    samples, said = joined([3, 4])
    text, heard, before = asyncio.run(spoken(engine, samples))
    assert heard[0] == Ready()
    partials = [what.text for what in heard[:before] if isinstance(what, Partial)]
    assert len(partials) >= 3
    assert words(partials[0]).startswith("had he married")
    assert errors(said, partials[-1]) <= errors(said, text) + 2


SOX = {
    "digital silence": "trim 0 4",
    "a quiet room": "synth 4 whitenoise gain -55",
    "white noise": "synth 4 whitenoise gain -30",
    "pink noise": "synth 4 pinknoise gain -25",
    "a fan": "synth 4 brownnoise synth 4 sine mix 120 gain -18",
    "mains hum": "synth 4 sine 50 gain -20",
    "a tone": "synth 4 sine 440 gain -15",
    "wind": "synth 4 brownnoise tremolo 0.7 90 gain -10",
    "key clicks": "synth 0.012 whitenoise fade 0 0.012 0.01 gain -8 pad 0.2 0.15 repeat 12",
    "louder keys": "synth 0.02 whitenoise bandpass 2500 1000 fade 0 0.02 0.01 pad 0.1 repeat 18",
    "thumps on the table": "synth 0.06 brownnoise lowpass 300 fade 0 0.06 0.05 pad 0.7 repeat 5",
    "breath": "synth 0.9 pinknoise bandpass 1200 1500 fade t 0.35 0.9 0.4 gain -22 pad 1 repeat 2",
    "typing fast": "synth 0.008 whitenoise fade 0 0.008 0.006 gain -6 pad 0.05 0.06 repeat 35",
    "a nose": "synth 1.2 brownnoise highpass 400 fade t 0.5 1.2 0.5 gain -12 pad 0.6 repeat 2",
    "a chord": "synth 4 pluck C3 pluck E3 pluck G3 remix - gain -8",
    "an organ": "synth 4 sine 220 sine 277 sine 330 sine 440 remix - tremolo 5 30 gain -12",
    "a string plucked again and again": "synth 0.45 pluck A3 fade 0 0.45 0.2 gain -6 repeat 9",
    "drums": "synth 0.15 sine 160-50 fade 0 0.15 0.12 gain -4 pad 0 0.35 repeat 7",
    "a melody": "synth 0.5 triangle C4-G4 fade 0.05 0.5 0.1 gain -10 pad 0 0.1 repeat 7",
    "rustling": "synth 4 whitenoise bandpass 3000 2500 tremolo 9 80 gain -25",
}  # fmt: skip


GAME = "/usr/share/games/frozen-bubble/snd"
"""Debian package frozen-bubble-data (GPL-2); the keys are of bucklespring-data (GPL-2+)."""
RECORDED = {
    "a real keyboard": (sorted(Path("/usr/share/buckle/wav").glob("0*.wav")), "gain -6"),
    "applause": ([f"{GAME}/applause.ogg"], "repeat 3"),
    "snoring": ([f"{GAME}/snore.ogg"], "repeat 3"),
    "a typewriter": ([f"{GAME}/typewriter.ogg"], "repeat 3"),
    "music with drums": ([f"{GAME}/frozen-mainzik-1p.ogg"], "trim 20 6 gain -12"),
    "music for two": ([f"{GAME}/frozen-mainzik-2p.ogg"], "trim 45 6 gain -12"),
    "an introduction": ([f"{GAME}/introzik.ogg"], "trim 0 6 gain -12"),
}


@pytest.mark.parametrize(("files", "effects"), RECORDED.values(), ids=RECORDED)
def test_recordings_without_speech_give_no_text(
    engine: OnDeviceEngine, tmp_path: Path, files: list[Path | str], effects: str
) -> None:
    assert files
    path = tmp_path / "noise.wav"
    command = ["sox", "-R", *files, "-r", "16000", "-c", "1", "-b", "16", path, *effects.split()]
    subprocess.run(command, check=True, capture_output=True)
    assert recognised(engine, soundfiles.read(path)) == ""
    text, heard, _ = asyncio.run(spoken(engine, samples_of(path)))
    assert (text, heard) == ("", [Ready()])


@pytest.mark.parametrize("effects", SOX.values(), ids=SOX)
def test_what_is_no_speech_gives_no_text(
    engine: OnDeviceEngine,
    decoder: Decoder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    effects: str,
) -> None:
    """Neither at once, nor spoken, nor where words are expected."""
    path = tmp_path / "noise.wav"
    command = f"sox -R -n -r 16000 -c 1 -b 16 {path} {effects}"
    subprocess.run(command.split(), check=True, capture_output=True)
    assert recognised(engine, soundfiles.read(path)) == ""
    monkeypatch.setattr(decoder, "_hint", hint("About servers.", NAMES))
    assert recognised(engine, soundfiles.read(path)) == ""
    text, heard, _ = asyncio.run(spoken(engine, samples_of(path)))
    assert (text, heard) == ("", [Ready()])


NAMES = ("Saoirse", "Kubernetes", "Nguyen", "Siobhan", "Forgejo", "Joaquin", "Terraform")
NAMED = ("Nguyen will meet Siobhan on Monday.", "Joaquin wrote the first draft on Terraform.")


def synthetic(sentence: str, folder: Path) -> np.ndarray:
    raw, path = folder / "raw.wav", folder / "said.wav"
    say = ["espeak-ng", "-v", "en-us", "-s", "140", "-w", raw, sentence]
    subprocess.run(say, check=True, capture_output=True)
    subprocess.run(["sox", "-R", raw, "-r", "16000", "-c", "1", path], check=True)
    return samples_of(path)


def test_names_that_are_expected_are_spelled_right(
    decoder: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [(synthetic(text, tmp_path).astype("f4") / 32768, text) for text in NAMED]
    without = sum(errors(text, decoder.segment(samples, "en").text) for samples, text in said)
    assert decoder._fitting("") == ""
    monkeypatch.setattr(decoder, "_hint", decoder._fitting(hint("", NAMES)))
    told = sum(errors(text, decoder.segment(samples, "en").text) for samples, text in said)
    assert told <= 2 < without - told
    path, text = speech()[1]  # in which none of them is said
    samples = samples_of(path).astype("f4") / 32768
    assert errors(text, decoder.segment(samples, "en").text) <= 1
    assert errors(text, decoder.text(samples, "en", lambda: True)) <= 1


def test_a_long_list_of_names_loses_its_beginning(decoder: Decoder) -> None:
    names = [f"Xenolab{number}" for number in range(100)]
    fitting = decoder._fitting(hint("A beginning.", names))
    assert fitting.endswith("Xenolab98, Xenolab99.")
    assert 0 < len(fitting) < len(hint("", names))
    tokens = decoder._model.hf_tokenizer.encode(f" {fitting}", add_special_tokens=False).ids
    assert len(tokens) <= 223


ASTRAY = {
    "the list said back": "With Saoirse, Kubernetes, Nguyen.",
    "the end of it": "Siobhan, Forgejo, Joaquin, Terraform.",
    "one of it, again and again": "Nguyen, Nguyen, Nguyen, Nguyen, Nguyen, Nguyen, Nguyen.",
}


@pytest.mark.parametrize("echo", ASTRAY.values(), ids=ASTRAY)
def test_names_nobody_said_are_not_written(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch, echo: str
) -> None:
    """A decode that says the hint back is made up here: it is rare with this model."""
    samples = samples_of(speech()[1][0]).astype("f4") / 32768
    short = samples[:RATE_HZ]
    draft, segments = decoder.draft, decoder._segments
    without = {"short": draft(short, "en").text, "full": decoder.text(short, "en", lambda: True)}

    def echoing(*given: object, hint: str = "", **more: object) -> Draft:
        found = draft(*given, **more)  # type: ignore[arg-type]
        tokens = tuple([7, 8] * 7) if "Nguyen, Nguyen" in echo else found.tokens
        return attrs.evolve(found, text=echo, tokens=tokens) if hint else found

    def full_echoing(samples: Samples, language: str, hint: str = "") -> Iterable[object]:
        for segment in segments(samples, language):
            repeated = echo.count("Nguyen") > 2
            segment.text = echo if hint else segment.text
            segment.compression_ratio = 3.0 if hint and repeated else 1.0
            yield segment

    monkeypatch.setattr(decoder, "_hint", hint("", NAMES))
    monkeypatch.setattr(decoder, "draft", echoing)
    monkeypatch.setattr(decoder, "_segments", full_echoing)
    assert len(without["short"]) < 20  # so much shorter than the echo
    assert decoder.segment(short, "en").text == without["short"]
    assert decoder.guess(short, "en").broken
    assert decoder.text(short, "en", lambda: True) == without["full"]


def test_there_are_twenty_of_them() -> None:
    assert len(SOX) == 20


def test_silence_is_not_even_decoded(
    engine: OnDeviceEngine, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[object] = []
    for name in ("text", "draft"):
        monkeypatch.setattr(decoder, name, lambda *given, **_: decoded.append(given))
    assert recognised(engine, take(np.zeros(10 * RATE_HZ))) == ""
    text, heard, _ = asyncio.run(spoken(engine, np.zeros(4 * RATE_HZ)))
    assert (text, heard) == ("", [Ready()])
    assert decoded == []


def test_a_take_without_audio_gives_no_text(engine: OnDeviceEngine) -> None:
    assert recognised(engine, take(np.zeros(0), 0)) == ""


def test_speech_is_found_between_long_silences(engine: OnDeviceEngine) -> None:
    samples, said = joined([1])
    rest = np.random.default_rng(1).standard_normal(8 * RATE_HZ) * 20
    text, *_ = asyncio.run(spoken(engine, np.concatenate((rest, samples, rest))))
    assert errors(said, text) <= 1


def test_the_language_is_found_where_none_is_set(decoder: Decoder) -> None:
    for path, _ in speech()[:3]:
        samples = samples_of(path).astype("f4") / 32768
        assert decoder.draft(samples, "").language == "en"
        assert decoder.language(samples) == "en"


def test_two_takes_at_once_are_recognised_one_after_the_other(engine: OnDeviceEngine) -> None:
    clips = [speech()[1], speech()[2]]

    async def both() -> list[str]:
        readers = [Reader(soundfiles.read(path)) for path, _ in clips]
        return await asyncio.gather(*(engine.recognise(r, lambda heard: None) for r in readers))

    assert [words(text) for text in asyncio.run(both())] == [words(text) for _, text in clips]


def test_two_who_speak_at_once_both_get_their_words(engine: OnDeviceEngine) -> None:
    async def both() -> list[tuple[str, list[Heard], int]]:
        return await asyncio.gather(*(spoken(engine, joined([n])[0]) for n in (1, 2)))

    for (text, *_), number in zip(asyncio.run(both()), (1, 2), strict=True):
        assert words(text) == words(speech()[number][1])


def test_a_cancelled_take_is_not_waited_for(
    engine: OnDeviceEngine, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = np.concatenate([samples_of(path) for path, _ in speech()] * 2)

    async def scenario() -> float:
        begun, loop = asyncio.Event(), asyncio.get_running_loop()
        text = decoder.text

        def told(*arguments: object) -> str:
            loop.call_soon_threadsafe(begun.set)
            return text(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(decoder, "text", told)
        recognising = asyncio.create_task(engine.recognise(Reader(take(long)), lambda heard: None))
        await asyncio.wait_for(begun.wait(), 10)
        at = loop.time()
        recognising.cancel()
        await asyncio.gather(recognising, return_exceptions=True)
        assert recognising.cancelled()
        return loop.time() - at

    assert asyncio.run(scenario()) < 0.1
    monkeypatch.undo()
    path, text = speech()[1]
    assert words(recognised(engine, soundfiles.read(path))) == words(text)  # and the next one works


def test_a_graphics_card_that_does_not_do_is_passed_over(
    engine: OnDeviceEngine, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)
    monkeypatch.setattr(ctranslate2, "get_supported_compute_types", lambda _: {"float16"})
    on_processor = opened(engine._find(), lambda: 1)
    assert on_processor._model.model.device == "cpu"
    samples, said = joined([1])
    told = on_processor.draft(samples.astype("f4") / 32768, "en").text
    assert errors(said, told) <= 1
    assert told == decoder.draft(samples.astype("f4") / 32768, "en").text


FAILURES = {
    "too little memory": (MemoryError(), "There is not enough memory for this model."),
    "what CTranslate2 raises": (RuntimeError("bad alloc"), "could not recognise the recording"),
    "a part of it is missing": (ImportError("av"), "is not installed. Install it with: pip"),
}


@pytest.mark.parametrize(("error", "sentence"), FAILURES.values(), ids=FAILURES)
def test_a_failed_decode_is_told_and_the_next_take_works(
    engine: OnDeviceEngine,
    decoder: Decoder,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    sentence: str,
) -> None:
    def fails(*_: object, **__: object) -> str:
        raise error

    samples, said = joined([1])
    with monkeypatch.context() as broken:
        broken.setattr(decoder, "text", fails)
        broken.setattr(decoder, "draft", fails)
        with pytest.raises(ProblemError, match=sentence):
            recognised(engine, take(samples))
        with pytest.raises(ProblemError, match=sentence):
            asyncio.run(spoken(engine, samples))
    text, *_ = asyncio.run(spoken(engine, samples))
    assert words(text) == words(said)


def test_a_repair_that_fails_costs_nothing(
    engine: OnDeviceEngine, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> str:
        raise RuntimeError

    monkeypatch.setattr(decoder, "text", fails)
    samples, said = joined([3, 4])
    text, *_ = asyncio.run(spoken(engine, samples))
    assert errors(said, text) <= 1


def test_a_decode_that_takes_too_long_is_given_up(
    engine: OnDeviceEngine, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def slow(samples: object, language: str, wanted: Callable[[], bool]) -> str:
        over.wait(10)
        return "" if wanted() else "told to stop"

    monkeypatch.setattr(recogniser, "LEAST_LIMIT_S", 0.2)
    monkeypatch.setattr(recogniser, "LIMIT_PER_S", 0.0)
    monkeypatch.setattr(decoder, "text", slow)
    with pytest.raises(ProblemError, match="took too long"):
        recognised(engine, soundfiles.read(speech()[1][0]))
    over.set()


def test_memory_is_given_back_after_a_while_and_the_next_take_loads_again() -> None:
    samples, said = joined([1])
    process = psutil.Process()

    async def scenario() -> None:
        engine = OnDeviceEngine("en", models=folders.models(), cache=folders.cache(), unload_s=0.01)
        await engine.prepare()
        loaded = process.memory_info().rss
        async with asyncio.timeout(5):
            while engine.loaded:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        assert loaded - process.memory_info().rss > 60e6
        assert engine._resting is not None  # its tokenizer takes long to make
        assert engine.ready  # a key-down is all it needs
        text, heard, _ = await spoken(engine, samples)
        assert words(text) == words(said)
        assert Ready() in heard
        await engine.close()
        ended(engine)

    asyncio.run(scenario())


def test_memory_does_not_climb_from_unloading_to_unloading() -> None:
    process = psutil.Process()

    async def scenario() -> list[int]:
        engine = OnDeviceEngine("en", models=folders.models(), cache=folders.cache())
        left = []
        for _ in range(6):
            await engine._loaded()
            async with asyncio.timeout(5):
                while engine.loaded:
                    engine._unload()
                    await asyncio.sleep(0.01)
            left.append(process.memory_info().rss)
        await engine.close()
        ended(engine)
        return left

    _, first, *_, last = asyncio.run(scenario())
    assert last - first < 12e6  # with glibc's own ways it was 20 MB and more


def test_an_engine_that_is_closed_keeps_no_memory() -> None:
    """One is closed whenever another model, language or hint is chosen."""
    samples, _ = joined([1])
    process = psutil.Process()

    async def scenario() -> tuple[int, int]:
        engine = OnDeviceEngine("en", models=folders.models(), cache=folders.cache())
        await engine._loaded()
        await spoken(engine, samples)
        loaded = process.memory_info().rss
        await engine.close()
        return loaded, process.memory_info().rss

    loaded, closed = asyncio.run(scenario())
    assert loaded - closed > 120e6  # the weights, and most of what decoding took


def test_memory_stays_where_it_is_wanted_and_while_somebody_speaks(tmp_path: Path) -> None:
    async def scenario() -> None:
        engine = OnDeviceEngine("en", models=tmp_path, cache=tmp_path, unload_s=3600)
        with engine._in_use():
            engine._decoder = object()  # type: ignore[assignment]
            with engine._in_use():
                assert engine._idle is None
            assert engine._idle is None
        assert engine._idle is not None
        with engine._in_use():
            assert engine._idle is None
        await engine.close()
        assert engine._idle is None

    asyncio.run(scenario())


def test_a_model_that_is_not_there_is_told_while_somebody_still_speaks(tmp_path: Path) -> None:
    (tmp_path / "models" / "whisper-base").mkdir(parents=True)

    async def scenario() -> None:
        engine = OnDeviceEngine("", models=tmp_path / "models", cache=tmp_path / "cache")
        growing = Take(number=1, id="t", rate_hz=RATE_HZ)
        try:
            with pytest.raises(ProblemError, match="Base is damaged"):
                await engine.recognise(Reader(growing), lambda heard: None)
            with pytest.raises(ProblemError, match="Base is damaged"):
                await engine.prepare()
            assert not engine.ready
            assert growing._listeners == []
        finally:
            await engine.close()
            ended(engine)

    asyncio.run(scenario())
