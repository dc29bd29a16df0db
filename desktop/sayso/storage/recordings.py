"""A take's audio on disk, from its first sample on: ID.wav while it goes on, ID.flac later.

A WAV that the history knows nothing of was cut off by a crash. It is written without a buffer
of ours, so what was written survives a kill -9. A power cut may cost what the system had not
yet put on the disk, up to 30 s with the usual settings of Linux: there is no fsync while a take
goes on, which would cost milliseconds a block; there is one when the take is over. The WAV's
header says 'to the end of the file' until then, which readers accept.
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
from ..core.problems import ProblemError, untyped_problem

log = logging.getLogger(__name__)

HEADER_BYTES = 44
UNKNOWN_SIZE_BYTES = 0xFFFFFFFF
"""As ffmpeg and sox write it to pipes: the data goes on to the end of the file."""
MAX_RATE_HZ = 768_000
DAY_S = 86400

RECORDING_MISSING = untyped_problem("This recording is no longer on this computer.")


def wav_header(rate_hz: int, data_bytes: int | None) -> bytes:
    """44 bytes that make s16le mono a WAV file; None while nobody knows how long it gets."""
    size = UNKNOWN_SIZE_BYTES if data_bytes is None else data_bytes
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", min(UNKNOWN_SIZE_BYTES, size + HEADER_BYTES - 8), b"WAVE",
        b"fmt ", 16, 1, 1, rate_hz, rate_hz * BYTES_PER_SAMPLE, BYTES_PER_SAMPLE, 16,
        b"data", size,
    )  # fmt: skip


class RecordingFile:
    """The file of a take that goes on. After a full disk it takes writes and drops them."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        self.path = path
        self._rate_hz = rate_hz
        self._size_bytes = 0
        self._file: FileIO | None = None
        try:
            self._file = FileIO(path, "xb", opener=_open_private)
            self._write_all(wav_header(rate_hz, None))
        except OSError as error:
            self._close_file()
            raise _problem_error(error) from error

    def write(self, pcm: bytes) -> None:
        """Append s16le mono; it is the system's when this returns.

        Raises:
            ProblemError: The disk is full or cannot be written; once, then writes are dropped.
        """
        if self._file is None:
            return
        try:
            self._write_all(pcm)
        except OSError as error:
            self._finalize()
            raise _problem_error(error) from error
        self._size_bytes += len(pcm)

    def close(self) -> None:
        """Complete the header."""
        self._finalize()

    def _write_all(self, data: bytes) -> None:
        """All of it: a write may take a part only, when the disk gets full."""
        assert self._file is not None
        while data:
            data = data[self._file.write(data) :]

    def _finalize(self) -> None:
        if self._file is None:
            return
        # The header is repaired in place, which needs no space; without it readers cope too.
        with contextlib.suppress(OSError):
            self._file.seek(0)
            self._file.write(wav_header(self._rate_hz, self._size_bytes))
            os.fsync(self._file.fileno())
        self._close_file()

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # told when it was written, if anything is amiss
                file.close()


@attrs.frozen
class Recordings:
    """The folder of takes; made when the first is written, for this user only."""

    folder: Path

    def create(self, take_id: str, rate_hz: int) -> RecordingFile:
        """Begin a take's file.

        Raises:
            ProblemError: The disk is full or the folder cannot be written.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _problem_error(error) from error
        return RecordingFile(self.folder / f"{take_id}.wav", rate_hz)

    def wav_ids(self, modified_before_s: float = math.inf) -> list[str]:
        """Ids of the takes that are there as WAV, oldest first.

        `before_s`, since 1970: files that were written to later are somebody's who is at it, also
        where not one sample is in them yet.
        """
        paths = [path for path in self.folder.glob("*.wav") if modified_s(path) < modified_before_s]
        return [path.stem for path in sorted(paths) if not _deleted_if_empty(path)]

    def audio_path(self, take_id: str) -> Path | None:
        """Its file, whichever it is now."""
        if Path(take_id).name != take_id:
            return None
        paths = (self.folder / f"{take_id}{end}" for end in (".wav", ".flac"))
        return next((path for path in paths if path.exists()), None)

    def load(self, take_id: str) -> Take:
        """The take with all its audio, ended, to be recognised again.

        Raises:
            ProblemError: There is no such recording, or it cannot be read.
        """
        if self.audio_path(take_id) is None:
            raise ProblemError(RECORDING_MISSING)
        try:
            data = (self.folder / f"{take_id}.wav").read_bytes()
        except FileNotFoundError as error:  # a FLAC is there before its WAV goes
            from ..audio import files

            if not (flac := self.folder / f"{take_id}.flac").exists():
                raise ProblemError(RECORDING_MISSING) from error
            return files.load_take(flac)
        except OSError as error:
            raise ProblemError(
                untyped_problem("This recording cannot be read.", detail=str(error))
            ) from error
        if not (rate_hz := _parse_rate_hz(data)):
            raise ProblemError(untyped_problem("This recording is damaged and cannot be read."))
        take = Take(number=0, id=take_id, rate_hz=rate_hz)
        pcm = data[HEADER_BYTES:]
        take.append(pcm[: len(pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE])
        take.end()
        return take

    def compress(self, take_id: str) -> str:
        """Make a FLAC of the WAV, which goes once the FLAC is on the disk and as long.

        Takes about 0.1 s for each minute. Returns the name of the file that is there now;
        where FLAC does not work out, that is the WAV.

        Raises:
            ProblemError: There is no recording, or it cannot be read.
        """
        take = self.load(take_id)
        wav, flac = (self.folder / f"{take_id}{end}" for end in (".wav", ".flac"))
        if not wav.exists():
            return flac.name
        import numpy as np
        import soundfile

        samples = np.frombuffer(take.read(0), "<i2")
        fresh = self.folder / f"{take_id}.flac.new"
        try:
            with open(fresh, "w+b", opener=_open_private) as file:
                soundfile.write(file, samples, take.rate_hz, format="FLAC", subtype="PCM_16")
                file.flush()
                os.fsync(file.fileno())
                file.seek(0)
                if soundfile.info(file).frames != len(samples):
                    raise OSError(errno.EIO, "the FLAC is of another length")
            fresh.replace(flac)
        except (soundfile.LibsndfileError, OSError) as error:
            log.info("%s stays a WAV: %s", take_id, error)
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            return wav.name
        wav.unlink(missing_ok=True)
        return flac.name

    def quarantine(self, take_id: str) -> None:
        """Rename what cannot be read, so that it is not met at every start."""
        with contextlib.suppress(OSError):  # then it is met again
            (self.folder / f"{take_id}.wav").replace(self.folder / f"{take_id}.unreadable")

    def delete(self, take_id: str) -> None:
        """Delete one take; nothing happens if it is gone."""
        for end in (".flac.new", ".flac", ".wav"):
            (self.folder / f"{take_id}{end}").unlink(missing_ok=True)

    def delete_older_than(self, days: float) -> None:
        """Delete sound by its age, whatever the history says; files that are no takes stay."""
        oldest = time.time() - days * DAY_S
        for end in ("wav", "flac", "flac.new", "unreadable"):
            for path in self.folder.glob(f"*.{end}"):
                with contextlib.suppress(OSError):  # gone already, or no longer ours to delete
                    if path.stat().st_mtime < oldest:
                        path.unlink()


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def modified_s(path: Path) -> float:
    """When it was last written to, since 1970; 0.0 if it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _deleted_if_empty(path: Path) -> bool:
    """Not one sample came to the disk; such a file is deleted."""
    with contextlib.suppress(OSError):  # gone, or not ours to delete
        if path.stat().st_size > HEADER_BYTES:
            return False
        path.unlink()
    return True


def _parse_rate_hz(data: bytes) -> int:
    """Of a file that begins as ours do; 0 for any other, whose samples would be read wrongly."""
    if len(data) < HEADER_BYTES:
        return 0
    rate_hz = int(struct.unpack_from("<I", data, 24)[0])
    ours = wav_header(rate_hz, None) if 0 < rate_hz <= MAX_RATE_HZ else b""
    without_sizes = slice(8, 40)
    is_ours = data[:4] == b"RIFF" and data[without_sizes] == ours[without_sizes]
    return rate_hz if is_ours else 0


def _problem_error(error: OSError) -> ProblemError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what = "The disk is full, so this recording is not kept."
        remedy = "Your words are typed all the same. Make some space."
    else:
        what = "This recording cannot be kept on the disk."
        remedy = "Your words are typed all the same. Check the folder Sayso keeps takes in."
    return ProblemError(untyped_problem(what, remedy, detail=str(error)))
