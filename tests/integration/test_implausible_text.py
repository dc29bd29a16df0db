"""Incomplete, missing and hallucinated text of a server is not trusted, over real sockets."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import attrs
import pytest

from desktop.sound import speech_clips
from event_loop import run
from fakes import FakeEngine, IgnoringListener, engine_factories
from sayso.audio.files import load_take
from sayso.core.dictation.take import Take
from sayso.core.problems import Problem, ProblemKind
from sayso.core.settings.endpoint import ON_DEVICE, Endpoint
from sayso.stt.engine import Engine
from sayso.stt.fallback import FallbackRunner, Transcript
from sayso.stt.realtime.engine import RealtimeEngine
from service import KEY, StandIn
from service.session import Session

pytestmark = pytest.mark.needs_programs

SERVER = "Server"
OTHER_TEXT = "What was really said."


class DroppingSession(Session):
    """Reports that it has processed only one second of the audio."""

    def usage(self, size_bytes: int, text: str) -> dict[str, Any]:
        return {"type": "duration", "seconds": 1}


def noise(tmp_path: Path, effects: str) -> Take:
    path = tmp_path / "noise.wav"
    command = f"sox -R -n -r 16000 -c 1 -b 16 {path} {effects}"
    subprocess.run(command.split(), check=True, capture_output=True)
    return load_take(path)


def thank_you(tmp_path: Path, voice: str) -> Take:
    """Return a take with “thank you” and silence before and after it."""
    said, path = tmp_path / "said.wav", tmp_path / "padded.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-w", said, "thank you"], check=True)
    subprocess.run(["sox", said, path, "gain", "-12", "pad", "0.4", "0.4"], check=True)
    return load_take(path)


def transcribed(
    take: Take, server_text: str, fallback: str | Problem | None, **options: Any
) -> tuple[Transcript, StandIn]:
    """Transcribe with a server that returns this text, and with a fallback engine if given."""
    results = []

    async def test() -> None:
        async with StandIn([server_text], **options) as service:
            endpoint = Endpoint(name=SERVER, url=service.url)
            engines: dict[str, Engine] = {SERVER: RealtimeEngine(endpoint, "en", lambda _: KEY)}
            if fallback is not None:
                engines[ON_DEVICE] = FakeEngine(fallback)
            runner = FallbackRunner(take, engine_factories(engines), IgnoringListener())
            results.append((await runner.run(), service))
            await engines[SERVER].close()

    run(test)
    return results[0]


FAN = "synth 3 brownnoise synth 3 sine mix 120 gain -18"
KEYS = "synth 0.012 whitenoise fade 0 0.012 0.01 gain -8 pad 0.2 0.15 repeat 6"
HALLUCINATIONS = {
    "digital silence": ("trim 0 3", "Thank you."),
    "a quiet room": ("synth 3 whitenoise gain -55", "Thanks for watching!"),
    "a fan": (FAN, "Untertitel der Amara.org-Community"),
    "keys": (KEYS, "ご視聴ありがとうございました"),
}


@pytest.mark.parametrize(("effects", "text"), HALLUCINATIONS.values(), ids=HALLUCINATIONS)
def test_hallucinations_in_silence_are_dropped(tmp_path: Path, effects: str, text: str) -> None:
    transcript, _ = transcribed(noise(tmp_path, effects), text, "")
    assert transcript == Transcript("", ON_DEVICE)
    alone, service = transcribed(noise(tmp_path, effects), text, None)
    assert (alone.text, alone.problem) == ("", None)
    assert len(service.records) == 2  # the second hallucination confirms that it was silence


@pytest.mark.parametrize("voice", ["en-us", "en+f3", "en+whisper"])
def test_a_known_phrase_that_was_said_is_accepted(tmp_path: Path, voice: str) -> None:
    transcript, service = transcribed(thank_you(tmp_path, voice), "Thank you.", OTHER_TEXT)
    assert transcript == Transcript("Thank you.", SERVER)
    assert len(service.records) == 1


def test_an_empty_text_for_speech_is_passed_to_the_fallback_engine() -> None:
    take = load_take(speech_clips()[1][0])
    assert transcribed(take, "", OTHER_TEXT)[0] == Transcript(OTHER_TEXT, ON_DEVICE)
    alone, service = transcribed(take, "", None)
    assert alone.text == ""
    assert alone.problem is not None
    assert alone.problem.code == "recognition.empty"
    assert len(service.records) == 2


def test_an_empty_text_for_silence_is_accepted(tmp_path: Path) -> None:
    transcript, service = transcribed(noise(tmp_path, FAN), "", OTHER_TEXT)
    assert transcript == Transcript("", SERVER)
    assert len(service.records) == 1


def test_dropped_speech_is_passed_to_the_fallback_engine() -> None:
    take = load_take(speech_clips()[0][0])
    transcript, _ = transcribed(take, "Half.", OTHER_TEXT, session=DroppingSession)
    assert transcript == Transcript(OTHER_TEXT, ON_DEVICE)
    alone, _ = transcribed(take, "Half.", None, session=DroppingSession)
    assert alone.text == "Half."
    assert alone.problem is not None
    assert alone.problem.message.endswith(" skipped 6 s of your speech.")


def test_dropped_silence_is_not_a_loss(tmp_path: Path) -> None:
    take = noise(tmp_path, "trim 0 4")
    transcript, _ = transcribed(take, "Call me at nine.", OTHER_TEXT, session=DroppingSession)
    assert transcript == Transcript("Call me at nine.", SERVER)


def test_incomplete_text_is_used_if_the_fallback_engine_fails() -> None:
    failure = ProblemKind("test.failure", "The engine failed.")()
    take = load_take(speech_clips()[0][0])
    transcript, _ = transcribed(take, "Half.", failure, session=DroppingSession)
    assert attrs.evolve(transcript, problem=None) == Transcript("Half.", SERVER)
    assert transcript.problem is not None
