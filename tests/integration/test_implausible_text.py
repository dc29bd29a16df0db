"""Servers that drop sound, find no words or invent some are not believed: over real sockets."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import attrs
import pytest

from desktop.sound import speech_clips
from event_loop import run
from fakes import FakeEngine, IgnoringListener, engine_factories
from sayso.audio import files
from sayso.core.dictation.take import Take
from sayso.core.problems import Problem, untyped_problem
from sayso.core.settings.endpoint import Endpoint
from sayso.stt.engine import Engine
from sayso.stt.fallback import FallbackRunner, Transcript
from sayso.stt.realtime.engine import RealtimeEngine
from service import KEY, StandIn
from service.session import Session

pytestmark = pytest.mark.needs_programs

SERVER, HERE = "Server", "on-device"
BETTER = "What was really said."


class Deaf(Session):
    """Works on a second of what it is sent, and says so."""

    def usage(self, size_bytes: int, text: str) -> dict[str, Any]:
        return {"type": "duration", "seconds": 1}


def made(tmp_path: Path, effects: str) -> Take:
    path = tmp_path / "sound.wav"
    command = f"sox -R -n -r 16000 -c 1 -b 16 {path} {effects}"
    subprocess.run(command.split(), check=True, capture_output=True)
    return files.load_take(path)


def thanks(tmp_path: Path, voice: str) -> Take:
    """Somebody says “thank you”, with a moment of a quiet room before and after."""
    said, path = tmp_path / "said.wav", tmp_path / "padded.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-w", said, "thank you"], check=True)
    subprocess.run(["sox", said, path, "gain", "-12", "pad", "0.4", "0.4"], check=True)
    return files.load_take(path)


def settled(
    take: Take, says: str, next_one: str | Problem | None, **options: Any
) -> tuple[Transcript, StandIn]:
    """What comes of it where the server says that, and the next engine, if any, something else."""
    done = []

    async def test() -> None:
        async with StandIn([says], **options) as service:
            endpoint = Endpoint(name=SERVER, url=service.url)
            engines: dict[str, Engine] = {SERVER: RealtimeEngine(endpoint, "en", lambda _: KEY)}
            if next_one is not None:
                engines[HERE] = FakeEngine(next_one)
            runner = FallbackRunner(take, engine_factories(engines), IgnoringListener())
            done.append((await runner.run(), service))
            await engines[SERVER].close()

    run(test)
    return done[0]


SILENCES = {
    "digital silence": "trim 0 3",
    "a quiet room": "synth 3 whitenoise gain -55",
    "a fan": "synth 3 brownnoise synth 3 sine mix 120 gain -18",
    "keys": "synth 0.012 whitenoise fade 0 0.012 0.01 gain -8 pad 0.2 0.15 repeat 6",
}
INVENTED = ["Thank you.", "Thanks for watching!", "Untertitel der Amara.org-Community",
            "ご視聴ありがとうございました"]  # fmt: skip


@pytest.mark.parametrize(
    ("effects", "says"), list(zip(SILENCES.values(), INVENTED, strict=True)), ids=SILENCES
)
def test_what_is_invented_in_silence_is_no_text(tmp_path: Path, effects: str, says: str) -> None:
    text, _ = settled(made(tmp_path, effects), says, "")
    assert text == Transcript("", HERE)
    alone, service = settled(made(tmp_path, effects), says, None)
    assert (alone.text, alone.problem) == ("", None)
    assert len(service.records) == 2  # once more, and the same again: so it was silence


@pytest.mark.parametrize("voice", ["en-us", "en+f3", "en+whisper"])
def test_whoever_says_thank_you_gets_it(tmp_path: Path, voice: str) -> None:
    text, service = settled(thanks(tmp_path, voice), "Thank you.", BETTER)
    assert text == Transcript("Thank you.", SERVER)
    assert len(service.records) == 1


def test_an_empty_final_for_speech_is_heard_by_the_next() -> None:
    take = files.load_take(speech_clips()[1][0])
    assert settled(take, "", BETTER)[0] == Transcript(BETTER, HERE)
    alone, service = settled(take, "", None)
    assert alone.text == ""
    assert alone.problem is not None
    assert "gave no words for your speech" in alone.problem.message
    assert len(service.records) == 2


def test_an_empty_final_for_silence_is_believed(tmp_path: Path) -> None:
    text, service = settled(made(tmp_path, SILENCES["a fan"]), "", BETTER)
    assert text == Transcript("", SERVER)
    assert len(service.records) == 1


def test_dropped_sound_is_heard_by_the_next() -> None:
    take = files.load_take(speech_clips()[0][0])
    assert settled(take, "Half.", BETTER, session=Deaf)[0] == Transcript(BETTER, HERE)
    alone, _ = settled(take, "Half.", None, session=Deaf)
    assert alone.text == "Half."
    assert alone.problem is not None
    assert "left out 6 s of what you said" in alone.problem.message
    assert alone.problem.action == "try-again"


def test_dropped_silence_is_no_loss(tmp_path: Path) -> None:
    text, _ = settled(made(tmp_path, "trim 0 4"), "Call me at nine.", BETTER, session=Deaf)
    assert text == Transcript("Call me at nine.", SERVER)


def test_a_next_engine_that_cannot_leaves_what_there_was() -> None:
    cannot = untyped_problem("It cannot.", "No.")
    take = files.load_take(speech_clips()[0][0])
    text, _ = settled(take, "Half.", cannot, session=Deaf)
    assert attrs.evolve(text, problem=None) == Transcript("Half.", SERVER)
    assert text.problem is not None
