"""Only one instance runs, even after simultaneous starts and crashes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.desktop_fixture import COMMAND, Desktop
from desktop.processes import wait_until
from sayso.storage import instance

START_PROGRAM = """
import asyncio, os, sys
sys.path[:] = sys.argv[2:]
from sayso.storage import instance

os.read(0, 1)  # until all processes are ready
try:
    lock = instance.claim(10)
except TimeoutError:
    print("no response", flush=True)
    sys.exit(1)
print("shown" if lock is None else "running", flush=True)
if lock is None:
    sys.exit(0)
if sys.argv[1] == "dies":
    os.kill(os.getpid(), 9)

async def answer(request):
    return "ok"

async def main():
    server = await instance.serve(answer)
    await server.serve_forever()

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


class ConcurrentStarts:
    """Processes that wait for each other and then start at the same time."""

    def __init__(self, *fates: str) -> None:
        reads, writes = os.pipe()
        self._children = [
            subprocess.Popen(
                [sys.executable, "-S", "-c", START_PROGRAM, fate, *sys.path],
                stdin=reads, stdout=subprocess.PIPE, text=True,
            )
            for fate in fates
        ]  # fmt: skip
        os.close(reads)
        os.write(writes, b"x" * len(fates))
        os.close(writes)

    def output(self) -> list[str]:
        lines = []
        for child in self._children:
            assert child.stdout is not None
            lines.append(child.stdout.readline().strip())
        return sorted(lines)

    def kill(self) -> None:
        for child in self._children:
            child.kill()
            child.wait()
            assert child.stdout is not None
            child.stdout.close()


@pytest.mark.parametrize(("count", "rounds"), [(2, 8), (10, 3)], ids=["two", "ten"])
def test_one_of_simultaneous_starts_runs_after_every_crash(count: int, rounds: int) -> None:
    """Each round ends with kill -9, which leaves lock and socket behind."""
    for number in range(rounds):
        starts = ConcurrentStarts(*["lives"] * count)
        try:
            assert starts.output() == ["running"] + ["shown"] * (count - 1), f"round {number}"
            assert instance.request("status") == "ok"
        finally:
            starts.kill()
        assert os.path.exists(instance.socket_path())


def test_another_start_takes_over_if_the_first_dies() -> None:
    starts = ConcurrentStarts("dies", "dies", "lives", "lives", "lives")
    try:
        said = starts.output()
        assert said.count("running") - said.count("shown") <= 3
        assert "no response" not in said
        assert instance.request("status") == "ok"
    finally:
        starts.kill()


def test_an_instance_whose_lock_file_was_deleted_keeps_running(runtime: Path) -> None:
    starts = ConcurrentStarts("lives")
    try:
        assert starts.output() == ["running"]
        wait_until(lambda: instance.request("status") == "ok", "it responds")
        (runtime / "sayso.sock.lock").unlink()
        assert instance.claim(5) is None
    finally:
        starts.kill()


def test_an_instance_that_does_not_respond_is_reported() -> None:
    held = instance.FileLock(instance.lock_path())
    assert held.acquire()
    with pytest.raises(TimeoutError, match="does not respond"):
        instance.claim(0.2)
    held.close()


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with Desktop(tmp_path_factory.mktemp("desktop"), keyring="none") as desktop:
        yield desktop


def test_one_of_ten_starts_of_the_program_runs(desktop: Desktop) -> None:
    """Lock and socket are left over from a kill -9."""
    desktop.start_app()
    desktop.kill_app()
    sys.stdout.write(f"One of ten starts runs after {start_ten_at_once(desktop):.1f} s\n")


def start_ten_at_once(desktop: Desktop) -> float:
    """Start ten processes; return the seconds until nine have ended."""
    started_s = time.monotonic()
    children = [
        subprocess.Popen(
            COMMAND, env=desktop.environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        for _ in range(10)
    ]  # fmt: skip

    def exit_codes() -> list[int]:
        return [child.returncode for child in children if child.poll() is not None]

    try:
        wait_until(lambda: len(exit_codes()) >= 9, "nine processes have ended", 60)
        took_s = time.monotonic() - started_s
        assert exit_codes() == [0] * 9
        assert desktop.status()["state"] == "idle"
    finally:
        for child in children:
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
            _, output = child.communicate()
            assert b"Traceback" not in output, output.decode()
    return took_s
