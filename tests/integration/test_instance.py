"""The socket between processes: real sockets, in a folder of the test's own."""

import asyncio
import os
import stat
import subprocess
import sys
import threading

import pytest

from sayso.storage import instance


@pytest.fixture(autouse=True)
def runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


class RunningServer:
    """A server in a thread, as the worker has it."""

    def __init__(self):
        self.requests = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    async def _answer(self, request):
        self.requests.append(request)
        return "ok"

    def __enter__(self):
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            instance.serve(self._answer), self._loop
        ).result(5)
        return self

    def __exit__(self, *_):
        async def close():
            self._server.close()
            await self._server.wait_closed()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


def test_nobody_answers_where_none_runs():
    assert instance.request("status") is None


def test_a_request_is_answered():
    with RunningServer() as running:
        assert instance.request("start") == "ok"
        assert running.requests == ["start"]


def test_the_socket_is_the_users_own(runtime):
    with RunningServer():
        mode = (runtime / "sayso.sock").stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_a_socket_left_by_a_crash_is_replaced(runtime):
    with RunningServer():
        os.link(runtime / "sayso.sock", runtime / "left")
    os.replace(runtime / "left", runtime / "sayso.sock")
    assert instance.request("status") is None
    with RunningServer():
        assert instance.request("status") == "ok"


def test_a_request_without_end_is_not_kept():
    with RunningServer() as running:
        assert instance.request("x" * 10 * instance.MAX_REQUEST_BYTES) is None
        assert running.requests == []
        assert instance.request("start") == "ok"


def test_only_one_holds_the_lock():
    first, second = instance.FileLock(instance.lock_path()), instance.FileLock(instance.lock_path())
    assert (first.acquire(), second.acquire()) == (True, False)
    first.close()
    assert second.acquire()
    second.close()


def test_without_a_runtime_folder_a_private_one_is_made(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    made = instance.runtime_folder()
    assert os.path.dirname(made) == str(tmp_path)
    assert stat.S_IMODE(os.stat(made).st_mode) == 0o700


def test_somebody_elses_folder_is_not_used(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"sayso-{os.getuid()}").symlink_to(tmp_path)
    with pytest.raises(PermissionError):
        instance.runtime_folder()


def test_where_there_are_no_unix_sockets_a_word_is_asked_for(monkeypatch, runtime):
    monkeypatch.setattr(instance, "_HAS_UNIX_SOCKETS", False)
    with RunningServer() as running:
        assert instance.request("start") == "ok"
        port, word = (runtime / "sayso.sock").read_text().split()
        assert len(word) > 20
        (runtime / "sayso.sock").write_text(f"{port} wrong")
        assert instance.request("stop") is None
        assert running.requests == ["start"]


def test_asking_imports_nothing_heavy():
    code = """
import sys
sys.argv = ["sayso", "start"]
from sayso.cli import main
assert main() == 3
heavy = {"PySide6", "numpy", "asyncio", "attr", "click", "json", "typing", "logging", "re"}
print(*sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "\n"
