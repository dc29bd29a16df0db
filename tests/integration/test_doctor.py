"""`sayso doctor` tries every server that may be asked, and says where its key is."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import attrs
import pytest

from sayso.cli import doctor
from sayso.cli.doctor import Finding
from sayso.core.settings.endpoint import ON_DEVICE, Endpoint
from sayso.core.settings.settings import OnDeviceSettings, Settings
from sayso.storage.keyring import KeyLocation
from service import KEY, StandIn
from service.session import Session

UNREACHABLE_URL = "ws://127.0.0.1:9"


@attrs.define
class FakeApiKeys:
    """A keyring with these keys in it, by host."""

    keys: dict[str, str]
    key_location: KeyLocation = "keyring"
    requested_hosts: list[str] = attrs.field(factory=list)

    def get(self, host: str) -> str | None:
        self.requested_hosts.append(host)
        return self.keys.get(host)

    def location(self, host: str) -> KeyLocation:
        return self.key_location if host in self.keys else ""


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> FakeApiKeys:
    made = FakeApiKeys({})
    monkeypatch.setattr(doctor, "ApiKeyStore", lambda: made)
    return made


def settings_of(*endpoints: Endpoint, helpers: tuple[str, ...] = (), **changed: Any) -> Settings:
    """The first one is chosen."""
    fields = {"engine": "realtime", "profile": endpoints[0].name, **changed}
    return Settings(endpoints=endpoints, fallback=helpers, **fields)


def endpoint_at(name: str, url: str, **fields: Any) -> Endpoint:
    return Endpoint(name=name, url=url, model="gpt-transcribe", dialect="openai", **fields)


def host_of(service: StandIn) -> str:
    return f"{service.host}:{service.port}"


def check_servers(settings: Settings) -> dict[str, Finding]:
    return asyncio.run(doctor._check_servers(settings))


def test_each_server_that_may_be_asked_has_its_own_verdict(keys: FakeApiKeys) -> None:
    async def run() -> dict[str, Finding]:
        async with StandIn() as good, StandIn() as locked, StandIn() as idle:
            keys.keys |= {host_of(good): KEY, host_of(locked): "sk-wrong"}
            settings = settings_of(
                endpoint_at("Own", good.url),
                endpoint_at("Team", locked.url),
                endpoint_at("Attic", UNREACHABLE_URL),
                endpoint_at("Idle", idle.url),
                helpers=("Team", ON_DEVICE, "Attic"),
            )
            told = await doctor._check_servers(settings)
            assert idle.records == []
            return told

    told = asyncio.run(run())
    assert list(told) == ["endpoint", "fallback Team", "fallback Attic"]
    assert [one.verdict for one in told.values()] == ["ok", "problem", "problem"]
    own, team, attic = told.values()
    assert own.what.endswith(" s.")
    assert "works: a one-second sample came back in" in own.what
    assert team.what.startswith("Your API key was refused by 127.0.0.1:")
    assert attic.what == "Nothing answers at 127.0.0.1:9."
    assert own.key.endswith(" is in the system's keyring.")
    assert team.key.endswith(" is in the system's keyring.")
    assert attic.key == "There is no key for 127.0.0.1:9."
    assert KEY not in repr(told)
    assert "sk-wrong" not in repr(told)


def test_they_are_tried_at_the_same_time(keys: FakeApiKeys) -> None:
    """Each answers only once all have been asked."""

    async def run() -> dict[str, Finding]:
        everybody = asyncio.Barrier(3)

        async def wait(_: Session) -> bool:
            await everybody.wait()
            return True

        async with contextlib.AsyncExitStack() as running:
            services = [
                await running.enter_async_context(StandIn(key=None, misbehavior={"created": wait}))
                for _ in range(3)
            ]
            names = ("One", "Two", "Three")
            endpoints = (
                endpoint_at(name, one.url) for name, one in zip(names, services, strict=True)
            )
            return await doctor._check_servers(settings_of(*endpoints, helpers=names[1:]))

    assert [one.verdict for one in asyncio.run(run()).values()] == ["ok", "ok", "ok"]


def test_with_this_computer_alone_nothing_is_asked(keys: FakeApiKeys) -> None:
    told = check_servers(settings_of(endpoint_at("Attic", UNREACHABLE_URL), engine=ON_DEVICE))
    assert told == {"endpoint": Finding("unused", "Words are recognised on this computer.")}
    assert keys.requested_hosts == []


def test_servers_that_help_this_computer_out_are_tried(keys: FakeApiKeys) -> None:
    told = check_servers(
        settings_of(endpoint_at("Attic", UNREACHABLE_URL), engine=ON_DEVICE, helpers=("Attic",))
    )
    assert [(name, one.verdict) for name, one in told.items()] == [
        ("endpoint", "unused"), ("fallback Attic", "problem"),
    ]  # fmt: skip


def test_one_that_is_its_own_helper_is_tried_once(keys: FakeApiKeys) -> None:
    assert list(
        check_servers(settings_of(endpoint_at("Attic", UNREACHABLE_URL), helpers=("Attic",)))
    ) == ["endpoint"]


KEY_LOCATION_CASES: dict[str, tuple[Endpoint, KeyLocation, str]] = {
    "in the environment": (
        endpoint_at("Own", UNREACHABLE_URL), "environment",
        "The key for 127.0.0.1:9 is in the environment variable OPENAI_API_KEY."),
    "none is wanted": (endpoint_at("Own", UNREACHABLE_URL, auth="none"), "keyring", "It is asked without a key."),  # noqa: E501
    "a gateway's token beside it": (
        endpoint_at("Own", UNREACHABLE_URL, auth="cloudflare"), "keyring",
        "The key for 127.0.0.1:9 is in the system's keyring."
        " There is no key for 127.0.0.1:9/cf-aig-authorization."),
    "whole recordings": (
        endpoint_at("Own", UNREACHABLE_URL, transport="rest"), "keyring",
        "The key for 127.0.0.1:9 is in the system's keyring."),
    "of whoever hands out short-lived ones": (
        endpoint_at("Own", UNREACHABLE_URL, secrets_url="https://127.0.0.1:7/keys"), "keyring",
        "There is no key for 127.0.0.1:7."),
    "an address that is none": (endpoint_at("Own", "nowhere"), "keyring", ""),
}  # fmt: skip


@pytest.mark.parametrize(
    ("endpoint", "place", "sentence"), KEY_LOCATION_CASES.values(), ids=KEY_LOCATION_CASES
)
def test_the_key_that_is_asked_for_is_told_of(
    keys: FakeApiKeys, endpoint: Endpoint, place: KeyLocation, sentence: str
) -> None:
    keys.keys["127.0.0.1:9"], keys.key_location = KEY, place
    told = check_servers(settings_of(endpoint))["endpoint"]
    assert (told.verdict, told.key) == ("problem", sentence)


def test_the_model_is_looked_for_where_this_computer_helps_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path))
    alone = settings_of(
        endpoint_at("Attic", UNREACHABLE_URL), on_device=OnDeviceSettings(model="whisper-tiny")
    )
    assert doctor._run_check(lambda: doctor._check_model(alone)).verdict == "unused"
    helped = attrs.evolve(alone, fallback=(ON_DEVICE,))
    missing = doctor._run_check(lambda: doctor._check_model(helped))
    assert (missing.verdict, "not downloaded yet" in missing.what) == ("problem", True)


def test_the_report_lines_up_and_says_what_to_do_and_where_the_key_is() -> None:
    told = {
        "tray": Finding("ok", "The desktop shows tray icons."),
        "fallback Attic": Finding("problem", "It is out.", "Try again.", key="There is no key."),
    }
    lines = doctor.format_report(
        {name: attrs.asdict(one) for name, one in told.items()}
    ).splitlines()
    assert lines[:4] == [
        "✓ tray           The desktop shows tray icons.",
        "! fallback Attic It is out.",
        "                 Try again.",
        "                 There is no key.",
    ]
