from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sayso.core.settings.settings import Endpoint
from sayso.stt.engine import Ready
from sayso.stt.realtime.detect import SAY_WHICH, Auto, dialect_for
from sayso.stt.realtime.messages import SPOKEN
from sayso.stt.realtime.openai import OpenAI
from sayso.stt.realtime.protocol import Complete, Dialect
from sayso.stt.realtime.server_vad import TOGETHER, Flat
from sayso.stt.realtime.vllm import VLLM
from sayso.stt.server.auth import Access
from unit.stt.protocol_helpers import ANYTHING, HELLO, KEY, refusal, sent, spoken, stand_anything

URL = "http://127.0.0.1:8000/v1"
NESTED = {"type": "transcription", "audio": {"input": {}}}
FLAT = {"input_audio_format": "pcm16", "turn_detection": {}}


def chosen(url: str = URL, **fields: str) -> Dialect:
    return dialect_for(Endpoint(url=url, **fields), "de", Access(KEY))


@pytest.mark.parametrize(
    ("url", "name", "kind"),
    [
        (URL, "auto", Auto),
        (URL, "openai", OpenAI),
        (URL, "vllm", VLLM),
        (URL, "speaches", Flat),
        (URL, "lemonade", Flat),
        (URL, "together", Flat),
        ("https://api.together.ai/v1", "auto", Flat),
        ("https://api.together.ai/v1", "openai", OpenAI),
        ("https://notapi.together.ai.example/v1", "auto", Auto),
        ("https://api.openai.com/v1", "auto", OpenAI),
        ("https://api.openai.com/v1", "vllm", OpenAI),
        ("https://api.openai.com/v1", "speaches", OpenAI),
    ],
)
def test_the_setting_or_the_address_says_how_a_server_speaks(
    url: str, name: str, kind: type
) -> None:
    dialect = chosen(url, dialect=name)
    assert type(dialect) is kind
    assert KEY not in repr(dialect)
    if kind is Flat and "together" in (name, url.partition("api.")[2][:8]):
        assert isinstance(dialect, Flat)
        assert dialect.way is TOGETHER


def test_hints_reach_the_one_that_takes_them() -> None:
    dialect = chosen(model="gpt-live-transcribe", keywords="a, b")
    [update] = dialect.hear(spoken("session.created", session=NESTED))
    transcription = sent(update)["session"]["audio"]["input"]["transcription"]
    assert transcription == {
        "model": "gpt-live-transcribe",
        "languages": ["de"],
        "keywords": ["a", "b"],
    }


def test_a_session_with_nothing_in_it_is_vllms() -> None:
    dialect = chosen(model="v")
    assert (dialect.rate_hz, dialect.host) == (24_000, "127.0.0.1:8000")
    assert dialect.url.endswith("?intent=transcription&model=v")
    assert dialect.headers() == {"Authorization": f"Bearer {KEY}"}
    update, _, is_ready = dialect.hear(spoken("session.created", id="sess-1", created=1))
    assert sent(update) == {"type": "session.update", "model": "v"}
    assert is_ready == Ready()
    assert dialect.rate_hz == 16_000
    dialect.audio(bytes(32_000))
    assert dialect.sent_s == 1
    assert dialect.patience_s > 10
    assert len(dialect.commit()) == 2
    assert dialect.hear(spoken("transcription.done", text="Hi."))[-1] == Complete("Hi.")
    assert dialect.used_s == 0


@pytest.mark.parametrize(
    "fields",
    [{"session": NESTED}, {"session": None, "id": "s"}, {}, {"id": 7}, {"session": FLAT}],
    ids=["nested", "null", "bare", "number", "flat"],
)
def test_everything_else_is_openais(fields: dict[str, object]) -> None:
    dialect = chosen()
    [update] = dialect.hear(spoken("session.created", **fields))
    assert sent(update)["session"]["type"] == "transcription"
    # what came first counts
    assert dialect.hear(spoken("session.created", id="sess-1")) == []
    assert dialect.hear(spoken("session.updated")) == [Ready()]


def test_where_a_flat_server_refuses_the_setting_is_named() -> None:
    refused = spoken("error", error={"message": "turn_detection: not a dictionary"})
    dialect = chosen()
    dialect.hear(spoken("session.created", session=FLAT))
    assert refusal(dialect.hear(refused)).endswith(SAY_WHICH)
    for end in (lambda d: d.lapsed(), lambda d: d.closed(1006, "")):
        dialect = chosen()
        dialect.hear(spoken("session.created", session=FLAT))
        assert refusal([end(dialect)]).endswith(SAY_WHICH)
        dialect = chosen()
        dialect.hear(spoken("session.created", session=NESTED))
        assert SAY_WHICH not in refusal([end(dialect)])


def test_a_flat_server_that_answers_all_the_same_is_not_spoken_against() -> None:
    dialect = chosen()
    dialect.hear(spoken("session.created", session=FLAT))
    dialect.hear(spoken("session.updated", session=FLAT))
    dialect.audio(bytes(48_000))
    dialect.commit()
    dialect.hear(spoken(f"{SPOKEN}completed", item_id="i", transcript="Hi."))
    assert dialect.lapsed() == Complete("Hi.")


def test_no_json_is_no_speech_server() -> None:
    assert "No speech server answers at" in refusal(chosen().hear("{"))
    assert chosen().hear(spoken("hello")) == []


@settings(max_examples=200, deadline=None)
@given(st.booleans(), st.sampled_from(["auto", "openai"]), ANYTHING, st.booleans())
def test_anything_in_any_order_comes_to_an_end_and_invents_nothing(
    begun: bool, name: str, steps: list[str | bytes], hang_up: bool
) -> None:
    dialect = chosen(dialect=name, model="gpt-live-transcribe", keywords="a", prompt="b")
    stand_anything(dialect, [HELLO, *steps] if begun else steps, hang_up)
