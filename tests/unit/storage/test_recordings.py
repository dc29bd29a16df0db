import errno
import os
import signal
import stat
import subprocess
import sys
import time
import wave
from io import FileIO

import pytest
import soundfile

from sayso.audio import files
from sayso.core.problems import ProblemError
from sayso.storage.recordings import DAY_S, Recordings

RATE_HZ = 16000
SECOND = b"\x10\x20" * RATE_HZ
ID = "20261121-093207-123456"


@pytest.fixture
def spool(tmp_path):
    return Recordings(tmp_path / "state" / "takes")


def test_audio_is_on_the_disk_when_write_returns(spool):
    file = spool.create(ID, RATE_HZ)
    file.write(SECOND)
    assert file.path.stat().st_size == 44 + len(SECOND)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700
    file.close()


def test_a_file_that_was_never_closed_is_read_to_its_end(spool):
    file = spool.create(ID, RATE_HZ)
    file.write(SECOND)
    assert len(soundfile.read(file.path)[0]) == RATE_HZ
    assert files.load_take(file.path).duration_s == 1.0
    assert spool.load(ID).read(0) == SECOND
    file.close()


def test_a_closed_file_is_a_wav_like_any_other(spool):
    file = spool.create(ID, RATE_HZ)
    file.write(SECOND[:-2])
    file.write(SECOND)
    file.close()
    with wave.open(str(file.path)) as whole:
        assert (whole.getframerate(), whole.getnchannels(), whole.getsampwidth()) == (16000, 1, 2)
        assert whole.getnframes() == 2 * RATE_HZ - 1


WRITER = """
import os, sys
sys.path[:] = sys.argv[3:]
from pathlib import Path
from sayso.storage.recordings import Recordings

file = Recordings(Path(sys.argv[1])).create(sys.argv[2], 16000)
while True:
    for _ in range(20):
        file.write(b"\\x10\\x20" * 80)  # 5 ms
    os.write(1, b".")  # 100 ms were handed over
"""


@pytest.mark.parametrize("run", range(20))
def test_a_kill_in_mid_write_loses_less_than_100_ms(spool, run):
    """Killed after a number of ms that is another in each run."""
    writer = subprocess.Popen(
        [sys.executable, "-S", "-c", WRITER, str(spool.folder), ID, *sys.path],
        stdout=subprocess.PIPE,
    )
    assert writer.stdout is not None
    handed = len(writer.stdout.read(1 + 7 * run))
    os.kill(writer.pid, signal.SIGKILL)
    handed += len(writer.stdout.read())
    writer.stdout.close()
    writer.wait()
    take = spool.load(ID)
    tenth_bytes = RATE_HZ // 10 * 2
    assert handed * tenth_bytes <= take.size_bytes <= (handed + 1) * tenth_bytes
    assert set(take.read(0)) == {0x10, 0x20}
    assert files.load_take(spool.folder / f"{ID}.wav").duration_s == take.duration_s
    assert spool.wav_ids() == [ID]


def test_recordings_are_listed_oldest_first_and_empty_ones_go(spool):
    for name in ("20261121-110000-3", "20261121-090000-1"):
        file = spool.create(name, RATE_HZ)
        file.write(SECOND)
        file.close()
    spool.create("20261121-100000-2", RATE_HZ).close()
    (spool.folder / "20261121-130000-5.wav").write_bytes(b"")
    assert spool.wav_ids() == ["20261121-090000-1", "20261121-110000-3"]
    assert len(list(spool.folder.iterdir())) == 2


def test_a_folder_that_is_not_there_yet_has_no_takes(spool):
    assert spool.wav_ids() == []
    spool.delete_older_than(1)
    spool.delete("nothing")
    assert not spool.folder.exists()


def test_a_take_that_is_just_beginning_is_not_taken_for_an_empty_one(spool):
    began_s = time.time() - 1
    file = spool.create(ID, RATE_HZ)  # not one sample is in it yet
    assert spool.wav_ids(began_s) == []
    file.write(bytes(100))
    file.close()
    assert spool.load(ID).size_bytes == 100


def test_a_flac_is_the_take_sample_by_sample_and_the_wav_is_gone(spool):
    file = spool.create(ID, RATE_HZ)
    noise = bytes(os.urandom(2 * RATE_HZ))
    file.write(noise)
    file.close()
    assert spool.compress(ID) == f"{ID}.flac"
    (path,) = spool.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert spool.load(ID).read(0) == noise
    assert spool.compress(ID) == f"{ID}.flac"


def test_where_no_flac_can_be_made_the_wav_stays(spool):
    file = spool.create(ID, RATE_HZ)
    file.write(SECOND)
    file.close()
    (spool.folder / f"{ID}.flac").mkdir()
    assert spool.compress(ID) == f"{ID}.wav"
    assert spool.load(ID).read(0) == SECOND
    assert not list(spool.folder.glob("*.new"))


def test_a_loaded_take_can_be_recognised_again(spool):
    file = spool.create(ID, 44100)
    file.write(SECOND + b"\1")  # half a sample, as a kill leaves it
    file.close()
    take = spool.load(ID)
    assert (take.id, take.rate_hz, take.ended) == (ID, 44100, True)
    assert take.read(0) == SECOND


UNREADABLE = {
    "absent": ("nothing", None, "no longer on this computer"),
    "not a recording": ("x", b"hello" * 20, "damaged"),
    "cut off in its header": ("x", b"RIFF", "damaged"),
    "a path out of the folder": ("../x", b"RIFF", "no longer|damaged"),
}


@pytest.mark.parametrize(("name", "content", "sentence"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_take_that_cannot_be_read_is_told(spool, name, content, sentence):
    spool.folder.mkdir(parents=True)
    if content is not None:
        (spool.folder / f"{name}.wav").write_bytes(content)
    with pytest.raises(ProblemError, match=sentence):
        spool.load(name)


def test_old_takes_are_forgotten_and_nothing_else(spool):
    for name, age in (("old", 8), ("new", 6)):
        spool.create(name, RATE_HZ).close()
        path = spool.folder / f"{name}.wav"
        then = path.stat().st_mtime - age * DAY_S
        os.utime(path, (then, then))
    (spool.folder / "notes.txt").write_text("mine")
    spool.delete_older_than(7)
    left = sorted(path.name for path in spool.folder.iterdir())
    assert left == ["new.wav", "notes.txt"]


def test_a_full_disk_is_told_once_and_the_take_goes_on(spool, monkeypatch):
    file = spool.create(ID, RATE_HZ)
    file.write(SECOND)
    kept, file._file = file._file, FileIO("/dev/full", "wb")
    with pytest.raises(ProblemError, match="The disk is full"):
        file.write(SECOND)
    kept.close()
    file.write(SECOND)
    file.close()
    assert spool.load(ID).duration_s == 1.0


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ProblemError, match="cannot be kept on the disk") as caught:
        Recordings(tmp_path / "file" / "takes").create(ID, RATE_HZ)
    assert str(errno.ENOTDIR) in caught.value.problem.detail


def test_two_takes_never_share_a_file(spool):
    spool.create(ID, RATE_HZ).close()
    with pytest.raises(ProblemError, match="cannot be kept"):
        spool.create(ID, RATE_HZ)
