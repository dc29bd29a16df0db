"""One Sayso at a time, whatever starts when and however the last one ended. Real processes."""

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

os.read(0, 1)  # until all are there
try:
    lock = instance.claim(10)
except TimeoutError:
    print("nobody answers", flush=True)
    sys.exit(1)
print("the other" if lock is None else "mine", flush=True)
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
    """Some processes that wait side by side, and start in the same instant."""

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
def test_of_starts_in_the_same_instant_one_runs_after_every_crash(count: int, rounds: int) -> None:
    """Each round ends by kill -9, which leaves lock and socket for the next."""
    for number in range(rounds):
        starts = ConcurrentStarts(*["lives"] * count)
        try:
            assert starts.output() == ["mine"] + ["the other"] * (count - 1), f"round {number}"
            assert instance.request("status") == "ok"
        finally:
            starts.kill()
        assert os.path.exists(instance.socket_path())


def test_where_the_first_dies_while_it_starts_another_takes_its_place() -> None:
    starts = ConcurrentStarts("dies", "dies", "lives", "lives", "lives")
    try:
        said = starts.output()
        assert said.count("mine") - said.count("the other") <= 3
        assert "nobody answers" not in said
        assert instance.request("status") == "ok"
    finally:
        starts.kill()


def test_one_whose_lock_was_tidied_away_is_still_the_one(runtime: Path) -> None:
    starts = ConcurrentStarts("lives")
    try:
        assert starts.output() == ["mine"]
        wait_until(lambda: instance.request("status") == "ok", "it answers")
        (runtime / "sayso.sock.lock").unlink()
        assert instance.claim(5) is None
    finally:
        starts.kill()


def test_one_that_neither_answers_nor_ends_is_told() -> None:
    held = instance.FileLock(instance.lock_path())
    assert held.acquire()
    with pytest.raises(TimeoutError, match="does not answer"):
        instance.claim(0.2)
    held.close()


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with Desktop(tmp_path_factory.mktemp("desktop"), keyring="none") as desktop:
        yield desktop


def test_ten_starts_of_the_whole_program_end_in_one(desktop: Desktop) -> None:
    """They find what kill -9 has left."""
    desktop.start_app()
    desktop.kill_app()
    sys.stdout.write(f"Ten starts, one runs, after {start_ten_at_once(desktop):.1f} s\n")


def start_ten_at_once(desktop: Desktop) -> float:
    """How long it took, in s."""
    begun_s = time.monotonic()
    children = [
        subprocess.Popen(
            COMMAND, env=desktop.environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        for _ in range(10)
    ]  # fmt: skip

    def over() -> list[int]:
        return [child.returncode for child in children if child.poll() is not None]

    try:
        wait_until(lambda: len(over()) >= 9, "nine have gone", 60)
        took_s = time.monotonic() - begun_s
        assert over() == [0] * 9
        assert desktop.status()["state"] == "idle"
    finally:
        for child in children:
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
            _, told = child.communicate()
            assert b"Traceback" not in told, told.decode()
    return took_s
