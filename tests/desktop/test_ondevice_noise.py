"""Whisper base itself, on what is no speech."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import numpy as np
import pytest

from sayso.audio import files as soundfiles
from sayso.stt.engine import Ready
from sayso.stt.ondevice.decoding.prompt import hint
from sayso.stt.ondevice.decoding.whisper import Decoder
from sayso.stt.ondevice.engine import OnDeviceEngine

from .noise_samples import RECORDED, SOX
from .ondevice import NAMES, RATE_HZ, errors, joined, recognised, samples_of, spoken, take


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
