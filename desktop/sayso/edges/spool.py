"""A take's audio on disk, from its first sample on: ID.wav, and ID.json once it is over.

The WAV is written without a buffer of ours, so what was written survives a kill -9 (not a power
cut: there is no fsync, which would cost milliseconds a block). Its header says 'to the end of
the file' until the take is over, which readers accept.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import struct
import time
from io import FileIO
from pathlib import Path
from typing import Any

import attrs

from ..core.problems import Problem, ProblemError
from ..core.take import BYTES_PER_SAMPLE, Take

HEADER_BYTES = 44
UNKNOWN_SIZE = 0xFFFFFFFF
"""As ffmpeg and sox write it to pipes: the data goes on to the end of the file."""
DAY_S = 86400


def wav_header(rate_hz: int, data_bytes: int | None) -> bytes:
    """44 bytes that make s16le mono a WAV file; None while nobody knows how long it gets."""
    size = UNKNOWN_SIZE if data_bytes is None else data_bytes
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", min(UNKNOWN_SIZE, size + HEADER_BYTES - 8), b"WAVE",
        b"fmt ", 16, 1, 1, rate_hz, rate_hz * BYTES_PER_SAMPLE, BYTES_PER_SAMPLE, 16,
        b"data", size,
    )  # fmt: skip


class SpoolFile:
    """The file of a take that goes on. After a full disk it takes writes and drops them."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        self.path = path
        self._rate_hz = rate_hz
        self._size_bytes = 0
        self._file: FileIO | None = None
        try:
            self._file = FileIO(path, "xb", opener=_only_mine)
            self._put(wav_header(rate_hz, None))
        except OSError as error:
            self._drop()
            raise _explained(error) from error

    def write(self, pcm: bytes) -> None:
        """Append s16le mono; it is the system's when this returns.

        Raises:
            ProblemError: The disk is full or cannot be written; once, then writes are dropped.
        """
        if self._file is None:
            return
        try:
            self._put(pcm)
        except OSError as error:
            self._finish()
            raise _explained(error) from error
        self._size_bytes += len(pcm)

    def close(self, summary: dict[str, Any]) -> None:
        """Complete the header and write what became of the take beside it.

        Raises:
            ProblemError: The disk is full or cannot be written; the audio so far is kept.
        """
        self._finish()
        text = json.dumps({"rate_hz": self._rate_hz} | summary, ensure_ascii=False, indent=1)
        beside = self.path.with_suffix(".json")
        fresh = beside.with_suffix(".json.new")
        try:
            with open(fresh, "w", encoding="utf-8", opener=_only_mine) as file:
                file.write(text)
            fresh.replace(beside)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise _explained(error) from error

    def _put(self, data: bytes) -> None:
        """All of it: a write may take a part only, when the disk gets full."""
        assert self._file is not None
        while data:
            data = data[self._file.write(data) :]

    def _finish(self) -> None:
        if self._file is None:
            return
        # The header is repaired in place, which needs no space; without it readers cope too.
        with contextlib.suppress(OSError):
            self._file.seek(0)
            self._file.write(wav_header(self._rate_hz, self._size_bytes))
        self._drop()

    def _drop(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


@attrs.frozen
class Spool:
    """The folder of takes; made when the first is written, for this user only."""

    folder: Path

    def open(self, take_id: str, rate_hz: int) -> SpoolFile:
        """Begin a take's file.

        Raises:
            ProblemError: The disk is full or the folder cannot be written.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _explained(error) from error
        return SpoolFile(self.folder / f"{take_id}.wav", rate_hz)

    def takes(self) -> list[dict[str, Any]]:
        """What became of each take, newest first; of one cut off only id and duration_s."""
        rows = []
        for path in sorted(self.folder.glob("*.wav"), reverse=True):
            with contextlib.suppress(OSError):  # forgotten while we look
                rows.append(_summary(path))
        return rows

    def load(self, take_id: str) -> Take:
        """The take with all its audio, ended, to be recognised again.

        Raises:
            ProblemError: There is no such recording, or it cannot be read.
        """
        path = self.folder / f"{take_id}.wav"
        try:
            data = path.read_bytes() if Path(take_id).name == take_id else b""
            summary = _summary(path)
        except OSError as error:
            raise ProblemError(
                Problem("This recording is no longer on this computer.", detail=str(error))
            ) from error
        if len(data) < HEADER_BYTES or data[:4] != b"RIFF":
            raise ProblemError(Problem("This recording is damaged and cannot be read."))
        take = Take(number=0, id=take_id, rate_hz=_rate_hz(data))
        pcm = data[HEADER_BYTES:]
        take.add(pcm[: len(pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE])
        take.end()
        take.text = summary.get("text") or ""
        return take

    def forget(self, take_id: str) -> None:
        """Delete one take; nothing happens if it is gone."""
        for end in (".json", ".json.new", ".wav"):
            (self.folder / f"{take_id}{end}").unlink(missing_ok=True)

    def forget_older_than(self, days: float) -> None:
        """Delete takes by the age of their audio; files that are not takes stay."""
        oldest = time.time() - days * DAY_S
        for path in self.folder.glob("*.wav"):
            with contextlib.suppress(OSError):  # gone already, or no longer ours to delete
                if path.stat().st_mtime < oldest:
                    self.forget(path.stem)


def _only_mine(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _summary(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    size = path.stat().st_size - HEADER_BYTES
    rate_hz = _rate_hz(head)
    duration_s = max(0, size) / BYTES_PER_SAMPLE / rate_hz if rate_hz else 0.0
    known: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):  # cut off, or damaged: the audio counts
        read = json.loads(path.with_suffix(".json").read_text("utf-8"))
        known = read if isinstance(read, dict) else {}
    return {"duration_s": round(duration_s, 3)} | known | {"id": path.stem}


def _rate_hz(head: bytes) -> int:
    if len(head) < HEADER_BYTES or head[:4] != b"RIFF":
        return 0
    return int(struct.unpack_from("<I", head, 24)[0])


def _explained(error: OSError) -> ProblemError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what = "The disk is full, so this recording is not kept."
        remedy = "Your words are typed all the same. Make some space."
    else:
        what = "This recording cannot be kept on the disk."
        remedy = "Your words are typed all the same. Check the folder Sayso keeps takes in."
    return ProblemError(Problem(what, remedy, detail=str(error)))
