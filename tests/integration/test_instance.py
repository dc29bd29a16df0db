"""Lock and control socket, with real sockets in the folder of the test."""

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
    """A control server in its own thread."""

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


def test_a_request_returns_none_if_sayso_is_not_running():
    assert instance.request("status") is None


def test_a_request_gets_a_response():
    with RunningServer() as running:
        assert instance.request("start") == "ok"
        assert running.requests == ["start"]


def test_the_socket_is_private(runtime):
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


def test_an_endless_request_is_not_buffered():
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


def test_without_a_runtime_folder_a_private_one_is_created(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    created = instance.runtime_folder()
    assert os.path.dirname(created) == str(tmp_path)
    assert stat.S_IMODE(os.stat(created).st_mode) == 0o700


def test_a_folder_of_another_user_is_not_used(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"sayso-{os.getuid()}").symlink_to(tmp_path)
    with pytest.raises(PermissionError):
        instance.runtime_folder()


def test_without_unix_sockets_a_token_is_required(monkeypatch, runtime):
    monkeypatch.setattr(instance, "_HAS_UNIX_SOCKETS", False)
    with RunningServer() as running:
        assert instance.request("start") == "ok"
        port, token = (runtime / "sayso.sock").read_text().split()
        assert len(token) > 20
        (runtime / "sayso.sock").write_text(f"{port} wrong")
        assert instance.request("stop") is None
        assert running.requests == ["start"]


def test_a_remote_command_imports_nothing_heavy():
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
