"""Recordings of takes on disk: ID.wav while a take is recorded, ID.flac afterwards.

A WAV without a row in the history was interrupted by a crash. Writes are unbuffered and survive a
kill -9. The file is synced when the take ends; a power cut before that can lose the last 30 s with
the usual Linux settings. Until then the header says that the data extends to the end of the file.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import math
import os
import struct
import time
from io import FileIO
from pathlib import Path

import attrs

from ..core.dictation.take import BYTES_PER_SAMPLE, Take
from ..core.problems import ProblemError
from ..core.problems import storage as problems
from .paths import open_private

log = logging.getLogger(__name__)

HEADER_BYTES = 44
UNKNOWN_SIZE_BYTES = 0xFFFFFFFF  # as ffmpeg and sox write to pipes
MAX_RATE_HZ = 768_000
DAY_S = 86400


def wav_header(rate_hz: int, data_bytes: int | None) -> bytes:
    """Return a 44-byte WAV header for s16le mono audio; None: the size is not known yet."""
    size = UNKNOWN_SIZE_BYTES if data_bytes is None else data_bytes
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", min(UNKNOWN_SIZE_BYTES, size + HEADER_BYTES - 8), b"WAVE",
        b"fmt ", 16, 1, 1, rate_hz, rate_hz * BYTES_PER_SAMPLE, BYTES_PER_SAMPLE, 16,
        b"data", size,
    )  # fmt: skip


class RecordingFile:
    """The file of a take that is being recorded."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        self.path = path
        self._rate_hz = rate_hz
        self._size_bytes = 0
        self._file: FileIO | None = None
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = FileIO(path, "xb", opener=open_private)
            self._write_all(wav_header(rate_hz, None))
        except OSError as error:
            self._close_file()
            raise _problem_error(error) from error

    def write(self, pcm: bytes) -> None:
        """Append s16le mono samples, which survive a crash of Sayso when this returns.

        Raises:
            ProblemError: The file cannot be written. Later writes are dropped silently.
        """
        if self._file is None:
            return
        try:
            self._write_all(pcm)
        except OSError as error:
            self.close()
            raise _problem_error(error) from error
        self._size_bytes += len(pcm)

    def close(self) -> None:
        """Complete the header and sync the file."""
        if self._file is None:
            return
        # This needs no disk space, and readers accept the old header too.
        with contextlib.suppress(OSError):
            self._file.seek(0)
            self._file.write(wav_header(self._rate_hz, self._size_bytes))
            os.fsync(self._file.fileno())
        self._close_file()

    def _write_all(self, data: bytes) -> None:
        assert self._file is not None
        while data:  # a write can be partial when the disk gets full
            data = data[self._file.write(data) :]

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # write() has reported it
                file.close()


@attrs.frozen
class Recordings:
    """The folder of recordings. It is created with the first one, for this user only."""

    folder: Path

    def create(self, take_id: str, rate_hz: int) -> RecordingFile:
        """Create the file of a take. Raises ProblemError if it cannot be written."""
        return RecordingFile(self.folder / f"{take_id}.wav", rate_hz)

    def wav_ids(self, modified_before_s: float = math.inf) -> list[str]:
        """Return the IDs of the takes with a WAV, oldest first, and delete empty files.

        Files modified after `modified_before_s` (seconds since 1970) are left out and not
        deleted, because a take may be using them.
        """
        paths = self.folder.glob("*.wav")
        old = sorted(path for path in paths if modified_s(path) < modified_before_s)
        return [path.stem for path in old if not _deleted_if_empty(path)]

    def audio_path(self, take_id: str) -> Path | None:
        """Return the take's WAV or FLAC, or None if there is none."""
        if Path(take_id).name != take_id:
            return None
        paths = (self.folder / f"{take_id}{suffix}" for suffix in (".wav", ".flac"))
        return next((path for path in paths if path.exists()), None)

    def load(self, take_id: str) -> Take:
        """Return the ended take. Raises ProblemError if there is no readable recording."""
        if self.audio_path(take_id) is None:
            raise ProblemError(problems.RECORDING_MISSING())
        try:
            data = (self.folder / f"{take_id}.wav").read_bytes()
        except FileNotFoundError as error:  # the FLAC exists before its WAV is deleted
            from ..audio import files

            if not (flac := self.folder / f"{take_id}.flac").exists():
                raise ProblemError(problems.RECORDING_MISSING()) from error
            return files.load_take(flac)
        except OSError as error:
            raise ProblemError(problems.RECORDING_UNREADABLE(detail=str(error))) from error
        if not (rate_hz := _parse_rate_hz(data)):
            raise ProblemError(problems.RECORDING_DAMAGED())
        take = Take(number=0, id=take_id, rate_hz=rate_hz)
        pcm = data[HEADER_BYTES:]
        take.append(pcm[: len(pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE])
        take.end()
        return take

    def compress(self, take_id: str) -> str:
        """Convert the WAV to FLAC, and return the name of the file that remains.

        The WAV is deleted after the FLAC has been synced and its length checked. It stays if the
        conversion fails. Takes 0.1 s per minute of audio. Raises ProblemError as `load`.
        """
        take = self.load(take_id)
        wav, flac = (self.folder / f"{take_id}{suffix}" for suffix in (".wav", ".flac"))
        if not wav.exists():
            return flac.name
        import numpy as np
        import soundfile

        samples = np.frombuffer(take.read(0), "<i2")
        temporary = self.folder / f"{take_id}.flac.new"
        try:
            with open(temporary, "w+b", opener=open_private) as file:
                soundfile.write(file, samples, take.rate_hz, format="FLAC", subtype="PCM_16")
                file.flush()
                os.fsync(file.fileno())
                file.seek(0)
                if soundfile.info(file).frames != len(samples):
                    raise OSError(errno.EIO, "the FLAC has another length")
            temporary.replace(flac)
        except (soundfile.LibsndfileError, OSError) as error:
            log.info("%s is kept as WAV: %s", take_id, error)
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            return wav.name
        wav.unlink(missing_ok=True)
        return flac.name

    def quarantine(self, take_id: str) -> None:
        """Rename an unreadable WAV, so that it is not loaded again at every start."""
        with contextlib.suppress(OSError):
            (self.folder / f"{take_id}.wav").replace(self.folder / f"{take_id}.unreadable")

    def delete(self, take_id: str) -> None:
        for suffix in (".flac.new", ".flac", ".wav"):
            (self.folder / f"{take_id}{suffix}").unlink(missing_ok=True)

    def delete_older_than(self, days: float) -> None:
        """Delete recordings by age, even if they are in the history."""
        oldest_s = time.time() - days * DAY_S
        for suffix in ("wav", "flac", "flac.new", "unreadable"):
            for path in self.folder.glob(f"*.{suffix}"):
                with contextlib.suppress(OSError):  # already gone, or not deletable
                    if path.stat().st_mtime < oldest_s:
                        path.unlink()


def modified_s(path: Path) -> float:
    """Return the time of the last write in seconds since 1970; 0.0 if the file is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _deleted_if_empty(path: Path) -> bool:
    """Delete a recording without samples; return whether it had none."""
    with contextlib.suppress(OSError):  # already gone, or not deletable
        if path.stat().st_size > HEADER_BYTES:
            return False
        path.unlink()
    return True


def _parse_rate_hz(data: bytes) -> int:
    """Return the sample rate of a WAV written by Sayso; 0 if another program wrote it."""
    if len(data) < HEADER_BYTES:
        return 0
    rate_hz = int(struct.unpack_from("<I", data, 24)[0])
    expected = wav_header(rate_hz, None) if 0 < rate_hz <= MAX_RATE_HZ else b""
    without_sizes = slice(8, 40)
    is_ours = data[:4] == b"RIFF" and data[without_sizes] == expected[without_sizes]
    return rate_hz if is_ours else 0


def _problem_error(error: OSError) -> ProblemError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    kind = problems.RECORDING_DISK_FULL if full else problems.RECORDING_NOT_WRITTEN
    return ProblemError(kind(detail=str(error)))
