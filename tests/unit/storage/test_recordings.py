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
def recordings(tmp_path):
    return Recordings(tmp_path / "state" / "takes")


def test_audio_is_on_disk_when_write_returns(recordings):
    file = recordings.create(ID, RATE_HZ)
    file.write(SECOND)
    assert file.path.stat().st_size == 44 + len(SECOND)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(recordings.folder.stat().st_mode) == 0o700
    file.close()


def test_a_file_that_was_not_closed_is_read_to_its_end(recordings):
    file = recordings.create(ID, RATE_HZ)
    file.write(SECOND)
    assert len(soundfile.read(file.path)[0]) == RATE_HZ
    assert files.load_take(file.path).duration_s == 1.0
    assert recordings.load(ID).read(0) == SECOND
    file.close()


def test_a_closed_file_is_a_valid_wav(recordings):
    file = recordings.create(ID, RATE_HZ)
    file.write(SECOND[:-2])
    file.write(SECOND)
    file.close()
    with wave.open(str(file.path)) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (16000, 1, 2)
        assert wav.getnframes() == 2 * RATE_HZ - 1


WRITER = """
import os, sys
sys.path[:] = sys.argv[3:]
from pathlib import Path
from sayso.storage.recordings import Recordings

file = Recordings(Path(sys.argv[1])).create(sys.argv[2], 16000)
while True:
    for _ in range(20):
        file.write(b"\\x10\\x20" * 80)  # 5 ms
    os.write(1, b".")  # 100 ms written
"""


@pytest.mark.parametrize("run", range(20))
def test_a_kill_during_a_write_loses_less_than_100_ms(recordings, run):
    """The writer is killed after a different time in each run."""
    writer = subprocess.Popen(
        [sys.executable, "-S", "-c", WRITER, str(recordings.folder), ID, *sys.path],
        stdout=subprocess.PIPE,
    )
    assert writer.stdout is not None
    written = len(writer.stdout.read(1 + 7 * run))
    os.kill(writer.pid, signal.SIGKILL)
    written += len(writer.stdout.read())
    writer.stdout.close()
    writer.wait()
    take = recordings.load(ID)
    tenth_bytes = RATE_HZ // 10 * 2
    assert written * tenth_bytes <= take.size_bytes <= (written + 1) * tenth_bytes
    assert set(take.read(0)) == {0x10, 0x20}
    assert files.load_take(recordings.folder / f"{ID}.wav").duration_s == take.duration_s
    assert recordings.wav_ids() == [ID]


def test_recordings_are_listed_oldest_first_and_empty_ones_are_deleted(recordings):
    for name in ("20261121-110000-3", "20261121-090000-1"):
        file = recordings.create(name, RATE_HZ)
        file.write(SECOND)
        file.close()
    recordings.create("20261121-100000-2", RATE_HZ).close()
    (recordings.folder / "20261121-130000-5.wav").write_bytes(b"")
    assert recordings.wav_ids() == ["20261121-090000-1", "20261121-110000-3"]
    assert len(list(recordings.folder.iterdir())) == 2


def test_a_missing_folder_has_no_recordings(recordings):
    assert recordings.wav_ids() == []
    recordings.delete_older_than(1)
    recordings.delete("nothing")
    assert not recordings.folder.exists()


def test_a_take_that_has_just_started_is_not_deleted_as_empty(recordings):
    began_s = time.time() - 1
    file = recordings.create(ID, RATE_HZ)  # no samples yet
    assert recordings.wav_ids(began_s) == []
    file.write(bytes(100))
    file.close()
    assert recordings.load(ID).size_bytes == 100


def test_a_flac_has_the_same_samples_and_replaces_the_wav(recordings):
    file = recordings.create(ID, RATE_HZ)
    noise = bytes(os.urandom(2 * RATE_HZ))
    file.write(noise)
    file.close()
    assert recordings.compress(ID) == f"{ID}.flac"
    (path,) = recordings.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert recordings.load(ID).read(0) == noise
    assert recordings.compress(ID) == f"{ID}.flac"


def test_the_wav_stays_if_no_flac_can_be_written(recordings):
    file = recordings.create(ID, RATE_HZ)
    file.write(SECOND)
    file.close()
    (recordings.folder / f"{ID}.flac").mkdir()
    assert recordings.compress(ID) == f"{ID}.wav"
    assert recordings.load(ID).read(0) == SECOND
    assert not list(recordings.folder.glob("*.new"))


def test_a_recording_can_be_loaded_as_a_take(recordings):
    file = recordings.create(ID, 44100)
    file.write(SECOND + b"\1")  # half a sample, left by a kill
    file.close()
    take = recordings.load(ID)
    assert (take.id, take.rate_hz, take.ended) == (ID, 44100, True)
    assert take.read(0) == SECOND


UNREADABLE = {
    "absent": ("nothing", None, "no longer on this computer"),
    "not a recording": ("x", b"hello" * 20, "damaged"),
    "truncated header": ("x", b"RIFF", "damaged"),
    "path outside the folder": ("../x", b"RIFF", "no longer|damaged"),
}


@pytest.mark.parametrize(("name", "content", "sentence"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_recording_is_reported(recordings, name, content, sentence):
    recordings.folder.mkdir(parents=True)
    if content is not None:
        (recordings.folder / f"{name}.wav").write_bytes(content)
    with pytest.raises(ProblemError, match=sentence):
        recordings.load(name)


def test_old_recordings_are_deleted_and_other_files_kept(recordings):
    for name, age in (("old", 8), ("new", 6)):
        recordings.create(name, RATE_HZ).close()
        path = recordings.folder / f"{name}.wav"
        then = path.stat().st_mtime - age * DAY_S
        os.utime(path, (then, then))
    (recordings.folder / "notes.txt").write_text("mine")
    recordings.delete_older_than(7)
    left = sorted(path.name for path in recordings.folder.iterdir())
    assert left == ["new.wav", "notes.txt"]


def test_a_full_disk_is_reported_once_and_the_take_continues(recordings, monkeypatch):
    file = recordings.create(ID, RATE_HZ)
    file.write(SECOND)
    kept, file._file = file._file, FileIO("/dev/full", "wb")
    with pytest.raises(ProblemError, match="The disk is full"):
        file.write(SECOND)
    kept.close()
    file.write(SECOND)
    file.close()
    assert recordings.load(ID).duration_s == 1.0


def test_a_folder_that_cannot_be_created_is_reported(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ProblemError, match="cannot be saved") as caught:
        Recordings(tmp_path / "file" / "takes").create(ID, RATE_HZ)
    assert str(errno.ENOTDIR) in caught.value.problem.detail


def test_two_takes_never_share_a_file(recordings):
    recordings.create(ID, RATE_HZ).close()
    with pytest.raises(ProblemError, match="cannot be saved"):
        recordings.create(ID, RATE_HZ)
