from __future__ import annotations

import base64

import pytest

from sayso.core.problems import ProblemError
from sayso.core.settings.endpoint import Endpoint
from sayso.stt.engine import Partial, Ready
from sayso.stt.realtime.messages import COMMIT_EMPTY, TRANSCRIPTION_PREFIX, Completed, FinalText
from sayso.stt.realtime.server_vad import SERVER_PROFILES, ServerVadProtocol
from sayso.stt.realtime.timeouts import Timeouts
from sayso.stt.server.auth import Credentials
from unit.stt.protocol_helpers import KEY, rejection, sent_message, server_event

URL = "http://127.0.0.1:8000/v1"
TIMEOUTS = Timeouts()
ONE_SECOND = bytes(48_000)
CREATED = server_event("session.created", session={"input_audio_format": "pcm16"})
STARTED = server_event("input_audio_buffer.speech_started", item_id="i1", audio_start_ms=0)
STOPPED = server_event("input_audio_buffer.speech_stopped", item_id="i1", audio_end_ms=900)


def create(server: str = "speaches", language: str = "") -> ServerVadProtocol:
    endpoint = Endpoint(url=URL, model="m/1")
    profile = SERVER_PROFILES[server]
    return ServerVadProtocol(endpoint, Credentials(KEY), language, profile=profile)


def ready(server: str = "speaches") -> ServerVadProtocol:
    protocol = create(server)
    assert protocol.receive(CREATED)[-1] == Ready()
    return protocol


def finishing(server: str = "speaches") -> ServerVadProtocol:
    protocol = ready(server)
    protocol.append_audio(ONE_SECOND)
    protocol.commit()
    return protocol


def committed(item: str | None = "i1") -> str:
    named = {} if item is None else {"item_id": item}
    return server_event("input_audio_buffer.committed", previous_item_id=None, **named)


def delta(words: str, item: str | None = "i1") -> str:
    named = {} if item is None else {"item_id": item}
    return server_event(f"{TRANSCRIPTION_PREFIX}delta", delta=words, **named)


def completed(words: object, item: str | None = "i1") -> str:
    named = {} if item is None else {"item_id": item}
    usage = {"type": "duration", "seconds": 2}
    return server_event(f"{TRANSCRIPTION_PREFIX}completed", transcript=words, usage=usage, **named)


@pytest.mark.parametrize(
    ("server", "language", "query"),
    [
        ("speaches", "", "intent=transcription&model=m%2F1"),
        ("speaches", "de", "intent=transcription&model=m%2F1&language=de"),
        ("lemonade", "de", "model=m%2F1"),
        ("together", "", "input_audio_format=pcm_s16le_16000&model=m%2F1"),
    ],
)
def test_the_model_is_in_the_address(server: str, language: str, query: str) -> None:
    protocol = create(server, language)
    assert protocol.url == f"ws://127.0.0.1:8000/v1/realtime?{query}"
    assert protocol.headers == {"Authorization": f"Bearer {KEY}"}
    assert KEY not in repr(protocol)
    with pytest.raises(ProblemError):
        ServerVadProtocol(Endpoint(url="http://192.168.1.20"), profile=SERVER_PROFILES[server])


@pytest.mark.parametrize(
    ("server", "rate_hz"), [("speaches", 24_000), ("lemonade", 16_000), ("together", 16_000)]
)
def test_each_server_has_its_sample_rate(server: str, rate_hz: int) -> None:
    protocol = ready(server)
    assert protocol.rate_hz == rate_hz
    protocol.append_audio(bytes(rate_hz * 2))
    assert protocol.sent_s == 1


def test_only_lemonade_is_sent_a_session_update() -> None:
    assert create().receive(CREATED) == create("together").receive(CREATED) == [Ready()]
    update, is_ready = create("lemonade").receive(CREATED)
    session = {"model": "m/1", "turn_detection": {"type": "server_vad"}}
    assert sent_message(update) == {"type": "session.update", "session": session}
    assert is_ready == Ready()
    assert ready().receive(CREATED) == []


def test_speaches_is_sent_silence_instead_of_a_commit() -> None:
    protocol = ready()
    protocol.append_audio(ONE_SECOND)
    [silence] = protocol.commit()
    pcm = base64.b64decode(sent_message(silence)["audio"])
    assert not any(pcm)
    assert len(pcm) >= 0.6 * 48_000


@pytest.mark.parametrize("server", ["lemonade", "together"])
def test_other_servers_are_sent_silence_and_a_commit(server: str) -> None:
    protocol = ready(server)
    protocol.append_audio(ONE_SECOND)
    kinds = [sent_message(event)["type"] for event in protocol.commit()]
    assert kinds == ["input_audio_buffer.append", "input_audio_buffer.commit"]


def test_less_than_100_ms_is_not_sent() -> None:
    protocol = ready()
    protocol.append_audio(bytes(4798))
    assert protocol.commit() == [Completed("")]
    assert protocol.receive(completed("ghost")) == []


def test_a_take_with_two_items_is_joined() -> None:
    protocol = ready()
    protocol.append_audio(ONE_SECOND)
    for message in (STARTED, STOPPED, committed(), server_event("conversation.item.created")):
        assert protocol.receive(message) == []
    assert protocol.receive(completed("One.")) == [Partial("One."), FinalText("One.", 43_200)]
    protocol.receive(server_event("input_audio_buffer.speech_started", item_id="i2"))
    protocol.commit()
    assert protocol.response_timeout_s > TIMEOUTS.response_s  # speech is still active
    assert "did not respond" in rejection([finishing_during_speech().on_timeout()])
    protocol.receive(server_event("input_audio_buffer.speech_stopped", item_id="i2"))
    assert protocol.response_timeout_s > TIMEOUTS.response_s  # its text has not arrived
    protocol.receive(committed("i2"))
    assert protocol.receive(completed("Two.", "i2")) == [Partial("One. Two.")]
    assert protocol.response_timeout_s == TIMEOUTS.next_item_s
    assert protocol.processed_s == 4
    assert protocol.on_timeout() == Completed("One. Two.")


def finishing_during_speech() -> ServerVadProtocol:
    protocol = finishing()
    protocol.receive(STARTED)
    return protocol


def test_the_text_is_empty_if_no_speech_was_detected() -> None:
    protocol = finishing()
    assert protocol.response_timeout_s == pytest.approx(TIMEOUTS.no_speech_s + 1.8 / 10)
    assert protocol.on_timeout() == Completed("")


def test_a_missing_answer_to_a_commit_is_a_problem() -> None:
    protocol = finishing("lemonade")
    assert protocol.response_timeout_s > TIMEOUTS.response_s
    assert "did not respond. Your recording is kept." in rejection([protocol.on_timeout()])


@pytest.mark.parametrize("server", ["lemonade", "together"])
def test_deltas_replace_the_text(server: str) -> None:
    protocol = ready(server)
    assert protocol.receive(delta("Hell")) == [Partial("Hell")]
    assert protocol.receive(delta("Hello w")) == [Partial("Hello w")]
    assert protocol.receive(delta("Hello w")) == []
    assert protocol.receive(completed("Hello world.")) == [Partial("Hello world.")]


def test_deltas_of_speaches_would_append() -> None:
    protocol = ready()
    protocol.receive(delta("Hel"))
    assert protocol.receive(delta("lo")) == [Partial("Hello")]


def test_items_without_ids_follow_each_other() -> None:
    protocol = ready("together")
    protocol.receive(delta("On", None))
    protocol.receive(completed("One.", None))
    assert protocol.receive(delta("Tw", None)) == [Partial("One. Tw")]
    protocol.append_audio(ONE_SECOND)
    protocol.commit()
    protocol.receive(completed("Two.", None))
    assert protocol.on_timeout() == Completed("One. Two.")


def test_invalid_events_neither_open_nor_end_an_item() -> None:
    protocol = finishing()
    protocol.receive(STOPPED)
    protocol.receive(completed(None))
    assert protocol.response_timeout_s < TIMEOUTS.response_s
    assert protocol.on_timeout() == Completed("")


def test_an_empty_commit_is_an_answer() -> None:
    protocol = finishing("together")
    assert (
        protocol.receive(server_event("error", error={"code": COMMIT_EMPTY, "message": "x"})) == []
    )
    assert protocol.on_timeout() == Completed("")


@pytest.mark.parametrize("kind", ["error", f"{TRANSCRIPTION_PREFIX}failed"])
def test_a_failure_ends_the_session(kind: str) -> None:
    message = server_event(kind, error={"message": "Oh."})
    for protocol in (ready(), finishing()):
        assert ": “Oh.”" in rejection(protocol.receive(message))
        assert protocol.receive(message) == []


def test_an_error_before_the_session_is_about_its_settings() -> None:
    refused = server_event("error", error={"message": "Oh."})
    assert "rejected the settings" in rejection(create().receive(refused))
    assert create().receive(completed("no")) == []


@pytest.mark.parametrize("message", ["", "[]", b"\xff"], ids=range(3))
def test_invalid_messages_are_rejected_before_the_session(message: str | bytes) -> None:
    assert "There is no speech server at" in rejection(create().receive(message))
    assert ready().receive(message) == []


def test_too_much_text_is_rejected() -> None:
    assert "There is no speech server at" in rejection(ready().receive(completed("x" * 200_001)))


def test_the_close_code_determines_the_result() -> None:
    assert "rejected your API key" in rejection([create().on_close(1008, "")])
    assert "There is no speech server at" in rejection([create().on_timeout()])
    assert "Lost the connection to" in rejection(
        [finishing().on_close(1006, "")]
    )  # it may not have received the audio
    protocol = finishing()
    protocol.receive(committed())
    protocol.receive(completed("One."))
    assert protocol.on_close(1000, "") == Completed("One.")


@pytest.mark.parametrize(
    ("audio_end_ms", "place"),
    [
        (9000, 432_000),
        (10_000, 480_000),
        (7_000, 336_000),
        (6_900, 0),  # long ago: it counts from somewhere else
        (10_100, 0),  # not sent yet
        (900, 0),
        (-5, 0),
        (None, 0),
        ("9000", 0),
        (True, 0),
        (float("nan"), 0),
        (float("inf"), 0),
    ],
    ids=str,
)
def test_a_position_is_used_only_if_it_was_sent_shortly_before(
    audio_end_ms: object, place: int
) -> None:
    protocol = ready()
    protocol.append_audio(ONE_SECOND * 10)
    protocol.receive(STARTED)
    protocol.receive(
        server_event("input_audio_buffer.speech_stopped", item_id="i1", audio_end_ms=audio_end_ms)
    )
    protocol.receive(committed())
    settled = [e for e in protocol.receive(completed("One.")) if isinstance(e, FinalText)]
    assert settled == ([FinalText("One.", place)] if place else [])


def test_events_before_the_session_are_ignored() -> None:
    assert create().receive(server_event("session.updated", session={})) == []
