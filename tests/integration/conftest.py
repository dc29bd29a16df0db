"""Shared fixtures: offscreen windows, a certificate for OpenAI's host, and the command line."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # most tests of this folder have no window
    from pytestqt.qtbot import QtBot

    from integration.ui_fakes import FakeApp
    from integration.worker_harness import WorkerHarness
    from sayso.ui.settings.recognition.page import RecognitionPage
    from sayso.ui.settings.window import SettingsWindow


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Arguments instead of environment variables, which started programs would inherit."""
    return ["sayso", "-platform", "offscreen"]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-signed certificate for api.openai.com and others, with its key in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "api.openai.com")])
    now = datetime.datetime.now(datetime.UTC)
    names = [
        x509.DNSName("api.openai.com"),
        x509.DNSName("localhost"),
        *map(x509.DNSName, ("speech.openai.azure.com", "gateway.ai.cloudflare.com")),
        x509.DNSName("litellm.example"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "openai.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the test, which contains all folders of Sayso; no keyring and no API key."""
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    for name in ("OPENAI_API_KEY", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def sayso(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`sayso("config", "list")` runs a command in this process."""
    from sayso import cli

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["sayso", *arguments])
        capsys.readouterr()
        code = cli.main()
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return run


@pytest.fixture
def app() -> FakeApp:
    from integration.ui_fakes import FakeApp

    return FakeApp()


@pytest.fixture
def window(app: FakeApp, qtbot: QtBot) -> Iterator[SettingsWindow]:
    """The settings, open."""
    from integration.settings_window import settings_window

    with settings_window(app, qtbot) as made:
        yield made


@pytest.fixture
def page(window: SettingsWindow) -> RecognitionPage:
    from integration.settings_window import recognition

    return recognition(window)


@pytest.fixture
def start_harness(tmp_path: Path) -> Iterator[Callable[..., WorkerHarness]]:
    """`start_harness("The text.")` starts a worker with the options of `WorkerHarness`."""
    from integration.worker_harness import WorkerHarness

    harnesses: list[WorkerHarness] = []

    def make(*texts: Any, **options: Any) -> WorkerHarness:
        harnesses.append(WorkerHarness(tmp_path / "takes", *texts, **options))
        return harnesses[-1]

    yield make
    for each in harnesses:
        each.worker.stop()
        assert not each.microphone.is_open.is_set()
