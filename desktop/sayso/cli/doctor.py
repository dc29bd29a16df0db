"""`sayso doctor`: check everything that Sayso needs, and say how to fix what is missing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Literal

import attrs

from ..core.insertion import UNKNOWN_TARGET
from ..core.problems import Problem, ProblemError
from ..core.problems import audio as audio_problems
from ..core.problems.storage import KEYRING_MISSING
from ..core.settings.endpoint import ON_DEVICE, Endpoint
from ..core.settings.settings import Settings
from ..storage import paths
from ..storage.keyring import ApiKeyStore, system_keyring
from ..system import Platform, current_platform
from .api_key import describe_location
from .common import remedy_for

Verdict = Literal["ok", "problem", "unused"]
FIRST_BLOCK_TIMEOUT_S = 5.0
MARKS: dict[Verdict, str] = {"ok": "✓", "problem": "!", "unused": "·"}


@attrs.frozen
class Finding:
    verdict: Verdict
    message: str
    remedy: str = ""
    detail: str = ""
    key_location: str = ""


def run_checks(settings: Settings) -> dict[str, Finding]:
    platform = current_platform()
    checks: dict[str, Callable[[], Finding]] = {
        "display": lambda: _check_display(platform),
        "tray": lambda: _check_tray(platform),
        "microphone": lambda: _check_microphone(settings),
        "keyring": _check_keyring,
        "model": lambda: check_model(settings),
        "insertion": lambda: _check_insertion(platform),
    }
    findings = {name: _run(check) for name, check in checks.items()}
    platform.typist.close()
    return findings | asyncio.run(check_servers(settings, ApiKeyStore()))


def format_report(findings: dict[str, Finding]) -> str:
    lines, width = [], 1 + max(map(len, findings))
    for name, finding in findings.items():
        lines.append(f"{MARKS[finding.verdict]} {name:<{width}}{finding.message}")
        details = (finding.remedy, finding.key_location)
        lines += [f"  {'':{width}}{sentence}" for sentence in details if sentence]
    lines.append(f"\nThe log is {paths.log_file()}")
    return "\n".join(lines)


def as_json(findings: dict[str, Finding]) -> dict[str, dict[str, str]]:
    names = {"message": "what", "key_location": "key"}
    return {
        title: {names.get(name, name): value for name, value in attrs.asdict(finding).items()}
        for title, finding in findings.items()
    }


def _run(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except ProblemError as error:
        return _problem(error.problem)


def _problem(problem: Problem) -> Finding:
    return Finding("problem", problem.message, remedy_for(problem), problem.detail)


def _check_display(platform: Platform) -> Finding:
    if missing := platform.missing_requirements():
        return _problem(missing[0])
    return Finding("ok", f"Sayso can receive keys and find windows ({platform.name}).")


def _check_tray(platform: Platform) -> Finding:
    if not platform.name:
        return Finding("unused", "There is no tray without a display.")
    from PySide6.QtWidgets import QApplication, QSystemTrayIcon

    application = QApplication.instance() or QApplication(["sayso"])
    available = QSystemTrayIcon.isSystemTrayAvailable()
    del application
    if available:
        return Finding("ok", "The desktop shows tray icons.")
    remedy = "Start Sayso again to see its settings. On GNOME, install the AppIndicator extension."
    return Finding("problem", "Your desktop shows no tray icons.", remedy)


def _check_microphone(settings: Settings) -> Finding:
    from ..audio.microphone import Microphone
    from ..core.audio.pcm import is_digital_silence

    microphone = Microphone()
    devices = microphone.devices()
    if not devices:
        return _problem(audio_problems.MISSING())
    finished = threading.Event()
    blocks: list[bytes] = []

    def receive(pcm: bytes) -> None:
        blocks.append(pcm)
        if len(blocks) > 100 or not is_digital_silence(pcm):
            finished.set()

    device = settings.microphone.device
    try:
        rate_hz = microphone.open(device, receive, finished.set)
        finished.wait(FIRST_BLOCK_TIMEOUT_S)
    finally:
        microphone.close()
    names = ", ".join(one.name for one in devices)
    if not blocks:
        return _problem(audio_problems.NOT_STARTED())
    if all(map(is_digital_silence, blocks)):
        return _problem(audio_problems.SILENT(detail=names))
    message = f"The microphone works at {rate_hz} Hz ({device or 'system default'})."
    return Finding("ok", message, detail=names)


def _check_keyring() -> Finding:
    backend = system_keyring()
    if backend is None:
        return _problem(KEYRING_MISSING())
    ApiKeyStore(environment={}).location("doctor.invalid")  # raises if the keyring is locked
    message = "API keys are stored in the system's keyring."
    return Finding("ok", message, detail=type(backend).__module__)


def check_model(settings: Settings) -> Finding:
    from ..stt.ondevice.models.catalog import by_name
    from ..stt.ondevice.models.locate import locate

    if ON_DEVICE not in (settings.selected_engine, *settings.fallback):
        return Finding("unused", "Your dictations are transcribed by a server.")
    model = by_name(settings.on_device.model)
    path = locate(model, paths.models(), paths.cache())
    return Finding("ok", f"The model {model.title} is on this computer.", detail=str(path))


async def check_servers(settings: Settings, keys: ApiKeyStore) -> dict[str, Finding]:
    """Connect to the selected server ('endpoint') and the fallbacks ('fallback NAME') at once."""
    titles = {"endpoint": settings.selected_engine}
    titles |= {f"fallback {n}": n for n in settings.fallback if n != settings.selected_engine}
    endpoints = {title: settings.endpoint_named(name) for title, name in titles.items()}
    lock = threading.Lock()
    checks = {
        title: _check_server(endpoint, settings.language, keys, lock)
        for title, endpoint in endpoints.items()
        if endpoint
    }
    found = dict(zip(checks, await asyncio.gather(*checks.values()), strict=True))
    unused = Finding("unused", "Your dictations are transcribed on this computer.")
    return {"endpoint": unused} | found


async def _check_server(
    endpoint: Endpoint, language: str, keys: ApiKeyStore, keyring_lock: threading.Lock
) -> Finding:
    """`keyring_lock` is held while the keyring is used, because it may ask for its password."""
    from ..stt.connection_test import check_connection
    from ..stt.factory import create_server_engine

    locations: list[str] = []

    def get_key(host: str) -> str | None:
        with keyring_lock:
            locations.append(describe_location(host, keys.location(host)))
            return keys.get(host)

    try:
        seconds = await check_connection(create_server_engine(endpoint, language, get_key))
    except ProblemError as error:
        found = _problem(error.problem)
    else:
        found = _working_server(endpoint, seconds)
    if endpoint.auth == "none":
        locations.append("This server is used without an API key.")
    return attrs.evolve(found, key_location=" ".join(dict.fromkeys(locations)))


def _working_server(endpoint: Endpoint, seconds: float) -> Finding:
    from ..core.settings import server_models
    from ..core.settings.urls import OPENAI_HOST, host_of

    is_openai = host_of(endpoint.url) == OPENAI_HOST
    notice = server_models.by_name(endpoint.model).deprecation_notice if is_openai else ""
    message = f"{endpoint.name} works: it transcribed a one-second sample in {seconds:.1f} s."
    return Finding("ok", message, notice)


def _check_insertion(platform: Platform) -> Finding:
    if missing := platform.missing_requirements():
        return _problem(missing[0])
    can_type = platform.typist.can_type("Grüße, Привет, 你好", UNKNOWN_TARGET)
    method = "typed" if can_type else "pasted"
    return Finding("ok", f"Text insertion works in all scripts. Text is {method}.")
