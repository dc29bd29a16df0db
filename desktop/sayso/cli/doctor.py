"""`sayso doctor`: everything Sayso needs, each with a verdict and what to do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Literal

import attrs

from ..core.problems import Problem, ProblemError
from ..core.settings.endpoint import ON_DEVICE, Endpoint
from ..core.settings.settings import Settings
from ..storage import paths
from ..storage.keyring import ABSENT, KeyStore, Where, system_ring
from ..system import Machine, this_machine

Verdict = Literal["ok", "problem", "unused"]
FIRST_BLOCK_S = 5.0
MARKS: dict[Verdict, str] = {"ok": "✓", "problem": "!", "unused": "·"}
KEY_IS: dict[Where, str] = {
    "keyring": "The key for {} is in the system's keyring.",
    "environment": "The key for {} is in the environment variable OPENAI_API_KEY.",
    "run": "The key for {} is in memory, for this run.",
    "": "There is no key for {}.",
}


@attrs.frozen
class Finding:
    verdict: Verdict
    what: str
    remedy: str = ""
    detail: str = ""
    key: str = ""
    """Of an endpoint: where the keys are that it was asked with; never a key."""


def examine(settings: Settings) -> dict[str, dict[str, str]]:
    """Look at each thing for real; takes some seconds.

    Name to verdict, what, remedy, detail and key.
    """
    machine = this_machine()
    checks: dict[str, Callable[[], Finding]] = {
        "display": lambda: _display(machine),
        "tray": lambda: _tray(machine),
        "microphone": lambda: _microphone(settings),
        "keyring": _keyring,
        "model": lambda: _model(settings),
        "insertion": lambda: _insertion(machine),
    }
    findings = {name: _found(check) for name, check in checks.items()}
    machine.typist.close()
    findings |= asyncio.run(_servers(settings))
    return {name: attrs.asdict(finding) for name, finding in findings.items()}


def report(findings: dict[str, dict[str, Any]]) -> str:
    """For people: a line each, and what to do below it."""
    lines, width = [], 1 + max(map(len, findings))
    for name, finding in findings.items():
        lines.append(f"{MARKS[finding['verdict']]} {name:<{width}}{finding['what']}")
        below = (finding["remedy"], finding["key"])
        lines += [f"  {'':{width}}{sentence}" for sentence in below if sentence]
    lines.append(f"\nThe log is {paths.log()}")
    return "\n".join(lines)


def _found(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except ProblemError as error:
        return _of(error.problem)


def _of(problem: Problem) -> Finding:
    return Finding("problem", problem.what, problem.remedy, problem.detail)


def _display(machine: Machine) -> Finding:
    if obstacles := machine.obstacles():
        return _of(obstacles[0])
    return Finding("ok", f"Sayso sees keys and windows here ({machine.name}).")


def _tray(machine: Machine) -> Finding:
    if machine.name == "unavailable":
        return Finding("unused", "Without a display there is no tray.")
    from PySide6.QtWidgets import QApplication, QSystemTrayIcon

    application = QApplication.instance() or QApplication(["sayso"])
    shown = QSystemTrayIcon.isSystemTrayAvailable()
    del application
    if shown:
        return Finding("ok", "The desktop shows tray icons.")
    return Finding(
        "problem",
        "Your desktop shows no tray icons.",
        "Start Sayso again to see its settings. On GNOME, install the AppIndicator extension.",
    )


def _microphone(settings: Settings) -> Finding:
    from ..audio.microphone import NONE_FOUND, NOT_STARTED, ONLY_SILENCE, Microphone
    from ..core.audio.pcm import all_zero

    microphone = Microphone()
    devices = microphone.devices()
    if not devices:
        return _of(NONE_FOUND)
    came = threading.Event()
    heard: list[bytes] = []

    def block(pcm: bytes) -> None:
        heard.append(pcm)
        if len(heard) > 100 or not all_zero(pcm):
            came.set()

    chosen = settings.microphone.device
    try:
        rate_hz = microphone.open(chosen, block, came.set)
        came.wait(FIRST_BLOCK_S)
    finally:
        microphone.close()
    names = ", ".join(device.name for device in devices)
    if not heard:
        return _of(NOT_STARTED)
    if all(map(all_zero, heard)):
        return _of(attrs.evolve(ONLY_SILENCE, detail=names))
    name = chosen or "the system's default"
    return Finding("ok", f"The microphone gives sound at {rate_hz} Hz ({name}).", "", names)


def _keyring() -> Finding:
    ring = system_ring()
    if ring is None:
        return _of(ABSENT)
    KeyStore(environment={}).where("doctor.invalid")  # asks it, so that a locked one says so
    return Finding("ok", "Keys are kept in the system's keyring.", "", type(ring).__module__)


def _model(settings: Settings) -> Finding:
    from ..stt.ondevice.models import locate
    from ..stt.ondevice.models.catalog import named

    if ON_DEVICE not in (settings.chosen, *settings.fallback):
        return Finding("unused", "Words are recognised by a server.")
    model = named(settings.on_device.model)
    path = locate.find(model, paths.models(), paths.cache())
    return Finding("ok", f"The model {model.title} is on this computer.", "", str(path))


async def _servers(settings: Settings) -> dict[str, Finding]:
    """Every server that may be asked, all at the same time; none where this computer does it all.

    'endpoint' is the chosen one, those that help it out are 'fallback' and their name.
    """
    chosen, helpers = settings.chosen, [one for one in settings.fallback if one != settings.chosen]
    titles = {"endpoint": chosen} | {f"fallback {name}": name for name in helpers}
    named = {title: settings.endpoint_named(name) for title, name in titles.items()}
    asked = {title: endpoint for title, endpoint in named.items() if endpoint}
    one_at_a_time = threading.Lock()
    trials = (_server(one, settings.language, one_at_a_time) for one in asked.values())
    found = dict(zip(asked, await asyncio.gather(*trials), strict=True))
    return {"endpoint": Finding("unused", "Words are recognised on this computer.")} | found


async def _server(endpoint: Endpoint, language: str, one_at_a_time: threading.Lock) -> Finding:
    """`one_at_a_time`: held while the keyring is asked, which may ask for its password."""
    from ..stt.factory import engine_for
    from ..stt.realtime.engine import tried

    keys, where = KeyStore(), list[str]()

    def key_of(host: str) -> str | None:
        with one_at_a_time:
            where.append(KEY_IS[keys.where(host)].format(host))
            return keys.get(host)

    try:
        seconds = await tried(engine_for(endpoint, language, key_of))
    except ProblemError as error:
        found = _of(error.problem)
    else:
        found = _works(endpoint, seconds)
    if endpoint.auth == "none":
        where.append("It is asked without a key.")
    return attrs.evolve(found, key=" ".join(dict.fromkeys(where)))


def _works(endpoint: Endpoint, seconds: float) -> Finding:
    from ..stt.server import models
    from ..stt.server.urls import OPENAI, host_of

    host = host_of(endpoint.url)
    ends = models.named(endpoint.model).last_words if host == OPENAI else ""
    return Finding("ok", f"{host} works: a one-second sample came back in {seconds:.1f} s.", ends)


def _insertion(machine: Machine) -> Finding:
    if obstacles := machine.obstacles():
        return _of(obstacles[0])
    spare = machine.typist.spare_characters("Grüße, Привет, 你好")
    how = "typed" if spare is not None else "pasted"
    return Finding("ok", f"Text of any script is {how} into the focused window.")
