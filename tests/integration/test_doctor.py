"""The command `sayso doctor`: connections to servers, locations of API keys, and the report."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import attrs
import pytest

from sayso.cli import doctor
from sayso.cli.doctor import Finding
from sayso.core.problems import ProblemError
from sayso.core.settings.endpoint import ON_DEVICE, Endpoint
from sayso.core.settings.settings import OnDeviceSettings, Settings
from sayso.storage.keyring import KeyLocation
from service import KEY, StandIn
from service.session import Session

UNREACHABLE_URL = "ws://127.0.0.1:9"


@attrs.define
class FakeApiKeys:
    keys: dict[str, str] = attrs.field(factory=dict)
    """By host."""
    key_location: KeyLocation = "keyring"
    requested_hosts: list[str] = attrs.field(factory=list)

    def get(self, host: str) -> str | None:
        self.requested_hosts.append(host)
        return self.keys.get(host)

    def location(self, host: str) -> KeyLocation:
        return self.key_location if host in self.keys else ""


def settings_of(*endpoints: Endpoint, fallback: tuple[str, ...] = (), **changed: Any) -> Settings:
    """Return settings in which the first endpoint is selected."""
    fields = {"engine": "realtime", "profile": endpoints[0].name, **changed}
    return Settings(endpoints=endpoints, fallback=fallback, **fields)


def endpoint_at(name: str, url: str = UNREACHABLE_URL, **fields: Any) -> Endpoint:
    return Endpoint(name=name, url=url, model="gpt-transcribe", dialect="openai", **fields)


def host_of(service: StandIn) -> str:
    return f"{service.host}:{service.port}"


def check_servers(settings: Settings, keys: FakeApiKeys | None = None) -> dict[str, Finding]:
    return asyncio.run(doctor.check_servers(settings, keys or FakeApiKeys()))


def test_the_selected_server_and_each_fallback_are_checked() -> None:
    async def run() -> dict[str, Finding]:
        async with StandIn() as good, StandIn() as locked, StandIn() as unused:
            settings = settings_of(
                endpoint_at("Own", good.url),
                endpoint_at("Team", locked.url),
                endpoint_at("Attic"),
                endpoint_at("Unused", unused.url),
                fallback=("Team", ON_DEVICE, "Attic"),
            )
            keys = FakeApiKeys({host_of(good): KEY, host_of(locked): "sk-wrong"})
            findings = await doctor.check_servers(settings, keys)
            assert unused.records == []
            return findings

    findings = asyncio.run(run())
    assert list(findings) == ["endpoint", "fallback Team", "fallback Attic"]
    assert [one.verdict for one in findings.values()] == ["ok", "problem", "problem"]
    own, team, attic = findings.values()
    assert "works: it transcribed a one-second sample in" in own.message
    assert "127.0.0.1:" in team.message
    assert "127.0.0.1:9" in attic.message
    assert own.key_location.endswith(" is in the system's keyring.")
    assert team.key_location.endswith(" is in the system's keyring.")
    assert attic.key_location == "There is no API key for 127.0.0.1:9."
    assert KEY not in repr(findings)
    assert "sk-wrong" not in repr(findings)


def test_all_servers_are_checked_at_the_same_time() -> None:
    """Each service responds only after all have been contacted."""

    async def run() -> dict[str, Finding]:
        barrier = asyncio.Barrier(3)

        async def wait(_: Session) -> bool:
            await barrier.wait()
            return True

        async with contextlib.AsyncExitStack() as stack:
            names = ("One", "Two", "Three")
            services = [
                await stack.enter_async_context(StandIn(key=None, misbehavior={"created": wait}))
                for _ in names
            ]
            endpoints = (endpoint_at(n, one.url) for n, one in zip(names, services, strict=True))
            settings = settings_of(*endpoints, fallback=names[1:])
            return await doctor.check_servers(settings, FakeApiKeys())

    assert [one.verdict for one in asyncio.run(run()).values()] == ["ok", "ok", "ok"]


def test_no_server_is_contacted_if_only_this_computer_is_used() -> None:
    keys = FakeApiKeys()
    findings = check_servers(settings_of(endpoint_at("Attic"), engine=ON_DEVICE), keys)
    assert [(name, one.verdict) for name, one in findings.items()] == [("endpoint", "unused")]
    assert keys.requested_hosts == []


def test_fallback_servers_of_this_computer_are_checked() -> None:
    settings = settings_of(endpoint_at("Attic"), engine=ON_DEVICE, fallback=("Attic",))
    assert [(name, one.verdict) for name, one in check_servers(settings).items()] == [
        ("endpoint", "unused"),
        ("fallback Attic", "problem"),
    ]


def test_a_server_that_is_its_own_fallback_is_checked_once() -> None:
    settings = settings_of(endpoint_at("Attic"), fallback=("Attic",))
    assert list(check_servers(settings)) == ["endpoint"]


KEY_LOCATION_CASES: dict[str, tuple[Endpoint, KeyLocation, str]] = {
    "environment": (
        endpoint_at("Own"), "environment",
        "The API key for 127.0.0.1:9 is in the environment variable OPENAI_API_KEY."),
    "no authentication": (
        endpoint_at("Own", auth="none"), "keyring", "This server is used without an API key."),
    "file upload": (
        endpoint_at("Own", transport="rest"), "keyring",
        "The API key for 127.0.0.1:9 is in the system's keyring."),
    "short-lived keys of another server": (
        endpoint_at("Own", secrets_url="https://127.0.0.1:7/keys"), "keyring",
        "There is no API key for 127.0.0.1:7."),
    "invalid address": (endpoint_at("Own", "nowhere"), "keyring", ""),
}  # fmt: skip


@pytest.mark.parametrize(
    ("endpoint", "location", "sentence"), KEY_LOCATION_CASES.values(), ids=KEY_LOCATION_CASES
)
def test_the_location_of_the_used_api_key_is_reported(
    endpoint: Endpoint, location: KeyLocation, sentence: str
) -> None:
    keys = FakeApiKeys({"127.0.0.1:9": KEY}, location)
    finding = check_servers(settings_of(endpoint), keys)["endpoint"]
    assert (finding.verdict, finding.key_location) == ("problem", sentence)


def test_the_model_is_checked_if_this_computer_is_a_fallback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path))
    model = OnDeviceSettings(model="whisper-tiny")
    settings = settings_of(endpoint_at("Attic"), on_device=model)
    assert doctor.check_model(settings).verdict == "unused"
    with pytest.raises(ProblemError, match="not downloaded yet"):
        doctor.check_model(attrs.evolve(settings, fallback=(ON_DEVICE,)))


def test_the_report_is_aligned_and_has_remedies_and_key_locations() -> None:
    findings = {
        "tray": Finding("ok", "The desktop shows tray icons."),
        "fallback Attic": Finding("problem", "It is out.", "Try again.", key_location="No key."),
    }
    assert doctor.format_report(findings).splitlines()[:4] == [
        "✓ tray           The desktop shows tray icons.",
        "! fallback Attic It is out.",
        "                 Try again.",
        "                 No key.",
    ]
    assert doctor.as_json(findings)["fallback Attic"] == {
        "verdict": "problem", "what": "It is out.", "remedy": "Try again.", "detail": "",
        "key": "No key.",
    }  # fmt: skip
