"""`sayso doctor`: everything Sayso needs, each with a verdict and what to do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Literal

import attrs

from ..core.problems import Problem, ProblemError
from ..core.problems.storage import KEYRING_MISSING
from ..core.settings.endpoint import ON_DEVICE, Endpoint
from ..core.settings.settings import Settings
from ..storage import paths
from ..storage.keyring import ApiKeyStore, KeyLocation, system_keyring
from ..system import Platform, current_platform

Verdict = Literal["ok", "problem", "unused"]
FIRST_BLOCK_TIMEOUT_S = 5.0
MARKS: dict[Verdict, str] = {"ok": "✓", "problem": "!", "unused": "·"}
KEY_LOCATIONS: dict[KeyLocation, str] = {
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


def run_checks(settings: Settings) -> dict[str, dict[str, str]]:
    """Look at each thing for real; takes some seconds.

    Name to verdict, what, remedy, detail and key.
    """
    machine = current_platform()
    checks: dict[str, Callable[[], Finding]] = {
        "display": lambda: _check_display(machine),
        "tray": lambda: _check_tray(machine),
        "microphone": lambda: _check_microphone(settings),
        "keyring": _check_keyring,
        "model": lambda: _check_model(settings),
        "insertion": lambda: _check_insertion(machine),
    }
    findings = {name: _run_check(check) for name, check in checks.items()}
    machine.typist.close()
    findings |= asyncio.run(_check_servers(settings))
    return {name: attrs.asdict(finding) for name, finding in findings.items()}


def format_report(findings: dict[str, dict[str, Any]]) -> str:
    """For people: a line each, and what to do below it."""
    lines, width = [], 1 + max(map(len, findings))
    for name, finding in findings.items():
        lines.append(f"{MARKS[finding['verdict']]} {name:<{width}}{finding['what']}")
        below = (finding["remedy"], finding["key"])
        lines += [f"  {'':{width}}{sentence}" for sentence in below if sentence]
    lines.append(f"\nThe log is {paths.log_file()}")
    return "\n".join(lines)


def _run_check(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except ProblemError as error:
        return _problem_finding(error.problem)


def _problem_finding(problem: Problem) -> Finding:
    return Finding("problem", problem.message, problem.remedy, problem.detail)


def _check_display(machine: Platform) -> Finding:
    if obstacles := machine.missing_requirements():
        return _problem_finding(obstacles[0])
    return Finding("ok", f"Sayso sees keys and windows here ({machine.name}).")


def _check_tray(machine: Platform) -> Finding:
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


def _check_microphone(settings: Settings) -> Finding:
    from ..audio.microphone import Microphone
    from ..core.audio.pcm import is_digital_silence
    from ..core.problems import audio as problems

    microphone = Microphone()
    devices = microphone.devices()
    if not devices:
        return _problem_finding(problems.MISSING())
    came = threading.Event()
    heard: list[bytes] = []

    def block(pcm: bytes) -> None:
        heard.append(pcm)
        if len(heard) > 100 or not is_digital_silence(pcm):
            came.set()

    chosen = settings.microphone.device
    try:
        rate_hz = microphone.open(chosen, block, came.set)
        came.wait(FIRST_BLOCK_TIMEOUT_S)
    finally:
        microphone.close()
    names = ", ".join(device.name for device in devices)
    if not heard:
        return _problem_finding(problems.NOT_STARTED())
    if all(map(is_digital_silence, heard)):
        return _problem_finding(problems.SILENT(detail=names))
    name = chosen or "the system's default"
    return Finding("ok", f"The microphone gives sound at {rate_hz} Hz ({name}).", "", names)


def _check_keyring() -> Finding:
    ring = system_keyring()
    if ring is None:
        return _problem_finding(KEYRING_MISSING())
    ApiKeyStore(environment={}).location("doctor.invalid")  # asks it, so that a locked one says so
    return Finding("ok", "Keys are kept in the system's keyring.", "", type(ring).__module__)


def _check_model(settings: Settings) -> Finding:
    from ..stt.ondevice.models import locate
    from ..stt.ondevice.models.catalog import by_name

    if ON_DEVICE not in (settings.selected_engine, *settings.fallback):
        return Finding("unused", "Words are recognised by a server.")
    model = by_name(settings.on_device.model)
    path = locate.locate(model, paths.models(), paths.cache())
    return Finding("ok", f"The model {model.title} is on this computer.", "", str(path))


async def _check_servers(settings: Settings) -> dict[str, Finding]:
    """Every server that may be asked, all at the same time; none where this computer does it all.

    'endpoint' is the chosen one, those that help it out are 'fallback' and their name.
    """
    chosen, helpers = (
        settings.selected_engine,
        [one for one in settings.fallback if one != settings.selected_engine],
    )
    titles = {"endpoint": chosen} | {f"fallback {name}": name for name in helpers}
    named = {title: settings.endpoint_named(name) for title, name in titles.items()}
    asked = {title: endpoint for title, endpoint in named.items() if endpoint}
    one_at_a_time = threading.Lock()
    trials = (_check_server(one, settings.language, one_at_a_time) for one in asked.values())
    found = dict(zip(asked, await asyncio.gather(*trials), strict=True))
    return {"endpoint": Finding("unused", "Words are recognised on this computer.")} | found


async def _check_server(endpoint: Endpoint, language: str, keyring_lock: threading.Lock) -> Finding:
    """`one_at_a_time`: held while the keyring is asked, which may ask for its password."""
    from ..stt.factory import create_server_engine
    from ..stt.realtime.engine import check_connection

    keys, where = ApiKeyStore(), list[str]()

    def key_of(host: str) -> str | None:
        with keyring_lock:
            where.append(KEY_LOCATIONS[keys.location(host)].format(host))
            return keys.get(host)

    try:
        seconds = await check_connection(create_server_engine(endpoint, language, key_of))
    except ProblemError as error:
        found = _problem_finding(error.problem)
    else:
        found = _working_server(endpoint, seconds)
    if endpoint.auth == "none":
        where.append("It is asked without a key.")
    return attrs.evolve(found, key=" ".join(dict.fromkeys(where)))


def _working_server(endpoint: Endpoint, seconds: float) -> Finding:
    from ..core.settings import server_models as models
    from ..core.settings.urls import OPENAI_HOST, host_of

    host = host_of(endpoint.url)
    ends = models.by_name(endpoint.model).deprecation_notice if host == OPENAI_HOST else ""
    return Finding("ok", f"{host} works: a one-second sample came back in {seconds:.1f} s.", ends)


def _check_insertion(machine: Platform) -> Finding:
    if obstacles := machine.missing_requirements():
        return _problem_finding(obstacles[0])
    spare = machine.typist.can_type("Grüße, Привет, 你好")
    how = "typed" if spare is not None else "pasted"
    return Finding("ok", f"Text of any script is {how} into the focused window.")
