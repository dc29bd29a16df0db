"""Whisper base itself, on real speech and on what is no speech."""

from __future__ import annotations

import asyncio
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import jiwer
import numpy as np
import pytest

from sayso.core.problems import ProblemError
from sayso.core.take import Take
from sayso.edges import folders, soundfiles
from sayso.stt.engine import Ready
from sayso.stt.ondevice import recogniser
from sayso.stt.ondevice.decoder import Samples
from sayso.stt.ondevice.recogniser import OnDeviceEngine
from sayso.stt.reader import Reader

from .sound import speech

RATE_HZ = 16000


@pytest.fixture(scope="module")
def engine() -> Iterator[OnDeviceEngine]:
    """Loaded once, its two threads started."""
    loaded = OnDeviceEngine("en", models=folders.models(), cache=folders.cache())
    assert not loaded.ready
    assert recognised(loaded, take(np.zeros(RATE_HZ, "<i2"))) == ""
    assert loaded.ready
    yield loaded
    asyncio.run(loaded.close())


def take(samples: np.ndarray, rate_hz: int = RATE_HZ) -> Take:
    done = Take(number=1, id="t", rate_hz=rate_hz)
    done.add(samples.astype("<i2").tobytes())
    done.end()
    return done


def recognised(engine: OnDeviceEngine, done: Take) -> str:
    return asyncio.run(engine.recognise(Reader(done), lambda heard: None))


def samples_of(path: Path) -> np.ndarray:
    return np.frombuffer(soundfiles.read(path).read(0), "<i2")


def words(text: str) -> str:
    plain = text.lower().replace("-", " ").replace("mr.", "mister")
    return " ".join(re.sub(r"[^\w' ]", "", plain).split())


def test_real_speech_has_no_more_errors_than_a_full_decode(engine: OnDeviceEngine) -> None:
    assert engine._decoder is not None
    whisper = engine._decoder._model
    expected, ours, full = [], [], []
    for path, text in speech():
        done = soundfiles.read(path)
        segments, _ = whisper.transcribe(
            samples_of(path).astype("f4") / 32768,
            language="en",
            beam_size=5,
            condition_on_previous_text=False,
        )
        expected.append(words(text))
        full.append(words("".join(segment.text for segment in segments)))
        ours.append(words(recognised(engine, done)))
    assert jiwer.wer(expected, ours) <= jiwer.wer(expected, full)
    assert jiwer.wer(expected, ours) < 0.03


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
    "rustling": "synth 4 whitenoise bandpass 3000 2500 tremolo 9 80 gain -25",
}  # fmt: skip


@pytest.mark.parametrize("effects", SOX.values(), ids=SOX)
def test_what_is_no_speech_gives_no_text(
    engine: OnDeviceEngine, tmp_path: Path, effects: str
) -> None:
    path = tmp_path / "noise.wav"
    command = f"sox -R -n -r 48000 -c 1 -b 16 {path} {effects}"
    subprocess.run(command.split(), check=True, capture_output=True)
    assert recognised(engine, soundfiles.read(path)) == ""


def test_silence_is_not_even_decoded(
    engine: OnDeviceEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine._decoder is not None
    decoded: list[object] = []
    monkeypatch.setattr(engine._decoder, "text", lambda *arguments: decoded.append(arguments))
    assert recognised(engine, take(np.zeros(10 * RATE_HZ))) == ""
    assert decoded == []


def test_a_take_without_audio_gives_no_text(engine: OnDeviceEngine) -> None:
    assert recognised(engine, take(np.zeros(0), 0)) == ""


def test_speech_is_found_between_long_silences(engine: OnDeviceEngine) -> None:
    path, text = speech()[1]
    rest = np.random.default_rng(1).standard_normal(8 * RATE_HZ) * 20
    heard = recognised(engine, take(np.concatenate((rest, samples_of(path), rest))))
    assert words(heard) == words(text)


def test_a_take_is_recognised_while_it_grows(engine: OnDeviceEngine) -> None:
    path, text = speech()[1]
    samples = samples_of(path)

    async def scenario() -> tuple[str, list[object]]:
        growing = Take(number=1, id="t", rate_hz=RATE_HZ)
        heard: list[object] = []
        recognising = asyncio.create_task(engine.recognise(Reader(growing), heard.append))
        for start in range(0, len(samples), 80):
            growing.add(samples[start : start + 80].tobytes())
            await asyncio.sleep(0)
        growing.end()
        return await recognising, heard

    heard_text, heard = asyncio.run(scenario())
    assert words(heard_text) == words(text)
    assert heard == [Ready()]


def test_the_language_is_found_where_none_is_set(engine: OnDeviceEngine) -> None:
    assert engine._decoder is not None
    (short, text), (long, more) = speech()[1], speech()[0]
    for path, said in ((short, text), (long, more)):
        samples = samples_of(path).astype("f4") / 32768
        assert words(engine._decoder.text(samples, "", lambda: True)) == words(said)


def test_a_long_take_is_recognised_in_parts_while_it_goes_on(
    engine: OnDeviceEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = engine._decoder
    assert decoder is not None
    lengths: list[float] = []
    text = decoder.text

    def told(samples: Samples, language: str, wanted: Callable[[], bool]) -> str:
        lengths.append(len(samples) / RATE_HZ)
        return text(samples, language, wanted)

    monkeypatch.setattr(decoder, "text", told)
    pause = np.zeros(int(1.2 * RATE_HZ), "<i2")
    clips = [speech()[number] for number in (0, 3, 4)]
    long = np.concatenate([np.concatenate((samples_of(path), pause)) for path, _ in clips])
    heard = recognised(engine, take(long))
    assert len(lengths) == 2
    assert jiwer.wer(" ".join(words(said) for _, said in clips), words(heard)) < 0.05


def test_two_takes_at_once_are_recognised_one_after_the_other(engine: OnDeviceEngine) -> None:
    clips = [speech()[1], speech()[2]]

    async def both() -> list[str]:
        readers = [Reader(soundfiles.read(path)) for path, _ in clips]
        return await asyncio.gather(*(engine.recognise(r, lambda heard: None) for r in readers))

    assert [words(text) for text in asyncio.run(both())] == [words(text) for _, text in clips]


def test_a_cancelled_take_is_not_waited_for(
    engine: OnDeviceEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = np.concatenate([samples_of(path) for path, _ in speech()] * 2)

    async def scenario() -> float:
        begun, loop = asyncio.Event(), asyncio.get_running_loop()
        decoder = engine._decoder
        assert decoder is not None
        text = decoder.text

        def told(samples: Samples, language: str, wanted: Callable[[], bool]) -> str:
            loop.call_soon_threadsafe(begun.set)
            return text(samples, language, wanted)

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


FAILURES = {
    "too little memory": (MemoryError(), "There is not enough memory for this model."),
    "what CTranslate2 raises": (RuntimeError("bad alloc"), "could not recognise the recording"),
    "a part of it is missing": (ImportError("av"), "is not installed. Install it with: pip"),
}


@pytest.mark.parametrize(("error", "sentence"), FAILURES.values(), ids=FAILURES)
def test_a_failed_decode_is_told_and_the_next_take_works(
    engine: OnDeviceEngine, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def fails(*_: object) -> str:
        raise error

    done = soundfiles.read(speech()[1][0])
    with monkeypatch.context() as broken:
        broken.setattr(engine._decoder, "text", fails)
        with pytest.raises(ProblemError, match=sentence):
            recognised(engine, done)
    assert words(recognised(engine, done)) == speech()[1][1]


def test_a_decode_that_takes_too_long_is_given_up(
    engine: OnDeviceEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def slow(samples: Samples, language: str, wanted: Callable[[], bool]) -> str:
        ended.wait(10)
        return "" if wanted() else "told to stop"

    monkeypatch.setattr(recogniser, "LEAST_LIMIT_S", 0.2)
    monkeypatch.setattr(recogniser, "LIMIT_PER_S", 0.0)
    monkeypatch.setattr(engine._decoder, "text", slow)
    with pytest.raises(ProblemError, match="took too long"):
        recognised(engine, soundfiles.read(speech()[1][0]))
    ended.set()


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
            engine._decoding.shutdown()
            engine._listening.shutdown()

    asyncio.run(scenario())
