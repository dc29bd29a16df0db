"""Each kind of server gets the credentials it requires, and no other server gets them.

Engines connect with the real host names and check certificates; only the connection is redirected.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import pytest

from event_loop import in_event_loop
from integration.sample_takes import silent_take, transcribe
from sayso.core.problems import ProblemError
from sayso.core.settings.endpoint import Endpoint
from sayso.core.settings.engine_choice import select_engine, with_endpoint
from sayso.core.settings.settings import Settings
from sayso.stt.factory import create_engine
from sayso.stt.realtime.engine import RealtimeEngine
from sayso.stt.realtime.websocket import WebSocketCarrier
from sayso.stt.server.model_list import fetch_models
from sayso.stt.server.presets import find_preset
from service import KEY, StandIn
from service.gateways import Gateway, GatewayRules
from service.http_server import HttpServer, Reply, Request, json_reply

GATEWAY = "cf-aig-authorization"
TEXT = "Put the kettle on."
TOKEN = KEY[::-1]
"""Token of the gateway. The leak check finds it, because it has the same characters as the key."""
AZURE = "speech.openai.azure.com"
CLOUDFLARE = "gateway.ai.cloudflare.com"
PROXY = "litellm.example"


@attrs.define
class FakeKeyring:
    """API keys by name; records the names that were requested."""

    keys: dict[str, str] = attrs.field(factory=dict, repr=False)
    asked: list[str] = attrs.field(factory=list)

    def get(self, host: str) -> str | None:
        self.asked.append(host)
        return self.keys.get(host)


async def text_of(
    endpoint: Endpoint, keyring: FakeKeyring, certificate: Path, service: Gateway
) -> str:
    carrier = WebSocketCarrier(
        tls=ssl.create_default_context(cafile=str(certificate)),
        connect_to=("127.0.0.1", service.port),
    )
    return await transcribe(RealtimeEngine(endpoint, "", keyring.get, carrier), silent_take(0.5))


BEARER = {"authorization": f"Bearer {KEY}"}
GATEWAYS: dict[str, tuple[Endpoint, FakeKeyring, GatewayRules, str]] = {
    "Azure: key in its own header, deployment as model": (
        find_preset("azure").create_endpoint(f"https://{AZURE}/openai/v1", "my-deployment"),
        FakeKeyring({AZURE: KEY}),
        GatewayRules(
            "/openai/v1/realtime",
            {"api-key": KEY},
            forbidden_headers=("authorization",),
            model="refused",
        ),
        "my-deployment",
    ),
    "LiteLLM: model in the address": (
        find_preset("litellm").create_endpoint(f"https://{PROXY}/v1", "dictation"),
        FakeKeyring({PROXY: KEY}),
        GatewayRules(
            "/v1/realtime",
            BEARER,
            forbidden_headers=("api-key", GATEWAY),
            model="wanted",
            status=403,
        ),
        "dictation",
    ),
    "Cloudflare: token and provider's key": (
        find_preset("cloudflare").create_endpoint(
            f"https://{CLOUDFLARE}/v1/account/gateway/openai"
        ),
        FakeKeyring({CLOUDFLARE: KEY, f"{CLOUDFLARE}/{GATEWAY}": TOKEN}),
        GatewayRules(
            "/v1/account/gateway/openai", {**BEARER, GATEWAY: f"Bearer {TOKEN}"}, model="wanted"
        ),
        "gpt-live-transcribe",
    ),
    "Cloudflare: token only": (
        find_preset("cloudflare").create_endpoint(
            f"https://{CLOUDFLARE}/v1/account/gateway/openai"
        ),
        FakeKeyring({f"{CLOUDFLARE}/{GATEWAY}": TOKEN}),
        GatewayRules(
            "/v1/account/gateway/openai",
            {GATEWAY: f"Bearer {TOKEN}"},
            forbidden_headers=("authorization",),
        ),
        "gpt-live-transcribe",
    ),
    "gateway: no model in the address": (
        attrs.evolve(
            find_preset("gateway").create_endpoint(f"https://{PROXY}/v1"), model_in_url=False
        ),
        FakeKeyring({PROXY: KEY}),
        GatewayRules("/v1/realtime", BEARER, model="refused"),
        "gpt-live-transcribe",
    ),
    "no authentication": (
        Endpoint(url=f"https://{PROXY}/v1", auth="none", headers="X-Team: sound"),
        FakeKeyring({PROXY: KEY}),
        GatewayRules(
            "/v1/realtime", {"x-team": "sound"}, forbidden_headers=("authorization", "api-key")
        ),
        "gpt-live-transcribe",
    ),
}


@pytest.mark.parametrize(("endpoint", "keyring", "rules", "model"), GATEWAYS.values(), ids=GATEWAYS)
@in_event_loop()
async def test_each_gateway_gets_the_credentials_it_requires(
    certificate: Path,
    serving: ssl.SSLContext,
    endpoint: Endpoint,
    keyring: FakeKeyring,
    rules: GatewayRules,
    model: str,
) -> None:
    names = {model: "gpt-live-transcribe"}
    async with Gateway(rules, TEXT, aliases=names, tls=serving) as service:
        assert await text_of(endpoint, keyring, certificate, service) == TEXT
    update = service.record.events[0]["session"]["audio"]["input"]["transcription"]
    assert update["model"] == model
    assert KEY not in service.request_targets[0]
    if endpoint.auth == "none":
        assert keyring.asked == []


@in_event_loop()
async def test_an_api_key_is_requested_only_for_its_own_host(
    certificate: Path, serving: ssl.SSLContext
) -> None:
    """The provider has a key in the keyring; its gateway is not given that one."""
    keyring = FakeKeyring({"api.openai.com": KEY, AZURE: KEY})
    rules = GatewayRules("/v1/realtime", forbidden_headers=("authorization", "api-key", GATEWAY))
    endpoint = Endpoint(url=f"https://{PROXY}/v1")
    async with Gateway(rules, TEXT, tls=serving) as service:
        assert await text_of(endpoint, keyring, certificate, service) == TEXT
    assert set(keyring.asked) == {PROXY}


@in_event_loop()
async def test_the_selected_endpoint_gets_the_take_and_its_own_api_key() -> None:
    one, other = StandIn(["One."], key=KEY), StandIn(["Other."], key=TOKEN)
    async with one, other:
        settings = Settings()
        for name, service in (("One", one), ("Other", other)):
            settings = with_endpoint(settings, Endpoint(name=name, url=service.url))
        hosts = [f"127.0.0.1:{service.port}" for service in (one, other)]
        keyring = FakeKeyring(dict(zip(hosts, (KEY, TOKEN), strict=True)))
        for name in ("One", "Other", "One"):
            engine = create_engine(select_engine(settings, name), keyring.get, Path(), Path())
            assert engine.name == name
            assert await transcribe(engine, silent_take(0.5)) == f"{name}."
    assert [record.token for record in one.records] == [KEY] * 2
    assert [record.token for record in other.records] == [TOKEN]


@in_event_loop()
async def test_a_rejected_api_key_is_named_as_the_cause(
    certificate: Path, serving: ssl.SSLContext
) -> None:
    rules = GatewayRules("/openai/v1/realtime", {"api-key": KEY})
    endpoint = find_preset("azure").create_endpoint(f"https://{AZURE}/openai/v1", "d")
    async with Gateway(rules, tls=serving) as service:
        with pytest.raises(ProblemError) as caught:
            await text_of(endpoint, FakeKeyring({AZURE: TOKEN}), certificate, service)
    assert "key" in caught.value.problem.sentence
    assert TOKEN not in repr(caught.value.problem)


# Lists of models


def model_list(*names: object, status: int = 200) -> Callable[[Request], Awaitable[Reply]]:
    async def answer(request: Request) -> Reply:
        return json_reply(status, {"object": "list", "data": [{"id": name} for name in names]})

    return answer


def fetch(
    server: HttpServer, keyring: FakeKeyring | None = None, **fields: str
) -> Awaitable[tuple[str, ...]]:
    endpoint = Endpoint(url=server.base, **fields)  # type: ignore[arg-type]
    return fetch_models(endpoint, (keyring or FakeKeyring()).get)


@in_event_loop()
async def test_transcription_models_are_listed_first() -> None:
    names = ["llama-3", "Systran/faster-whisper-small", 7, "voxtral", "", "llama-3", "a\nb"]
    async with HttpServer({("GET", "/v1/models"): model_list(*names)}) as server:
        assert await fetch(server) == ("Systran/faster-whisper-small", "voxtral", "llama-3")


AUTH_HEADERS = {
    "bearer": {"authorization": f"Bearer {KEY}"},
    "api-key": {"api-key": KEY},
    "none": {},
}


@pytest.mark.parametrize("auth", AUTH_HEADERS)
@in_event_loop()
async def test_the_model_list_is_requested_with_the_credentials(auth: str) -> None:
    async with HttpServer({("GET", "/v1/models"): model_list("whisper")}) as server:
        host = f"127.0.0.1:{server.port}"
        keyring = FakeKeyring({host: KEY, f"{host}/{GATEWAY}": TOKEN, "api.openai.com": KEY})
        got = await fetch(
            server, keyring, auth=auth, headers="X-Team: sound", secret_header=GATEWAY
        )
    assert got == ("whisper",)
    [request] = server.requests
    ours = {
        name: request.headers[name]
        for name in ("authorization", "api-key", GATEWAY)
        if name in request.headers
    }
    assert ours == {**AUTH_HEADERS[auth], GATEWAY: f"Bearer {TOKEN}"}
    assert request.headers["x-team"] == "sound"
    assert request.target == "/v1/models"


@in_event_loop()
async def test_a_redirect_does_not_carry_the_api_key() -> None:
    async with HttpServer({("GET", "/v1/models"): model_list("whisper")}) as elsewhere:

        async def away(_: Request) -> Reply:
            return Reply(307, headers={"Location": f"{elsewhere.base}/models"})

        async with HttpServer({("GET", "/v1/models"): away}) as server:
            keyring = FakeKeyring({f"127.0.0.1:{server.port}": KEY})
            with pytest.raises(ProblemError, match="does not list its models"):
                await fetch(server, keyring)
    assert (len(server.requests), elsewhere.requests) == (1, [])


ERROR_REPLIES: dict[str, Callable[[Request], Awaitable[Reply]]] = {
    "refused": model_list("whisper", status=401),
    "out of order": model_list("whisper", status=500),
}


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"data": 5}', b'{"data": {"id": "whisper"}}', b"[" * 5000],
    ids=repr,
)
@in_event_loop()
async def test_an_invalid_list_is_a_problem(body: bytes) -> None:
    async def answer(_: Request) -> Reply:
        return Reply(200, body)

    async with HttpServer({("GET", "/v1/models"): answer}) as server:
        with pytest.raises(ProblemError, match="does not list its models"):
            await fetch(server)


@pytest.mark.parametrize("answer", ERROR_REPLIES.values(), ids=ERROR_REPLIES)
@in_event_loop()
async def test_an_error_reply_is_a_problem(answer: Callable[[Request], Awaitable[Reply]]) -> None:
    async with HttpServer({("GET", "/v1/models"): answer}) as server:
        with pytest.raises(ProblemError, match="does not list its models"):
            await fetch(server)


def test_an_unreachable_server_has_no_model_list() -> None:
    with pytest.raises(ProblemError, match=r"No server responds at 127\.0\.0\.1:9"):
        asyncio.run(fetch_models(Endpoint(url="http://127.0.0.1:9/v1"), FakeKeyring().get))
    with pytest.raises(ProblemError, match="The server has no address"):
        asyncio.run(fetch_models(Endpoint(url=""), FakeKeyring().get))
