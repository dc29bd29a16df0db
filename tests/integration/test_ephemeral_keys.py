"""Ephemeral keys from the endpoint itself and from a key server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest

from event_loop import in_event_loop
from integration.sample_takes import silent_take
from sayso.core.problems import ProblemError
from sayso.core.settings.settings import Endpoint
from sayso.stt.reader import Reader
from sayso.stt.realtime.engine import RealtimeEngine
from sayso.stt.server.ephemeral_keys import (
    LIFETIME_S,
    RENEWAL_MARGIN_S,
    EphemeralKeys,
    key_server_url,
)
from service import KEY, StandIn
from service.ephemeral_keys import EphemeralKeyService, KeyServer
from service.http_server import HttpServer, Reply, Request, error_reply, json_reply

TEXT = "Put the kettle on, please, and tell nobody."
KEY_SERVER_API_KEY = "badge-of-the-company-0123456789"


class Clock:
    def __init__(self) -> None:
        self.offset_s = 0.0

    def time(self) -> float:
        return time.time() + self.offset_s


@attrs.define
class Servers:
    """OpenAI's server and a key server."""

    secrets: EphemeralKeyService
    service: StandIn
    server: HttpServer
    company: HttpServer
    asked: list[str] = attrs.field(factory=list)
    keys: dict[str, str] = attrs.field(factory=dict)

    def key_of(self, host: str) -> str | None:
        self.asked.append(host)
        return self.keys.get(host)

    def engine(self, secrets_url: str, **fields: Any) -> RealtimeEngine:
        endpoint = Endpoint(
            url=self.server.base, secrets_url=secrets_url, model_in_url=False, **fields
        )
        return RealtimeEngine(endpoint, "en", self.key_of)

    @property
    def tokens(self) -> list[str]:
        """Tokens that the stand-in received."""
        return [record.token.removeprefix("Bearer ") for record in self.service.records]


@asynccontextmanager
async def serve(
    secrets: EphemeralKeyService | None = None, **company: Any
) -> AsyncIterator[Servers]:
    secrets = secrets or EphemeralKeyService()
    service = StandIn([TEXT], at_openai=True, accepts_ephemeral=secrets.valid)
    handlers = KeyServer(secrets, **company).handlers
    async with (
        HttpServer(secrets.handlers, websockets=service) as server,
        HttpServer(handlers) as other,
    ):
        yield Servers(secrets, service, server, other)


async def transcribe(engine: RealtimeEngine) -> str:
    return await engine.transcribe(Reader(silent_take(0.3)), lambda _: None)


@in_event_loop()
async def test_a_key_from_the_endpoint_is_used_until_it_expires() -> None:
    clock = Clock()
    async with serve(EphemeralKeyService(clock=clock.time)) as there:
        there.keys[f"127.0.0.1:{there.server.port}"] = KEY
        engine = there.engine("openai")
        engine.ephemeral_keys.clock = clock.time
        assert await transcribe(engine) == TEXT
        assert await transcribe(engine) == TEXT
        first, again = there.tokens
        assert first == again
        assert first.startswith("ek_")
        (request,) = there.server.requests
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert "Xenolab" not in request.body.decode()
        clock.offset_s = LIFETIME_S - RENEWAL_MARGIN_S - 1
        assert await transcribe(engine) == TEXT
        assert there.tokens[-1] == first
        clock.offset_s = LIFETIME_S - RENEWAL_MARGIN_S + 1  # still valid
        assert await transcribe(engine) == TEXT
        assert there.tokens[-1] != first
        assert len(there.secrets.issued) == 2
        await engine.close()
        assert first not in repr(engine) + repr(vars(type(engine)))


SHAPES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "OpenAI's form": lambda answer: answer,
    "older form": lambda answer: {"client_secret": {k: answer[k] for k in answer}},
    "without expiry": lambda answer: {"value": answer["value"]},
}


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@in_event_loop()
async def test_with_a_key_server_no_openai_key_is_needed(method: str, shape: Any) -> None:
    async with serve(api_key=KEY_SERVER_API_KEY, method=method, shape=shape) as there:
        company = f"127.0.0.1:{there.company.port}"
        there.keys[company] = KEY_SERVER_API_KEY
        engine = there.engine(f"http://{company}/token")
        assert await transcribe(engine) == TEXT
        assert await transcribe(engine) == TEXT
        await engine.close()
        assert set(there.asked) == {company}
        assert len(there.secrets.issued) == 1
        assert [r.method for r in there.company.requests] == ["POST", "GET"][
            : 1 if method == "POST" else 2
        ]
        assert there.server.requests == []


@in_event_loop()
async def test_overlapping_takes_share_a_key() -> None:
    async with serve() as there:
        engine = there.engine(f"http://127.0.0.1:{there.company.port}/token")
        assert await asyncio.gather(*(transcribe(engine) for _ in range(3))) == [TEXT] * 3
        await engine.close()
        assert len(there.secrets.issued) == 1


@in_event_loop()
async def test_a_rejected_key_is_not_used_again() -> None:
    async with serve() as there:
        engine = there.engine(f"http://127.0.0.1:{there.company.port}/token")
        assert await transcribe(engine) == TEXT
        there.secrets.issued.clear()  # revoked
        with pytest.raises(ProblemError, match="rejected your API key"):
            await transcribe(engine)
        assert await transcribe(engine) == TEXT
        await engine.close()


@in_event_loop()
async def test_the_clock_of_this_computer_may_be_wrong() -> None:
    ahead = Clock()
    ahead.offset_s = -7 * 3600.0
    async with serve(EphemeralKeyService(clock=ahead.time)) as there:
        engine = there.engine(f"http://127.0.0.1:{there.company.port}/token")
        assert await transcribe(engine) == TEXT
        assert await transcribe(engine) == TEXT
        await engine.close()
        assert len(there.secrets.issued) == 1


INVALID_REPLIES: dict[str, tuple[Reply, str]] = {
    "badge": (error_reply(401, "Who are you?"), "rejected your API key"),
    "forbidden": (Reply(403), "refused the connection. Check the API key and the address"),
    "no credit": (error_reply(429, "Pay", "insufficient_quota"), "no credit left"),
    "a page": (Reply(200, b"<html>", "text/html"), "returned no short-lived key."),
    "nothing": (
        json_reply(200, {}),
        "returned no short-lived key. Check the address of the key server",
    ),
    "a list": (json_reply(200, []), "returned no short-lived key."),
    "a number": (json_reply(200, {"value": 7}), "returned no short-lived key."),
    "no key": (json_reply(200, {"value": "ek_1\r\nX-Evil: 1"}), "returned no short-lived key."),
    "endless": (json_reply(200, {"value": "e" * 5000}), "returned no short-lived key."),
    "another way": (json_reply(200, {"client_secret": "ek_1"}), "returned no short-lived key."),
    "down": (Reply(503), "is unavailable."),
    "redirect": (Reply(302, headers={"Location": "/login"}), "127.0.0.1:"),
}


@pytest.mark.parametrize(("answer", "sentence"), INVALID_REPLIES.values(), ids=INVALID_REPLIES)
@in_event_loop()
async def test_every_invalid_reply_of_a_key_server_is_a_problem(
    answer: Reply, sentence: str
) -> None:
    async def answers(_: Request) -> Reply:
        return answer

    async with HttpServer({("POST", "/token"): answers}) as server:
        url = f"http://127.0.0.1:{server.port}/token"
        secrets = EphemeralKeys(Endpoint(secrets_url=url), lambda _: None)
        with pytest.raises(ProblemError) as caught:
            await secrets.credentials("api.openai.com")
        await secrets.close()
        assert sentence in caught.value.problem.sentence


@pytest.mark.parametrize("expires_at", [float("nan"), float("inf"), -1, True, "soon", None, 1e300])
@in_event_loop()
async def test_any_expiry_time_is_tolerated(expires_at: Any) -> None:
    async def answers(_: Request) -> Reply:
        return json_reply(200, {"value": "ek_1", "expires_at": expires_at})

    async with HttpServer({("POST", "/token"): answers}) as server:
        url = f"http://127.0.0.1:{server.port}/token"
        secrets = EphemeralKeys(Endpoint(secrets_url=url), lambda _: None)
        assert (await secrets.credentials("api.openai.com")).api_key == "ek_1"
        await secrets.close()


@pytest.mark.parametrize(
    "url",
    ["http://tokens.example/x", "https://me:word@tokens.example", "tokens.example", "ftp://x"],
)
def test_an_unusable_address_is_a_problem(url: str) -> None:
    with pytest.raises(ProblemError) as caught:
        key_server_url(Endpoint(secrets_url=url))
    assert caught.value.problem.code.startswith("server.")


def test_a_key_server_address_can_have_any_path() -> None:
    url = "https://tokens.example/realtime?team=7"
    assert key_server_url(Endpoint(secrets_url=url)) == url
    assert key_server_url(Endpoint(secrets_url="openai")) == (
        "https://api.openai.com/v1/realtime/client_secrets"
    )


@in_event_loop()
async def test_without_a_key_server_the_api_key_itself_is_sent() -> None:
    secrets = EphemeralKeys(Endpoint(), lambda host: KEY if host == "api.openai.com" else None)
    assert (await secrets.credentials("api.openai.com")).headers["Authorization"] == f"Bearer {KEY}"
