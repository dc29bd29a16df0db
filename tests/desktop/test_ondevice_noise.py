"""Whisper base itself, on what is no speech."""

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

from .noise_samples import RECORDED_NOISES, SOX_EFFECTS
from .ondevice import (
    NAMES,
    RATE_HZ,
    joined_clips,
    make_take,
    read_samples,
    transcribe,
    transcribe_live,
    word_errors,
)


@pytest.mark.parametrize(("files", "effects"), RECORDED_NOISES.values(), ids=RECORDED_NOISES)
def test_recordings_without_speech_give_no_text(
    engine: OnDeviceEngine, tmp_path: Path, files: list[Path | str], effects: str
) -> None:
    assert files
    path = tmp_path / "noise.wav"
    command = ["sox", "-R", *files, "-r", "16000", "-c", "1", "-b", "16", path, *effects.split()]
    subprocess.run(command, check=True, capture_output=True)
    assert transcribe(engine, soundfiles.load_take(path)) == ""
    text, heard, _ = asyncio.run(transcribe_live(engine, read_samples(path)))
    assert (text, heard) == ("", [Ready()])


@pytest.mark.parametrize("effects", SOX_EFFECTS.values(), ids=SOX_EFFECTS)
def test_what_is_no_speech_gives_no_text(
    engine: OnDeviceEngine,
    decoder: WhisperDecoder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    effects: str,
) -> None:
    """Neither at once, nor spoken, nor where words are expected."""
    path = tmp_path / "noise.wav"
    command = f"sox -R -n -r 16000 -c 1 -b 16 {path} {effects}"
    subprocess.run(command.split(), check=True, capture_output=True)
    assert transcribe(engine, soundfiles.load_take(path)) == ""
    monkeypatch.setattr(decoder, "_prompt", build_prompt("About servers.", NAMES))
    assert transcribe(engine, soundfiles.load_take(path)) == ""
    text, heard, _ = asyncio.run(transcribe_live(engine, read_samples(path)))
    assert (text, heard) == ("", [Ready()])


def test_there_are_twenty_of_them() -> None:
    assert len(SOX_EFFECTS) == 20


def test_silence_is_not_even_decoded(
    engine: OnDeviceEngine, decoder: WhisperDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[object] = []
    for name in ("transcribe", "decode_window"):
        monkeypatch.setattr(decoder, name, lambda *given, **_: decoded.append(given))
    assert transcribe(engine, make_take(np.zeros(10 * RATE_HZ))) == ""
    text, heard, _ = asyncio.run(transcribe_live(engine, np.zeros(4 * RATE_HZ)))
    assert (text, heard) == ("", [Ready()])
    assert decoded == []


def test_a_take_without_audio_gives_no_text(engine: OnDeviceEngine) -> None:
    assert transcribe(engine, make_take(np.zeros(0), 0)) == ""


def test_speech_is_found_between_long_silences(engine: OnDeviceEngine) -> None:
    samples, said = joined_clips([1])
    rest = np.random.default_rng(1).standard_normal(8 * RATE_HZ) * 20
    text, *_ = asyncio.run(transcribe_live(engine, np.concatenate((rest, samples, rest))))
    assert word_errors(said, text) <= 1
