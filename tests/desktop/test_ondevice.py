"""Whisper base on real speech."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import attrs
import ctranslate2
import numpy as np
import pytest

from sayso.audio import files
from sayso.core.dictation.take import Take
from sayso.core.problems import ProblemError
from sayso.stt.engine import EngineEvent, Partial, Ready
from sayso.stt.ondevice.decoding.loading import load_decoder
from sayso.stt.ondevice.decoding.prompt import build_prompt
from sayso.stt.ondevice.decoding.quality import Hypothesis
from sayso.stt.ondevice.decoding.whisper import WhisperDecoder
from sayso.stt.ondevice.engine import OnDeviceEngine, Timeouts
from sayso.stt.ondevice.samples import RATE_HZ, Samples
from sayso.stt.reader import Reader

from .ondevice import (
    MAX_LIVE_ERRORS,
    NAMES,
    TAKES,
    joined_clips,
    make_engine,
    make_take,
    normalize,
    read_samples,
    scaled,
    shut_down,
    transcribe,
    transcribe_live,
    word_errors,
)
from .sound import speech_clips


def test_live_speech_has_no_more_errors_than_one_full_decode(
    engine: OnDeviceEngine, decoder: WhisperDecoder
) -> None:
    live = full = count = 0
    for numbers in TAKES.values():
        samples, said = joined_clips(numbers)
        segments, _ = decoder.whisper.transcribe(
            scaled(samples), language="en", beam_size=5, condition_on_previous_text=False
        )
        text, *_ = asyncio.run(transcribe_live(engine, samples))
        live += word_errors(said, text)
        full += word_errors(said, "".join(segment.text for segment in segments))
        count += len(normalize(said).split())
    assert live <= full
    assert live / count < 0.03


def test_a_recorded_take_is_transcribed_accurately(engine: OnDeviceEngine) -> None:
    samples, said = joined_clips(TAKES["half a minute"])
    assert word_errors(said, transcribe(engine, make_take(samples))) <= 2


def test_partials_are_sent_while_the_user_speaks(engine: OnDeviceEngine) -> None:
    samples, said = joined_clips([3, 4])
    text, events, live_events = asyncio.run(transcribe_live(engine, samples))
    assert events[0] == Ready()
    partials = [event.text for event in events[:live_events] if isinstance(event, Partial)]
    assert len(partials) >= 3
    assert normalize(partials[0]).startswith("had he married")
    assert word_errors(said, partials[-1]) <= word_errors(said, text) + 2


SENTENCES = ("Nguyen will meet Siobhan on Monday.", "Joaquin wrote the first draft on Terraform.")


def synthesize(sentence: str, folder: Path, voice: str = "en-us") -> np.ndarray:
    raw, path = folder / "raw.wav", folder / "said.wav"
    command = ["espeak-ng", "-v", voice, "-s", "140", "-w", raw, sentence]
    subprocess.run(command, check=True, capture_output=True)
    subprocess.run(["sox", "-R", raw, "-r", "16000", "-c", "1", path], check=True)
    return read_samples(path)


def test_expected_names_are_spelled_correctly(
    decoder: WhisperDecoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = [(scaled(synthesize(text, tmp_path)), text) for text in SENTENCES]

    def errors() -> int:
        return sum(
            word_errors(text, decoder.decode_segment(samples, "en").text) for samples, text in clips
        )

    unprompted = errors()
    monkeypatch.setattr(decoder, "prompt", decoder.fit_prompt(build_prompt("", NAMES)))
    prompted = errors()
    assert prompted <= 2 < unprompted - prompted
    path, text = speech_clips()[1]  # contains none of the names
    samples = scaled(read_samples(path))
    assert word_errors(text, decoder.decode_segment(samples, "en").text) <= 1
    assert word_errors(text, decoder.transcribe(samples, "en", lambda: True)) <= 1


def test_a_long_prompt_loses_its_beginning(decoder: WhisperDecoder) -> None:
    names = [f"Xenolab{number}" for number in range(100)]
    prompt = build_prompt("A beginning.", names)
    fitting = decoder.fit_prompt(prompt)
    assert decoder.fit_prompt("") == ""
    assert fitting.endswith("Xenolab98, Xenolab99.")
    assert 0 < len(fitting) < len(prompt)
    tokens = decoder.whisper.hf_tokenizer.encode(f" {fitting}", add_special_tokens=False).ids
    assert len(tokens) <= 223


LEAKS = {
    "the whole prompt": "With Saoirse, Kubernetes, Nguyen.",
    "the end of the prompt": "Siobhan, Forgejo, Joaquin, Terraform.",
    "one name repeatedly": "Nguyen, Nguyen, Nguyen, Nguyen, Nguyen, Nguyen, Nguyen.",
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_names_of_the_prompt_that_were_not_said_are_not_inserted(
    decoder: WhisperDecoder, monkeypatch: pytest.MonkeyPatch, leak: str
) -> None:
    """The leaks are simulated, because they are rare with this model."""
    samples = scaled(read_samples(speech_clips()[1][0]))[:RATE_HZ]
    decode, full_segments = decoder.decode_window, decoder._full_segments
    unprompted = decode(samples, "en").text
    unprompted_full = decoder.transcribe(samples, "en", lambda: True)
    repeated = tuple([7, 8] * 7) if leak.count("Nguyen") > 2 else None

    def leaking(*arguments: object, prompt: str = "", **more: object) -> Hypothesis:
        found = decode(*arguments, **more)  # type: ignore[arg-type]
        leaked = attrs.evolve(found, text=leak, tokens=repeated or found.tokens)
        return leaked if prompt else found

    def leaking_full(samples: Samples, language: str, prompt: str = "") -> Iterable[object]:
        for segment in full_segments(samples, language):
            if prompt:
                segment.text, segment.tokens = leak, repeated or segment.tokens
            yield segment

    monkeypatch.setattr(decoder, "prompt", build_prompt("", NAMES))
    monkeypatch.setattr(decoder, "decode_window", leaking)
    monkeypatch.setattr(decoder, "_full_segments", leaking_full)
    assert len(unprompted) < 20  # much shorter than the leak
    assert decoder.decode_segment(samples, "en").text == unprompted
    assert decoder.decode_once(samples, "en").is_unusable
    assert decoder.transcribe(samples, "en", lambda: True) == unprompted_full


def test_the_language_is_detected(decoder: WhisperDecoder) -> None:
    for path, _ in speech_clips()[:3]:
        samples = scaled(read_samples(path))
        assert decoder.decode_window(samples, "").language == "en"
        assert decoder.detect_language(samples) == "en"


OTHER_LANGUAGES = {
    "de": "Guten Morgen. Ich möchte bitte drei Tassen Kaffee und ein Stück Kuchen bestellen.",
    "fr": "Bonjour. Je voudrais bien une chambre pour deux personnes, s'il vous plaît.",
    "es": "Buenos días. La reunión de mañana empieza a las nueve de la mañana.",
}


@pytest.mark.parametrize(("language", "said"), OTHER_LANGUAGES.items(), ids=OTHER_LANGUAGES)
def test_other_languages_are_detected_and_transcribed(
    engine: OnDeviceEngine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    language: str,
    said: str,
) -> None:
    samples = synthesize(said, tmp_path, language)
    monkeypatch.setattr(engine, "language", "")
    texts = [
        transcribe(engine, make_take(samples)),
        asyncio.run(transcribe_live(engine, samples))[0],
    ]
    monkeypatch.setattr(engine, "language", language)
    texts.append(asyncio.run(transcribe_live(engine, samples))[0])
    assert all(word_errors(said, text) <= 4 for text in texts), texts


def test_two_recorded_takes_can_be_transcribed_at_the_same_time(engine: OnDeviceEngine) -> None:
    clips = [speech_clips()[1], speech_clips()[2]]

    async def both() -> list[str]:
        readers = [Reader(files.load_take(path)) for path, _ in clips]
        return await asyncio.gather(*(engine.transcribe(r, lambda event: None) for r in readers))

    texts = [normalize(text) for text in asyncio.run(both())]
    assert texts == [normalize(text) for _, text in clips]


def test_two_live_takes_can_be_transcribed_at_the_same_time(engine: OnDeviceEngine) -> None:
    async def both() -> list[tuple[str, list[EngineEvent], int]]:
        takes = (joined_clips([number])[0] for number in (1, 2))
        return await asyncio.gather(*(transcribe_live(engine, samples) for samples in takes))

    for (text, *_), number in zip(asyncio.run(both()), (1, 2), strict=True):
        assert word_errors(speech_clips()[number][1], text) <= MAX_LIVE_ERRORS


def test_canceling_a_take_does_not_wait_for_its_decode(
    engine: OnDeviceEngine, decoder: WhisperDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = np.concatenate([read_samples(path) for path, _ in speech_clips()] * 2)

    async def scenario() -> float:
        started, loop = asyncio.Event(), asyncio.get_running_loop()
        decode = decoder.transcribe

        def transcribe_and_notify(*arguments: object) -> str:
            loop.call_soon_threadsafe(started.set)
            return decode(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(decoder, "transcribe", transcribe_and_notify)
        task = asyncio.create_task(engine.transcribe(Reader(make_take(long)), lambda event: None))
        await asyncio.wait_for(started.wait(), 10)
        before = loop.time()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        return loop.time() - before

    assert asyncio.run(scenario()) < 0.1
    monkeypatch.undo()
    path, text = speech_clips()[1]
    assert normalize(transcribe(engine, files.load_take(path))) == normalize(text)


def test_an_unusable_graphics_card_is_skipped(
    decoder: WhisperDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)
    monkeypatch.setattr(ctranslate2, "get_supported_compute_types", lambda _: {"float16"})
    fallback = load_decoder(decoder.folder)
    assert fallback.whisper.model.device == "cpu"
    samples, said = joined_clips([1])
    text = fallback.decode_window(scaled(samples), "en").text
    assert word_errors(said, text) <= 1
    assert text == decoder.decode_window(scaled(samples), "en").text


FAILURES = {
    "no memory": (MemoryError(), "model.out_of_memory"),
    "an error of CTranslate2": (RuntimeError("bad alloc"), "model.transcription_failed"),
    "a missing library": (ImportError("av"), "model.not_installed"),
}


@pytest.mark.parametrize(("error", "code"), FAILURES.values(), ids=FAILURES)
def test_a_failed_decode_is_reported_and_the_next_take_works(
    engine: OnDeviceEngine,
    decoder: WhisperDecoder,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: str,
) -> None:
    def fail(*_: object, **__: object) -> str:
        raise error

    samples, said = joined_clips([1])
    with monkeypatch.context() as broken:
        broken.setattr(decoder, "transcribe", fail)
        broken.setattr(decoder, "decode_window", fail)
        with pytest.raises(ProblemError) as recorded:
            transcribe(engine, make_take(samples))
        with pytest.raises(ProblemError) as live:
            asyncio.run(transcribe_live(engine, samples))
    assert recorded.value.problem.code == live.value.problem.code == code
    text, *_ = asyncio.run(transcribe_live(engine, samples))
    assert word_errors(said, text) <= MAX_LIVE_ERRORS


def test_a_failed_redecode_of_a_span_does_no_harm(
    engine: OnDeviceEngine, decoder: WhisperDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise RuntimeError

    monkeypatch.setattr(decoder, "transcribe", fail)
    samples, said = joined_clips([3, 4])
    text, *_ = asyncio.run(transcribe_live(engine, samples))
    assert word_errors(said, text) <= 1


NO_TIME = Timeouts(min_s=0.0, per_audio_s=0.0)


def test_a_decode_that_takes_too_long_is_abandoned(
    engine: OnDeviceEngine, decoder: WhisperDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = threading.Event()

    def slow(samples: object, language: str, should_continue: Callable[[], bool]) -> str:
        finished.wait(10)
        return "" if should_continue() else "canceled"

    monkeypatch.setattr(engine, "timeouts", attrs.evolve(NO_TIME, min_s=0.2))
    monkeypatch.setattr(decoder, "transcribe", slow)
    with pytest.raises(ProblemError, match="took too long"):
        transcribe(engine, files.load_take(speech_clips()[1][0]))
    finished.set()


def test_the_time_for_loading_is_added_to_the_limit() -> None:
    path, said = speech_clips()[1]
    engine = make_engine()
    engine.timeouts = NO_TIME
    assert normalize(transcribe(engine, files.load_take(path))) == normalize(said)
    assert engine.decoder is not None
    asyncio.run(shut_down(engine))


def test_a_damaged_model_is_reported_while_the_user_still_speaks(tmp_path: Path) -> None:
    (tmp_path / "models" / "whisper-base").mkdir(parents=True)

    async def scenario() -> None:
        engine = OnDeviceEngine("", models=tmp_path / "models", cache=tmp_path / "cache")
        take = Take(number=1, id="t", rate_hz=RATE_HZ)
        try:
            with pytest.raises(ProblemError, match="Base is damaged"):
                await engine.transcribe(Reader(take), lambda event: None)
            with pytest.raises(ProblemError, match="Base is damaged"):
                await engine.prepare()
            assert not engine.ready
            assert take._listeners == []
        finally:
            await shut_down(engine)

    asyncio.run(scenario())
