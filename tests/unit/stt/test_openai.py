from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talk import ANYTHING, stand_anything

from sayso.core.problems import ProblemError
from sayso.stt.dialect import Complete, Event, Refused, Send, Settled
from sayso.stt.engine import Partial, Ready
from sayso.stt.hints import Hints
from sayso.stt.items import MOST_ITEMS
from sayso.stt.messages import SPOKEN
from sayso.stt.openai import (
    ANSWER_S,
    FENCE_S,
    LEAST_BYTES,
    MOST_PAST,
    PADDING_BYTES,
    TURN_S,
    OpenAI,
)

KEY = "sk-canary-0123456789abcdefghij"
URL = "wss://api.openai.com/v1/realtime"
SECOND = bytes(48_000)


def spoken(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, "event_id": "event_1", **fields})


def made(url: str = URL, model: str = "gpt-live-transcribe", language: str = "") -> OpenAI:
    return OpenAI(url, model, KEY, hints=Hints(language))


def ready(url: str = URL, **fields: str) -> OpenAI:
    dialect = made(url, **fields)
    dialect.hear(spoken("session.created", session={}))
    assert dialect.hear(spoken("session.updated", session={})) == [Ready()]
    return dialect


def finishing(url: str = URL) -> OpenAI:
    dialect = ready(url)
    dialect.audio(SECOND)
    assert len(dialect.commit()) == 3
    return dialect


def sent(event: Event) -> dict[str, Any]:
    assert isinstance(event, Send)
    message: dict[str, Any] = json.loads(event.message)
    return message


def refusal(events: list[Event]) -> str:
    [event] = events
    assert isinstance(event, Refused)
    assert KEY not in repr(event)
    return event.problem.sentence


def committed(item: str | None = "i1", previous: str | None = None) -> str:
    named = {} if item is None else {"item_id": item}
    return spoken("input_audio_buffer.committed", previous_item_id=previous, **named)


def delta(text: str, item: str = "i1") -> str:
    return spoken(f"{SPOKEN}delta", item_id=item, content_index=0, delta=text, obfuscation="x")


def completed(text: str, item: str = "i1", seconds: object = 2) -> str:
    usage = {"type": "duration", "seconds": seconds}
    return spoken(f"{SPOKEN}completed", item_id=item, transcript=text, usage=usage)


def error(code: object = None, message: object = "No.", **fields: object) -> str:
    return spoken(
        "error", error={"type": "invalid_request_error", "code": code, "message": message, **fields}
    )


CLEARED = spoken("input_audio_buffer.cleared")
EMPTY = "input_audio_buffer_commit_empty"


# Address, headers, hello


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (URL, f"{URL}?intent=transcription"),
        ("https://api.openai.com/v1", f"{URL}?intent=transcription"),
        (f"{URL}?model=gpt-realtime", f"{URL}?intent=transcription"),
        ("https://gw.example/v1", "wss://gw.example/v1/realtime?intent=transcription&model=m-1"),
        ("wss://h/realtime?model=a", "wss://h/realtime?model=a&intent=transcription"),
        ("ws://[::1]:9/v1", "ws://[::1]:9/v1/realtime?intent=transcription&model=m-1"),
    ],
)
def test_the_model_is_in_the_address_everywhere_but_at_openai(address: str, url: str) -> None:
    assert made(address, "m-1").url == url


def test_an_address_in_the_clear_is_refused_unless_allowed() -> None:
    with pytest.raises(ProblemError):
        made("ws://192.168.1.20:8000/v1")
    allowed = OpenAI("ws://192.168.1.20:8000/v1", "m", allow_insecure="192.168.1.20")
    assert allowed.host == "192.168.1.20:8000"


def test_the_key_is_in_one_header_and_in_no_repr() -> None:
    assert made().headers() == {"Authorization": f"Bearer {KEY}"}
    assert OpenAI(URL, "m").headers() == {}
    assert KEY not in repr(made())


@pytest.mark.parametrize(
    ("model", "language", "transcription"),
    [
        ("gpt-live-transcribe", "", {"model": "gpt-live-transcribe"}),
        ("gpt-live-transcribe", "de", {"model": "gpt-live-transcribe", "languages": ["de"]}),
        ("gpt-transcribe", "de", {"model": "gpt-transcribe", "languages": ["de"]}),
        ("whisper-1", "de", {"model": "whisper-1", "language": "de"}),
        ("my-own", "de", {"model": "my-own", "language": "de"}),
    ],
)
def test_the_session_is_set_up_after_it_was_created(
    model: str, language: str, transcription: dict[str, object]
) -> None:
    dialect = made(model=model, language=language)
    [hello] = dialect.hear(spoken("session.created", session={"type": "transcription"}))
    update = sent(hello)
    assert update.pop("event_id")
    assert update == {
        "type": "session.update",
        "session": {
            "type": "transcription",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "transcription": transcription,
                    "turn_detection": None,
                }
            },
        },
    }
    assert dialect.hear(spoken("session.created")) == []  # never twice
    assert dialect.hear(spoken("session.updated")) == [Ready()]
    assert dialect.hear(spoken("session.updated")) == []


def test_it_is_not_ready_before_it_was_set_up() -> None:
    dialect = made()
    assert dialect.hear(spoken("session.updated")) == []
    assert dialect.hear(delta("no")) == dialect.hear(completed("no")) == []
    dialect.hear(spoken("session.created"))
    assert dialect.hear(spoken("session.updated")) == [Ready()]


# Refused before ready


def configuring(model: str = "gpt-live-transcribe", language: str = "") -> OpenAI:
    dialect = made(model=model, language=language)
    dialect.hear(spoken("session.created"))
    return dialect


@pytest.mark.parametrize("param", ["languages", "languages[0]", "language"])
def test_a_language_that_is_refused_is_left_out_once(param: str) -> None:
    dialect = configuring(language="xx")
    refused = error("invalid_value", param=f"session.audio.input.transcription.{param}")
    [again] = dialect.hear(refused)
    transcription = sent(again)["session"]["audio"]["input"]["transcription"]
    assert transcription == {"model": "gpt-live-transcribe"}
    assert "did not take the settings" in refusal(dialect.hear(refused))
    assert dialect.hear(refused) == []


@pytest.mark.parametrize(
    ("code", "fields", "sentence"),
    [
        (
            "invalid_api_key",
            {"message": f"Incorrect API key provided: {KEY}."},
            "Your API key was refused by api.openai.com. Open Settings > Recognition to change it.",
        ),
        ("insufficient_quota", {}, "OpenAI says the account has no credit left."),
        ("invalid_model", {}, "does not know the model “gpt-live-transcribe”"),
        (
            "invalid_value",
            {"param": "session.audio.input.transcription.model"},
            "does not know the model “gpt-live-transcribe”",
        ),
        (
            "unknown_parameter",
            {"param": "session.audio.input.turn_detection"},
            "did not take the settings for “gpt-live-transcribe”. It says: “No.”",
        ),
        (None, {"message": None, "param": 7}, "did not take the settings"),
    ],
    ids=["key", "credit", "model", "model-param", "vad", "nothing"],
)
def test_an_error_before_ready_ends_it(
    code: str | None, fields: dict[str, object], sentence: str
) -> None:
    assert sentence in refusal(configuring().hear(error(code, **fields)))
    assert sentence in refusal(made().hear(error(code, **fields)))  # also before created


@pytest.mark.parametrize(
    "message",
    ["", "{", "[]", "null", "7", '"text"', b"\xff\x00", "[" * 100_000, "9" * 5000],
    ids=["empty", "half", "list", "null", "number", "text", "bytes", "deep", "long"],
)
def test_what_is_no_event_is_no_speech_server_before_ready_and_nothing_after(
    message: str | bytes,
) -> None:
    assert "not as a speech server" in refusal(made().hear(message))
    assert ready().hear(message) == []


@pytest.mark.parametrize("odd", [None, 0, "", [], {}, 1e999], ids=repr)
def test_an_error_of_any_shape_is_refused_in_words(odd: object) -> None:
    assert refusal(made().hear(json.dumps({"type": "error", "error": odd})))


# Audio


def test_audio_is_appended_as_it_is() -> None:
    message = sent(ready().audio(b"\x01\x02" * 960))
    assert message.keys() == {"type", "audio"}
    assert message["type"] == "input_audio_buffer.append"
    assert base64.b64decode(message["audio"]) == b"\x01\x02" * 960


def test_the_commit_is_followed_by_a_fence() -> None:
    dialect = ready()
    dialect.audio(bytes(LEAST_BYTES))
    silence, commit, clear = (sent(event) for event in dialect.commit())
    assert base64.b64decode(silence["audio"]) == bytes(PADDING_BYTES)
    assert (commit["type"], clear["type"]) == (
        "input_audio_buffer.commit",
        "input_audio_buffer.clear",
    )
    assert commit["event_id"] != clear["event_id"]


def test_less_than_a_tenth_of_a_second_is_not_committed() -> None:
    dialect = ready()
    dialect.audio(bytes(LEAST_BYTES - 2))
    assert dialect.commit() == [Complete("")]
    assert dialect.hear(completed("ghost")) == []


# Text


def test_deltas_are_partials_of_all_the_text_so_far() -> None:
    dialect = ready()
    assert dialect.hear(delta("Hel")) == [Partial("Hel")]
    assert dialect.hear(delta("lo")) == [Partial("Hello")]
    assert dialect.hear(delta("")) == []
    dialect.hear(committed("i1"))
    assert dialect.hear(delta("World", "i2")) == [Partial("Hello World")]


@pytest.mark.parametrize(
    "order",
    [
        (committed(), CLEARED, completed("Hello.")),
        (committed(), completed("Hello."), CLEARED),
        (committed(), spoken("conversation.item.added"), CLEARED, completed("Hello.")),
        (committed(), spoken("conversation.item.created"), CLEARED, completed("Hello.")),
        (committed(None), CLEARED, completed("Hello.", "other")),
        (committed("i9"), CLEARED, delta("Hel", "i1"), completed("Hello.", "i1")),
        (CLEARED, completed("Hello.")),  # no committed at all
        (completed("Hello."), CLEARED),
        (
            committed(),
            error("invalid_value", event_id="sayso_clear"),  # a server without clear
            completed("Hello."),
        ),
        (
            committed(),
            error(None, "Unknown event input_audio_buffer.clear", event_id=None),
            completed("Hello."),
        ),
    ],
    ids=range(10),
)
def test_it_is_complete_when_the_fence_is_passed_and_every_item_has_ended(
    order: tuple[str, ...],
) -> None:
    dialect = finishing()
    *before, last = order
    for message in before:
        assert Complete not in {type(event) for event in dialect.hear(message)}
    assert dialect.hear(last)[-1] == Complete("Hello.")
    assert dialect.hear(last) == []


def test_an_empty_final_is_a_final() -> None:
    dialect = finishing()
    dialect.hear(committed())
    dialect.hear(CLEARED)
    assert dialect.hear(completed("")) == [Complete("")]


def test_what_is_final_goes_before_the_deltas() -> None:
    dialect = ready()
    dialect.hear(delta("Hallo"))
    dialect.audio(SECOND)
    dialect.commit()
    dialect.hear(committed())
    dialect.hear(CLEARED)
    assert dialect.hear(completed("Hello.")) == [Partial("Hello."), Complete("Hello.")]


@pytest.mark.parametrize("ours", ["sayso_commit", None])
def test_a_server_that_committed_at_a_pause_has_nothing_left_to_commit(ours: str | None) -> None:
    dialect = ready()
    dialect.audio(SECOND)
    dialect.hear(committed())
    dialect.commit()
    assert dialect.hear(error(EMPTY, event_id=ours)) == []
    assert dialect.hear(CLEARED) == []
    assert dialect.hear(completed("Hello."))[-1] == Complete("Hello.")


def test_several_items_are_all_awaited_in_any_order() -> None:
    dialect = ready()
    dialect.audio(SECOND)
    dialect.hear(committed("i1"))
    dialect.commit()
    dialect.hear(committed("i2", "i1"))
    dialect.hear(CLEARED)
    assert dialect.hear(completed("World.", "i2")) == [Partial("World.")]
    assert dialect.hear(completed("Hello.", "i1"))[-1] == Complete("Hello. World.")
    assert dialect.used_s == 4


def test_sound_that_did_not_arrive_is_a_problem_and_not_silence() -> None:
    dialect = finishing()
    assert dialect.hear(error(EMPTY, event_id="sayso_commit")) == []
    assert "the sound did not arrive" in refusal(dialect.hear(CLEARED))


@pytest.mark.parametrize(
    ("seconds", "used"),
    [(3, 3.0), (1.5, 1.5), (True, 0.0), ("3", 0.0), (-1, 0.0), (1e999, 0.0), (10**400, 0.0)],
    ids=range(7),
)
def test_usage_is_summed_where_it_is_a_number(seconds: object, used: float) -> None:
    dialect = finishing()
    dialect.hear(completed("a", seconds=seconds))
    assert dialect.used_s == used


def test_usage_in_tokens_or_none_counts_nothing() -> None:
    dialect = finishing()
    dialect.hear(spoken(f"{SPOKEN}completed", item_id="i1", transcript="a", usage=None))
    dialect.hear(spoken(f"{SPOKEN}completed", item_id="i1", transcript="a", usage={"type": "t"}))
    assert dialect.used_s == 0


# Refused after ready


@pytest.mark.parametrize(
    "message",
    [
        spoken(f"{SPOKEN}failed", item_id="i1", error={"type": "server_error", "message": "Oh."}),
        error("server_error", "Oh."),
        error(EMPTY, "Oh.", event_id="someone_else"),
        spoken("error", error="Oh."),
    ],
    ids=["failed", "error", "foreign", "text"],
)
def test_a_failure_ends_it_and_the_recording_is_kept(message: str) -> None:
    for dialect in (ready(), finishing()):
        sentence = refusal(dialect.hear(message))
        assert "could not recognise this. It says: “Oh.”" in sentence
        assert "Your recording is kept." in sentence
        assert dialect.hear(message) == []


@pytest.mark.parametrize(
    "messages",
    [
        [delta("x", f"i{number}") for number in range(MOST_ITEMS + 1)],
        [delta("x" * 100_000) for _ in range(5)],
        [completed("x" * 200_001)],
    ],
    ids=["items", "deltas", "final"],
)
def test_far_too_much_text_is_nobodys_speech(messages: list[str]) -> None:
    dialect = ready()
    heard = [event for message in messages for event in dialect.hear(message)]
    assert "not as a speech server" in refusal(heard[-1:])


# Silence and goodbyes


def test_its_patience_is_longer_for_small_computers_and_short_for_a_mere_fence() -> None:
    assert finishing().patience_s == ANSWER_S
    own = finishing("ws://localhost:8000/v1")
    assert own.patience_s == pytest.approx(ANSWER_S + 1.2 / 4)
    own.hear(committed())
    own.hear(completed("Hello."))
    assert own.patience_s == FENCE_S


def test_a_server_that_falls_silent() -> None:
    assert "not as a speech server" in refusal([made().lapsed()])
    assert "did not answer. Your recording is kept." in refusal([ready().lapsed()])
    dialect = finishing()
    dialect.hear(committed())
    dialect.hear(delta("Hello"))
    assert "api.openai.com did not answer" in refusal([dialect.lapsed()])


def test_when_only_the_fence_is_missing_the_text_is_complete() -> None:
    for end in (lambda d: d.lapsed(), lambda d: d.closed(1000, "")):
        dialect = finishing()
        dialect.hear(committed())
        dialect.hear(completed("Hello."))
        assert end(dialect) == Complete("Hello.")


def test_an_item_of_an_earlier_pause_does_not_make_it_complete() -> None:
    dialect = ready()
    dialect.audio(SECOND)
    dialect.hear(committed())
    dialect.commit()
    dialect.hear(completed("Half."))
    assert dialect.patience_s == ANSWER_S
    assert isinstance(dialect.lapsed(), Refused)


@pytest.mark.parametrize(
    ("code", "reason", "sentence"),
    [
        (3000, "invalid_request_error.invalid_api_key", "Your API key was refused by"),
        (4000, f"invalid_request_error.{KEY}", "did not take the settings"),
        (1001, "Your session hit the maximum duration of 60 minutes.", "has run out"),
        (1006, "", "The connection to api.openai.com was lost."),
    ],
)
def test_words_are_not_made_of_deltas_when_the_server_hangs_up(
    code: int, reason: str, sentence: str
) -> None:
    dialect = finishing()
    dialect.hear(delta("Hello"))
    assert sentence in refusal([dialect.closed(code, reason)])


# Anything

ODD: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANY = ODD | st.lists(ODD, max_size=2) | st.dictionaries(st.text(max_size=4), ODD, max_size=2)
IDS = st.sampled_from(["a", "b", ""]) | ANY
WORDS = st.sampled_from(["one", " two", "\ud83d", "\x00"]) | ANY
KINDS = st.sampled_from(
    [
        "session.created",
        "session.updated",
        f"{SPOKEN}delta",
        f"{SPOKEN}completed",
        f"{SPOKEN}failed",
        "input_audio_buffer.committed",
        "input_audio_buffer.cleared",
        "conversation.item.created",
        "error",
    ]
)
ERRORS = ANY | st.fixed_dictionaries(
    {},
    optional={
        "code": st.sampled_from([EMPTY, "invalid_api_key"]) | ANY,
        "param": st.sampled_from(["a.languages", "a.model"]) | ANY,
        "event_id": st.sampled_from(["sayso_commit", "sayso_clear"]) | ANY,
        "message": ANY,
    },
)
EVENTS = st.fixed_dictionaries(
    {"type": KINDS | ANY},
    optional={
        "item_id": IDS,
        "previous_item_id": IDS,
        "delta": WORDS,
        "transcript": WORDS,
        "usage": ANY | st.fixed_dictionaries({"seconds": ANY}),
        "error": ERRORS,
    },
)
STEPS = st.sampled_from(["audio", "commit", "lapsed", "closed"]) | EVENTS.map(json.dumps)


@settings(max_examples=300, deadline=None)
@given(st.booleans(), st.lists(STEPS | st.text(max_size=5) | st.binary(max_size=5), max_size=25))
def test_any_messages_in_any_order_raise_nothing_and_invent_nothing(
    start_ready: bool, steps: list[str | bytes]
) -> None:
    dialect = ready(language="de") if start_ready else made(language="de")
    given_chars = set("".join(s if isinstance(s, str) else "" for s in steps))
    for step in steps:
        if step in ("audio", "commit", "lapsed", "closed"):
            events: list[Event] = {
                "audio": lambda: [dialect.audio(SECOND)],
                "commit": dialect.commit,
                "lapsed": lambda: [dialect.lapsed()],
                "closed": lambda: [dialect.closed(1006, "gone")],
            }[str(step)]()
        else:
            events = dialect.hear(step)
        for event in events:
            if isinstance(event, Partial | Complete):
                event.text.encode("utf-8")
                heard = {c for c in event.text if c.isascii() and c.isalpha()}
                assert heard <= given_chars
            if isinstance(event, Refused):
                assert event.problem.sentence.isprintable()


# Hints


SAID = Hints("de", "At sea.", ("Xenolab", "AC-42"), "low", "near_field")


def hinting(model: str) -> OpenAI:
    return OpenAI(URL, model, KEY, hints=SAID)


def updated(events: list[Event]) -> tuple[dict[str, Any], Any]:
    [event] = events
    audio_input = sent(event)["session"]["audio"]["input"]
    return audio_input["transcription"], audio_input.get("noise_reduction")


@pytest.mark.parametrize(
    ("model", "said", "noise"),
    [
        (
            "gpt-live-transcribe",
            {
                "languages": ["de"],
                "prompt": "At sea.",
                "keywords": ["Xenolab", "AC-42"],
                "delay": "low",
            },
            True,
        ),
        (
            "gpt-transcribe",
            {"languages": ["de"], "prompt": "At sea.", "keywords": ["Xenolab", "AC-42"]},
            True,
        ),
        ("gpt-realtime-whisper", {"language": "de", "delay": "low"}, True),
        ("whisper-1", {"language": "de", "prompt": "At sea."}, True),
        ("my-own", {"language": "de"}, False),
    ],
)
def test_a_model_is_told_what_it_takes(model: str, said: dict[str, object], noise: bool) -> None:
    transcription, reduction = updated(hinting(model).hear(spoken("session.created")))
    assert transcription == {"model": model, **said}
    assert reduction == ({"type": "near_field"} if noise else None)


FIELDS = ("languages", "prompt", "keywords", "delay", "noise_reduction")


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("named_by", ["param", "inner", "words"])
def test_a_hint_that_is_refused_is_left_out_and_the_rest_is_said(name: str, named_by: str) -> None:
    where = f"session.audio.input.{name}"
    refused = {
        "param": error("unknown_parameter", param=where),
        "inner": error("invalid_value", param=f"{where}.type"),
        "words": error("not_supported", f"{name} is not supported"),
    }[named_by]
    dialect = hinting("gpt-live-transcribe")
    dialect.hear(spoken("session.created"))
    transcription, noise = updated(dialect.hear(refused))
    kept = {*transcription, "noise_reduction"} if noise else set(transcription)
    assert kept == {"model", *FIELDS} - {name}
    assert "did not take the settings" in refusal(dialect.hear(refused))


def test_a_server_that_takes_none_is_asked_without_any() -> None:
    """SGLang refuses noise reduction and prompt, one after the other."""
    dialect = hinting("gpt-live-transcribe")
    dialect.hear(spoken("session.created"))
    for name in FIELDS:
        [again] = dialect.hear(error("not_supported", param=f"a.{name}"))
    assert updated([again]) == ({"model": "gpt-live-transcribe"}, None)
    assert dialect.hear(spoken("session.updated")) == [Ready()]


def test_a_wrong_key_is_no_matter_of_hints() -> None:
    dialect = hinting("gpt-live-transcribe")
    dialect.hear(spoken("session.created"))
    wrong = error("invalid_api_key", "Check your prompt for a key.")
    assert "key was refused" in refusal(dialect.hear(wrong))


# Servers that differ, as they were read or recorded


DIFFERING = {
    "SGLang: created for added, deltas before the commit, the id reserved": (
        delta("Hel", "r1"),
        "commit",
        committed("r1"),
        spoken("conversation.item.created", item={"id": "r1"}),
        CLEARED,
        completed("Hello.", "r1"),
    ),
    "LocalAI: committed under another name": (
        "commit",
        committed("a"),
        CLEARED,
        delta("Hello.", "b"),
        completed("Hello.", "b"),
    ),
    "aimock: committed without a name": (
        "commit",
        committed(None),
        CLEARED,
        completed("Hello."),
    ),
    "mlx-audio: no usage, no clear, errors without a type": (
        delta("Hello."),
        "commit",
        committed(),
        json.dumps({"error": {"message": "Unknown type input_audio_buffer.clear"}}),
        spoken(f"{SPOKEN}completed", item_id="i1", transcript="Hello."),
    ),
}


@pytest.mark.parametrize("log", DIFFERING.values(), ids=DIFFERING.keys())
def test_servers_that_differ_are_understood(log: tuple[str, ...]) -> None:
    dialect = ready("ws://127.0.0.1:8000/v1", model="own")
    dialect.audio(SECOND)
    events: list[Event] = []
    for message in log:
        events = dialect.commit() if message == "commit" else dialect.hear(message)
    assert events[-1] == Complete("Hello.")


def test_an_error_without_a_type_is_an_error() -> None:
    assert "It says: “Oh.”" in refusal(ready().hear('{"error": {"message": "Oh."}}'))


# Pauses, and what is settled


TURN_BYTES = int(TURN_S * 48_000)


def long_take(model: str = "gpt-transcribe") -> OpenAI:
    dialect = ready(model=model)
    dialect.audio(bytes(TURN_BYTES))
    return dialect


def test_a_long_take_is_committed_at_a_pause_and_then_settled() -> None:
    dialect = long_take()
    [commit] = dialect.pause()
    assert sent(commit) == {"type": "input_audio_buffer.commit", "event_id": "sayso_pause"}
    assert dialect.pause() == []  # not again before so much was said again
    dialect.audio(SECOND)
    assert dialect.hear(committed("i1")) == []
    settled = [Partial("One."), Settled("One.", TURN_BYTES)]
    assert dialect.hear(completed("One.", "i1", TURN_S)) == settled
    dialect.commit()
    dialect.hear(committed("i2", "i1"))
    dialect.hear(CLEARED)
    assert dialect.hear(completed("Two.", "i2")) == [Partial("One. Two."), Complete("One. Two.")]


def test_the_answer_to_a_pause_is_not_taken_for_that_to_the_end() -> None:
    dialect = long_take()
    dialect.pause()
    dialect.audio(SECOND)
    dialect.commit()
    assert dialect.hear(committed("i1")) == []
    dialect.hear(completed("One.", "i1"))
    assert dialect.patience_s == ANSWER_S  # the second is still to come
    dialect.hear(committed("i2", "i1"))
    dialect.hear(completed("Two.", "i2"))
    assert dialect.patience_s == FENCE_S
    assert dialect.hear(CLEARED) == [Complete("One. Two.")]


def test_what_was_left_out_in_part_is_not_settled() -> None:
    dialect = long_take()
    dialect.pause()
    dialect.hear(committed("i1"))
    assert dialect.hear(completed("One.", "i1", TURN_S - 2)) == [Partial("One.")]
    dialect.audio(bytes(TURN_BYTES))
    dialect.pause()
    dialect.hear(committed("i2", "i1"))
    assert dialect.hear(completed("Two.", "i2", 2 * TURN_S)) == [Partial("One. Two.")]


def test_an_item_the_server_ended_by_itself_is_of_no_known_place() -> None:
    dialect = ready(model="gpt-transcribe")
    dialect.audio(SECOND)
    dialect.hear(committed("i1"))
    assert dialect.hear(completed("One.", "i1")) == [Partial("One.")]


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-realtime-whisper", "mine"])
def test_models_that_stream_or_are_unknown_are_never_committed_in_mid_take(model: str) -> None:
    assert long_take(model).pause() == []


def test_a_short_take_is_committed_once() -> None:
    dialect = ready(model="gpt-transcribe")
    dialect.audio(SECOND)
    assert dialect.pause() == []


# One conversation after another on a socket


def ended(text: str = "One.") -> OpenAI:
    dialect = finishing()
    dialect.hear(committed("i1"))
    dialect.hear(CLEARED)
    assert dialect.hear(completed(text, "i1"))[-1] == Complete(text)
    return dialect


def test_the_next_goes_on_without_a_hello_and_hears_nothing_of_the_one_before() -> None:
    kept = ended().kept
    assert kept is not None
    dialect = made()
    assert dialect.go_on(kept) == [Ready()]
    dialect.audio(SECOND)
    for late in (delta(" ghost"), completed("A ghost."), committed("i1")):
        assert dialect.hear(late) == []
    dialect.commit()
    dialect.hear(committed("i2", "i1"))
    dialect.hear(CLEARED)
    assert dialect.hear(completed("Two.", "i2"))[-1] == Complete("Two.")
    assert dialect.kept is not None
    assert dialect.kept.past == {"i1", "i2"}


def test_other_settings_need_a_session_of_their_own() -> None:
    kept = ended().kept
    assert kept is not None
    assert made(language="de").go_on(kept) == []


def test_a_socket_is_not_kept_without_the_fence_or_without_ids() -> None:
    dialect = finishing()
    dialect.hear(committed("i1"))
    dialect.hear(completed("One.", "i1"))
    assert dialect.lapsed() == Complete("One.")
    assert dialect.kept is None
    nameless = finishing()
    nameless.hear(committed(None))
    nameless.hear(CLEARED)
    nameless.hear(completed("One.", ""))
    assert nameless.kept is None


def test_a_socket_is_not_kept_for_ever() -> None:
    dialect = ended()
    dialect._past = frozenset(str(number) for number in range(MOST_PAST))
    assert dialect.kept is None


@settings(max_examples=200)
@given(ANYTHING, st.booleans())
def test_whatever_comes_after_pauses_what_is_settled_is_of_audio_that_was_sent(
    steps: list[str | bytes], hang_up: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sayso.stt.openai.TURN_S", 0.2)
        dialect = ready(model="gpt-transcribe")
        stand_anything(dialect, steps, hang_up)
