"""Whisper base on audio without speech."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import numpy as np
import pytest

from sayso.audio import files as soundfiles
from sayso.stt.engine import Ready
from sayso.stt.ondevice.decoding.prompt import build_prompt
from sayso.stt.ondevice.decoding.whisper import WhisperDecoder
from sayso.stt.ondevice.engine import OnDeviceEngine
from sayso.stt.ondevice.samples import RATE_HZ

from .noise_samples import RECORDED_NOISES, SOX_EFFECTS
from .ondevice import (
    NAMES,
    joined_clips,
    make_take,
    read_samples,
    transcribe,
    transcribe_live,
    word_errors,
)


@pytest.mark.parametrize(("files", "effects"), RECORDED_NOISES.values(), ids=RECORDED_NOISES)
def test_recordings_without_speech_have_no_text(
    engine: OnDeviceEngine, tmp_path: Path, files: list[Path | str], effects: str
) -> None:
    assert files
    path = tmp_path / "noise.wav"
    command = ["sox", "-R", *files, "-r", "16000", "-c", "1", "-b", "16", path, *effects.split()]
    subprocess.run(command, check=True, capture_output=True)
    assert transcribe(engine, soundfiles.load_take(path)) == ""
    text, events, _ = asyncio.run(transcribe_live(engine, read_samples(path)))
    assert (text, events) == ("", [Ready()])


@pytest.mark.parametrize("effects", SOX_EFFECTS.values(), ids=SOX_EFFECTS)
def test_sounds_without_speech_give_no_text(
    engine: OnDeviceEngine,
    decoder: WhisperDecoder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    effects: str,
) -> None:
    """The text is empty for recorded and live audio, with and without a prompt."""
    path = tmp_path / "noise.wav"
    command = f"sox -R -n -r 16000 -c 1 -b 16 {path} {effects}"
    subprocess.run(command.split(), check=True, capture_output=True)
    assert transcribe(engine, soundfiles.load_take(path)) == ""
    monkeypatch.setattr(decoder, "prompt", build_prompt("About servers.", NAMES))
    assert transcribe(engine, soundfiles.load_take(path)) == ""
    text, events, _ = asyncio.run(transcribe_live(engine, read_samples(path)))
    assert (text, events) == ("", [Ready()])


def test_there_are_twenty_sounds() -> None:
    assert len(SOX_EFFECTS) == 20


def test_silence_is_not_decoded(
    engine: OnDeviceEngine, decoder: WhisperDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[object] = []
    for name in ("transcribe", "decode_window"):
        monkeypatch.setattr(decoder, name, lambda *arguments, **_: decoded.append(arguments))
    assert transcribe(engine, make_take(np.zeros(10 * RATE_HZ))) == ""
    text, events, _ = asyncio.run(transcribe_live(engine, np.zeros(4 * RATE_HZ)))
    assert (text, events) == ("", [Ready()])
    assert decoded == []


def test_a_take_without_audio_has_no_text(engine: OnDeviceEngine) -> None:
    assert transcribe(engine, make_take(np.zeros(0), 0)) == ""


def test_speech_between_long_silences_is_transcribed(engine: OnDeviceEngine) -> None:
    samples, said = joined_clips([1])
    noise = np.random.default_rng(1).standard_normal(8 * RATE_HZ) * 20
    text, *_ = asyncio.run(transcribe_live(engine, np.concatenate((noise, samples, noise))))
    assert word_errors(said, text) <= 1
