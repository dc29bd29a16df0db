"""Third-party programs, in the environments that packaging/test creates."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sayso.audio import files
from sayso.stt.engine import Engine, EngineEvent
from sayso.stt.reader import Reader

ENVIRONMENTS = Path(__file__).parents[2] / ".venv" / "third_party"
SAMPLE = Path(__file__).parents[2] / "resources" / "sample.wav"
CLIENTS_PYTHON = ENVIRONMENTS / "clients" / "bin" / "python"
SERVERS = ENVIRONMENTS / "servers"
START_S = 180.0
"""litellm takes 6 s on two idle cores, and up to 70 s on busy ones."""
TEXT = "Hello from aimock, and nobody else."
SOCKET_ALIAS, FILES_ALIAS = "dictation", "file-dictation"
MASTER = "sk-master-0f3b9c77d1e84a6fb7a1"
"""Master key of LiteLLM."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@contextlib.contextmanager
def running(
    command: Sequence[str | Path], port: int, folder: Path, environ: Mapping[str, str] | None = None
) -> Iterator[Path]:
    """Run a program, wait until it listens on the port, and yield its log file.

    It has a home folder of its own and is killed with its child processes at the end.
    """
    log = folder / "log.txt"
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    with log.open("wb") as output:
        program = subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=folder,
            start_new_session=True, env={**clean, "HOME": str(folder), **(environ or {})},
        )  # fmt: skip
    try:
        wait_until_listening(port, program, log)
        yield log
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has already ended
            os.killpg(program.pid, signal.SIGKILL)
        program.wait(timeout=10)


def wait_until_listening(port: int, program: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
            return
        going_on = program.poll() is None and time.monotonic() < deadline
        assert going_on, log.read_text("utf-8", "replace")[-2000:]
        time.sleep(0.05)


def transcribe_sample(engine: Engine, received: list[EngineEvent]) -> str:
    """Transcribe the sample with the engine and close the engine."""

    async def transcribed() -> str:
        async with asyncio.timeout(30):
            try:
                return await engine.transcribe(Reader(files.load_take(SAMPLE)), received.append)
            finally:
                await engine.close()

    return asyncio.run(transcribed())
