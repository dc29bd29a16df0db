"""Whisper base itself, on real speech."""

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
from sayso.storage import paths
from sayso.stt.engine import EngineEvent, Partial, Ready
from sayso.stt.ondevice import engine as recogniser
from sayso.stt.ondevice.decoding.loading import load_decoder
from sayso.stt.ondevice.decoding.prompt import build_prompt
from sayso.stt.ondevice.decoding.quality import Hypothesis
from sayso.stt.ondevice.decoding.whisper import WhisperDecoder
from sayso.stt.ondevice.engine import OnDeviceEngine
from sayso.stt.ondevice.samples import Samples
from sayso.stt.reader import Reader

from .ondevice import (
    MAX_LIVE_ERRORS,
    NAMES,
    RATE_HZ,
    TAKES,
    joined_clips,
    make_take,
    normalize,
    read_samples,
    shut_down,
    transcribe,
    transcribe_live,
    word_errors,
)
from .sound import speech_clips


def test_real_speech_has_no_more_errors_than_one_full_decode(
    engine: OnDeviceEngine, decoder: WhisperDecoder
) -> None:
    ours = full = count = 0
    for numbers in TAKES.values():
        samples, said = joined_clips(numbers)
        segments, _ = decoder._model.transcribe(
            samples.astype("f4") / 32768,
            language="en",
            beam_size=5,
            condition_on_previous_text=False,
        )
        text, *_ = asyncio.run(transcribe_live(engine, samples))
        ours += word_errors(said, text)
        full += word_errors(said, "".join(segment.text for segment in segments))
        count += len(normalize(said).split())
    assert ours <= full
    assert ours / count < 0.03


def test_what_was_recorded_before_is_recognised_as_well(engine: OnDeviceEngine) -> None:
    samples, said = joined_clips(TAKES["half a minute"])
    assert word_errors(said, transcribe(engine, make_take(samples))) <= 2


def test_words_are_shown_while_somebody_speaks(engine: OnDeviceEngine) -> None:
    samples, said = joined_clips([3, 4])
    text, heard, before = asyncio.run(transcribe_live(engine, samples))
    assert heard[0] == Ready()
    partials = [what.text for what in heard[:before] if isinstance(what, Partial)]
    assert len(partials) >= 3
    assert normalize(partials[0]).startswith("had he married")
    assert word_errors(said, partials[-1]) <= word_errors(said, text) + 2


NAMED = ("Nguyen will meet Siobhan on Monday.", "Joaquin wrote the first draft on Terraform.")


def synthetic(sentence: str, folder: Path, voice: str = "en-us") -> np.ndarray:
    raw, path = folder / "raw.wav", folder / "said.wav"
    say = ["espeak-ng", "-v", voice, "-s", "140", "-w", raw, sentence]
    subprocess.run(say, check=True, capture_output=True)
    subprocess.run(["sox", "-R", raw, "-r", "16000", "-c", "1", path], check=True)
    return read_samples(path)


def test_names_that_are_expected_are_spelled_right(
    decoder: WhisperDecoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [(synthetic(text, tmp_path).astype("f4") / 32768, text) for text in NAMED]
    without = sum(
        word_errors(text, decoder.decode_segment(samples, "en").text) for samples, text in said
    )
    assert decoder._fit_prompt("") == ""
    monkeypatch.setattr(decoder, "_prompt", decoder._fit_prompt(build_prompt("", NAMES)))
    told = sum(
        word_errors(text, decoder.decode_segment(samples, "en").text) for samples, text in said
    )
    assert told <= 2 < without - told
    path, text = speech_clips()[1]  # in which none of them is said
    samples = read_samples(path).astype("f4") / 32768
    assert word_errors(text, decoder.decode_segment(samples, "en").text) <= 1
    assert word_errors(text, decoder.transcribe(samples, "en", lambda: True)) <= 1


def test_a_long_list_of_names_loses_its_beginning(decoder: WhisperDecoder) -> None:
    names = [f"Xenolab{number}" for number in range(100)]
    fitting = decoder._fit_prompt(build_prompt("A beginning.", names))
    assert fitting.endswith("Xenolab98, Xenolab99.")
    assert 0 < len(fitting) < len(build_prompt("", names))
    tokens = decoder._model.hf_tokenizer.encode(f" {fitting}", add_special_tokens=False).ids
    assert len(tokens) <= 223


ASTRAY = {
    "the list said back": "With Saoirse, Kubernetes, Nguyen.",
    "the end of it": "Siobhan, Forgejo, Joaquin, Terraform.",
    "one of it, again and again": "Nguyen, Nguyen, Nguyen, Nguyen, Nguyen, Nguyen, Nguyen.",
}


@pytest.mark.parametrize("echo", ASTRAY.values(), ids=ASTRAY)
def test_names_nobody_said_are_not_written(
    decoder: WhisperDecoder, monkeypatch: pytest.MonkeyPatch, echo: str
) -> None:
    """A decode that says the hint back is made up here: it is rare with this model."""
    samples = read_samples(speech_clips()[1][0]).astype("f4") / 32768
    short = samples[:RATE_HZ]
    draft, segments = decoder.decode_window, decoder._full_segments
    without = {
        "short": draft(short, "en").text,
        "full": decoder.transcribe(short, "en", lambda: True),
    }

    def echoing(*given: object, prompt: str = "", **more: object) -> Hypothesis:
        found = draft(*given, **more)  # type: ignore[arg-type]
        tokens = tuple([7, 8] * 7) if "Nguyen, Nguyen" in echo else found.tokens
        return attrs.evolve(found, text=echo, tokens=tokens) if prompt else found

    def full_echoing(samples: Samples, language: str, prompt: str = "") -> Iterable[object]:
        for segment in segments(samples, language):
            if prompt:
                repeated = [7, 8] * 7 if echo.count("Nguyen") > 2 else segment.tokens
                segment.text, segment.tokens = echo, repeated
            yield segment

    monkeypatch.setattr(decoder, "_prompt", build_prompt("", NAMES))
    monkeypatch.setattr(decoder, "decode_window", echoing)
    monkeypatch.setattr(decoder, "_full_segments", full_echoing)
    assert len(without["short"]) < 20  # so much shorter than the echo
    assert decoder.decode_segment(short, "en").text == without["short"]
    assert decoder.decode_once(short, "en").is_unusable
    assert decoder.transcribe(short, "en", lambda: True) == without["full"]


def test_the_language_is_found_where_none_is_set(decoder: WhisperDecoder) -> None:
    for path, _ in speech_clips()[:3]:
        samples = read_samples(path).astype("f4") / 32768
        assert decoder.decode_window(samples, "").language == "en"
        assert decoder.detect_language(samples) == "en"


OTHERS = {
    "de": "Guten Morgen. Ich möchte bitte drei Tassen Kaffee und ein Stück Kuchen bestellen.",
    "fr": "Bonjour. Je voudrais bien une chambre pour deux personnes, s'il vous plaît.",
    "es": "Buenos días. La reunión de mañana empieza a las nueve de la mañana.",
}


@pytest.mark.parametrize(("language", "said"), OTHERS.items(), ids=OTHERS)
def test_other_languages_are_found_and_written(
    engine: OnDeviceEngine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    language: str,
    said: str,
) -> None:
    samples = synthetic(said, tmp_path, language)
    monkeypatch.setattr(engine, "_language", "")
    found = [
        asyncio.run(transcribe_live(engine, samples))[0],
        transcribe(engine, make_take(samples)),
    ]
    monkeypatch.setattr(engine, "_language", language)
    chosen = asyncio.run(transcribe_live(engine, samples))[0]
    assert all(word_errors(said, text) <= 4 for text in (*found, chosen)), (found, chosen)


def test_two_takes_at_once_are_recognised_one_after_the_other(engine: OnDeviceEngine) -> None:
    clips = [speech_clips()[1], speech_clips()[2]]

    async def both() -> list[str]:
        readers = [Reader(files.load_take(path)) for path, _ in clips]
        return await asyncio.gather(*(engine.transcribe(r, lambda heard: None) for r in readers))

    assert [normalize(text) for text in asyncio.run(both())] == [
        normalize(text) for _, text in clips
    ]


def test_two_who_speak_at_once_both_get_their_words(engine: OnDeviceEngine) -> None:
    async def both() -> list[tuple[str, list[EngineEvent], int]]:
        return await asyncio.gather(
            *(transcribe_live(engine, joined_clips([n])[0]) for n in (1, 2))
        )

    for (text, *_), number in zip(asyncio.run(both()), (1, 2), strict=True):
        assert word_errors(speech_clips()[number][1], text) <= MAX_LIVE_ERRORS


def test_a_cancelled_take_is_not_waited_for(
    engine: OnDeviceEngine, decoder: WhisperDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = np.concatenate([read_samples(path) for path, _ in speech_clips()] * 2)

    async def scenario() -> float:
        begun, loop = asyncio.Event(), asyncio.get_running_loop()
        text = decoder.transcribe

        def told(*arguments: object) -> str:
            loop.call_soon_threadsafe(begun.set)
            return text(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(decoder, "transcribe", told)
        recognising = asyncio.create_task(
            engine.transcribe(Reader(make_take(long)), lambda heard: None)
        )
        await asyncio.wait_for(begun.wait(), 10)
        at = loop.time()
        recognising.cancel()
        await asyncio.gather(recognising, return_exceptions=True)
        assert recognising.cancelled()
        return loop.time() - at

    assert asyncio.run(scenario()) < 0.1
    monkeypatch.undo()
    path, text = speech_clips()[1]
    assert normalize(transcribe(engine, files.load_take(path))) == normalize(
        text
    )  # and the next one works


def test_a_graphics_card_that_does_not_do_is_passed_over(
    engine: OnDeviceEngine, decoder: WhisperDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)
    monkeypatch.setattr(ctranslate2, "get_supported_compute_types", lambda _: {"float16"})
    on_processor = load_decoder(engine._locate(), lambda: 1)
    assert on_processor._model.model.device == "cpu"
    samples, said = joined_clips([1])
    told = on_processor.decode_window(samples.astype("f4") / 32768, "en").text
    assert word_errors(said, told) <= 1
    assert told == decoder.decode_window(samples.astype("f4") / 32768, "en").text


FAILURES = {
    "too little memory": (MemoryError(), "There is not enough memory for this model."),
    "what CTranslate2 raises": (RuntimeError("bad alloc"), "could not recognise the recording"),
    "a part of it is missing": (ImportError("av"), "is not installed. Install it with: pip"),
}


@pytest.mark.parametrize(("error", "sentence"), FAILURES.values(), ids=FAILURES)
def test_a_failed_decode_is_told_and_the_next_take_works(
    engine: OnDeviceEngine,
    decoder: WhisperDecoder,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    sentence: str,
) -> None:
    def fails(*_: object, **__: object) -> str:
        raise error

    samples, said = joined_clips([1])
    with monkeypatch.context() as broken:
        broken.setattr(decoder, "transcribe", fails)
        broken.setattr(decoder, "decode_window", fails)
        with pytest.raises(ProblemError, match=sentence):
            transcribe(engine, make_take(samples))
        with pytest.raises(ProblemError, match=sentence):
            asyncio.run(transcribe_live(engine, samples))
    text, *_ = asyncio.run(transcribe_live(engine, samples))
    assert word_errors(said, text) <= MAX_LIVE_ERRORS


def test_a_repair_that_fails_costs_nothing(
    engine: OnDeviceEngine, decoder: WhisperDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> str:
        raise RuntimeError

    monkeypatch.setattr(decoder, "transcribe", fails)
    samples, said = joined_clips([3, 4])
    text, *_ = asyncio.run(transcribe_live(engine, samples))
    assert word_errors(said, text) <= 1


def test_a_decode_that_takes_too_long_is_given_up(
    engine: OnDeviceEngine, decoder: WhisperDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def slow(samples: object, language: str, wanted: Callable[[], bool]) -> str:
        over.wait(10)
        return "" if wanted() else "told to stop"

    monkeypatch.setattr(recogniser, "MIN_TIMEOUT_S", 0.2)
    monkeypatch.setattr(recogniser, "TIMEOUT_PER_S", 0.0)
    monkeypatch.setattr(decoder, "transcribe", slow)
    with pytest.raises(ProblemError, match="took too long"):
        transcribe(engine, files.load_take(speech_clips()[1][0]))
    over.set()


def test_a_model_that_is_still_being_loaded_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recogniser, "MIN_TIMEOUT_S", 0.0)
    monkeypatch.setattr(recogniser, "TIMEOUT_PER_S", 0.0)
    path, said = speech_clips()[1]
    fresh = OnDeviceEngine("en", models=paths.models(), cache=paths.cache())
    assert normalize(transcribe(fresh, files.load_take(path))) == normalize(said)
    assert fresh.loaded
    asyncio.run(fresh.close())
    shut_down(fresh)


def test_a_model_that_is_not_there_is_told_while_somebody_still_speaks(tmp_path: Path) -> None:
    (tmp_path / "models" / "whisper-base").mkdir(parents=True)

    async def scenario() -> None:
        engine = OnDeviceEngine("", models=tmp_path / "models", cache=tmp_path / "cache")
        growing = Take(number=1, id="t", rate_hz=RATE_HZ)
        try:
            with pytest.raises(ProblemError, match="Base is damaged"):
                await engine.transcribe(Reader(growing), lambda heard: None)
            with pytest.raises(ProblemError, match="Base is damaged"):
                await engine.prepare()
            assert not engine.ready
            assert growing._listeners == []
        finally:
            await engine.close()
            shut_down(engine)

    asyncio.run(scenario())
