"""A full disk, a read-only home, and truncated or invalid recordings.

The program runs on a small or read-only file system in its own mount namespace.
"""

from __future__ import annotations

import os
import shlex
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.desktop_fixture import Desktop
from desktop.editors import Xterm
from desktop.processes import wait_until
from desktop.sound import speech_clips
from sayso.core.problems import ProblemError
from sayso.storage.history import HistoryStore
from sayso.storage.recordings import Recordings, wav_header
from service import StandIn, in_thread

TEXT = "Every word stands here."
ONE_SECOND = b"\x10\x20" * 16_000
CLIP = min((path for path, _ in speech_clips()), key=lambda path: path.stat().st_size)
ID = "20261121-093207-123456"


@pytest.fixture(scope="module")
def _desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with Desktop(tmp_path_factory.mktemp("desktop")) as desktop:
        yield desktop


@pytest.fixture
def desktop(_desktop: Desktop) -> Iterator[Desktop]:
    with _desktop.fresh_home() as at_home:
        yield at_home


@pytest.fixture(scope="module")
def service() -> Iterator[StandIn]:
    with in_thread(StandIn([TEXT] * 20)) as service:
        yield service


def mount_command(*mounts: str) -> list[str]:
    """Return a command that mounts in its own namespace and then runs its arguments."""
    who = "-m" if os.getuid() == 0 else "-rm"
    return ["unshare", who, "sh", "-ec", "\n".join([*mounts, 'exec "$0" "$@"'])]


def small_disk(folder: Path, size: str) -> list[str]:
    return mount_command(f"mount -t tmpfs -o size={size} tmpfs {shlex.quote(str(folder))}")


def read_only(*folders: Path) -> list[str]:
    paths = [shlex.quote(str(folder)) for folder in folders]
    return mount_command(
        *(f"mount --bind {path} {path}; mount -o remount,ro,bind {path}" for path in paths)
    )


def start_app(desktop: Desktop, service: StandIn, under: list[str]) -> None:
    desktop.configure(engine="realtime", endpoint__url=service.url)
    assert desktop.sayso("key", "set", stdin=f"{service.key}\n").returncode == 0
    desktop.start_app(prefix=under)
    desktop.wait_until_ready()


def test_a_full_disk_is_reported_and_the_text_inserted(desktop: Desktop, service: StandIn) -> None:
    """3 s of audio are 300 kB."""
    home = desktop.home
    start_app(desktop, service, small_disk(home / "state", "200k"))
    with Xterm(desktop.display) as editor:
        take = desktop.dictate(CLIP)
        wait_until(lambda: editor.text() == TEXT, "the text is inserted")
    assert (take["text"], take["outcome"]) == (TEXT, "inserted")
    assert take["duration_s"] > 2
    problem = desktop.status()["problem"]
    assert problem.startswith("The disk is full, so ")


def test_a_read_only_home_is_reported_and_the_text_inserted(
    desktop: Desktop, service: StandIn
) -> None:
    home = desktop.home
    folders = [home / name for name in ("state", "config", "data")]
    start_app(desktop, service, read_only(*folders))
    problem = desktop.status()["problem"]
    assert "cannot" in problem
    with Xterm(desktop.display) as editor:
        take = desktop.dictate(CLIP)
        wait_until(lambda: editor.text() == TEXT, "the text is inserted")
    assert (take["text"], take["outcome"]) == (TEXT, "inserted")


def test_a_valid_recording_is_recovered_and_invalid_ones_are_quarantined(
    desktop: Desktop, service: StandIn
) -> None:
    takes = desktop.home / "state" / "sayso" / "takes"
    takes.mkdir(parents=True)
    files = {
        "20261101-000000-aaaaaa": wav_header(16_000, None)[:30],
        "20261101-000000-bbbbbb": b"RIFX" + wav_header(16_000, None)[4:] + ONE_SECOND,
        "20261101-000000-cccccc": os.urandom(5000),
        "20261101-000000-dddddd": wav_header(0, None) + ONE_SECOND,
        "20261101-000000-eeeeee": b"",
        "20261101-000000-ffffff": wav_header(16_000, None) + loud_audio() + b"\1",
    }
    for name, content in files.items():
        (takes / f"{name}.wav").write_bytes(content)
    start_app(desktop, service, [])
    desktop.wait_for(held=TEXT)
    desktop.stop_app()
    aside = {path.name.partition(".")[0][-6:] for path in takes.glob("*.unreadable")}
    assert aside == {"bbbbbb", "cccccc", "dddddd"}
    (row,) = HistoryStore(desktop.home / "state" / "sayso" / "history.db").entries()
    assert (row.id[-6:], row.text, row.outcome) == ("ffffff", TEXT, "rescued")


def loud_audio() -> bytes:
    """Return audio that is loud enough for speech."""
    return struct.pack("<2h", 8000, -8000) * 16_000


@given(st.binary(max_size=200), st.integers(0, 80))
def test_a_damaged_header_is_never_read_as_a_recording(
    tmp_path_factory, junk: bytes, at: int
) -> None:
    """A header with an overwritten part is either still valid or reported as damaged."""
    folder = tmp_path_factory.mktemp("takes")
    whole = wav_header(16_000, None) + ONE_SECOND[:400]
    (folder / f"{ID}.wav").write_bytes(whole[:at] + junk + whole[at + len(junk) :])
    damaged = ""
    try:
        take = Recordings(folder).load(ID)
    except ProblemError as error:
        damaged = error.problem.message
    assert "damaged" in damaged or (take.rate_hz == 16_000 and take.size_bytes % 2 == 0)


def test_a_take_continues_in_memory_when_its_file_fails(tmp_path: Path) -> None:
    """The audio that was written before stays readable."""
    file = Recordings(tmp_path).create(ID, 16_000)
    file.write(ONE_SECOND)
    os.close(file._file.fileno())  # type: ignore[union-attr]
    with pytest.raises(ProblemError, match="cannot be saved"):
        file.write(ONE_SECOND)
    file.write(ONE_SECOND)  # reported once
    assert Recordings(tmp_path).load(ID).read(0) == ONE_SECOND
