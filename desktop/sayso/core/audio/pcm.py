"""Sound as numbers: levels, a ring for the pre-roll, whether a voice goes on, what is wrong.

Everywhere s16le. Pure: instants are handed in, in ms of any one clock.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Literal

from ..dictation.take import BYTES_PER_SAMPLE

DIGITAL_SILENCE_DBFS = -96.0
"""Level of digital silence: one step of 16 bits lies at -90."""
FULL_SCALE = 32768.0


def level_dbfs(pcm: bytes) -> float:
    """Root mean square of s16le mono; 0 is a square wave at full scale, -96 is nothing at all."""
    import numpy as np  # 20 MB, and not needed before the first take

    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    if not samples.size:
        return DIGITAL_SILENCE_DBFS
    rms = math.sqrt(float(np.mean(np.square(samples)))) / FULL_SCALE
    return max(DIGITAL_SILENCE_DBFS, 20 * math.log10(rms)) if rms else DIGITAL_SILENCE_DBFS


def is_digital_silence(pcm: bytes) -> bool:
    """Digital silence: what a muted or vanished microphone gives, and a live one never."""
    return not any(pcm)


def downmix(pcm: bytes, channels: int) -> bytes:
    """Interleaved s16le of several channels as mono, their mean."""
    if channels == 1:
        return pcm
    import numpy as np

    frames = np.frombuffer(pcm, "<i2").reshape(-1, channels)
    return bytes(frames.mean(axis=1).round().astype("<i2"))


class PreRollBuffer:
    """The last `most_ms` of audio, for the pre-roll; s16le mono at `rate_hz`."""

    def __init__(self, max_ms: int, rate_hz: int) -> None:
        self._max_bytes = max_ms * rate_hz // 1000 * BYTES_PER_SAMPLE
        self._blocks: deque[bytes] = deque()
        self._size_bytes = 0

    def append(self, pcm: bytes) -> None:
        self._blocks.append(pcm)
        self._size_bytes += len(pcm)
        while self._blocks and self._size_bytes - len(self._blocks[0]) >= self._max_bytes:
            self._size_bytes -= len(self._blocks.popleft())

    def drain(self) -> bytes:
        """All of it, oldest first, and nothing is left."""
        audio = b"".join(self._blocks)
        self._blocks.clear()
        self._size_bytes = 0
        return audio[max(0, len(audio) - self._max_bytes) :]


FRAME_MS = 10
SPEECH_ABOVE_FLOOR_DB = 9.0
MIN_SPEECH_DBFS = -52.0
"""Below this nothing counts as a voice, however quiet the room is."""
FLOOR_WINDOW_MS = 3000
"""How far back the noise floor is looked for."""
FLOOR_QUANTILE = 0.1
"""The floor is the level that a tenth of that time stayed under: the gaps between syllables."""
HANGOVER_MS = 80
"""Stops such as p, t, k are silent for up to this long within a word."""
MIN_FLOOR_WINDOW_MS = 200
"""With less than this there is no floor to compare with."""


class EnergyVad:
    """Whether somebody speaks now: energy over the noise of the last seconds.

    Good enough to decide about 300 ms at key-up, at 10 us a block. Whether a take holds any
    speech at all is not asked of it: the recogniser has a model for that.
    """

    def __init__(self, rate_hz: int) -> None:
        self._frame_bytes = rate_hz * FRAME_MS // 1000 * BYTES_PER_SAMPLE
        self._remainder = b""
        self._levels: deque[float] = deque(maxlen=FLOOR_WINDOW_MS // FRAME_MS)

    def feed(self, pcm: bytes) -> None:
        """s16le mono, in blocks of any size."""
        pcm = self._remainder + pcm
        whole = len(pcm) // self._frame_bytes * self._frame_bytes
        for start in range(0, whole, self._frame_bytes):
            self._levels.append(level_dbfs(pcm[start : start + self._frame_bytes]))
        self._remainder = pcm[whole:]

    @property
    def floor_dbfs(self) -> float:
        if not self._levels:
            return DIGITAL_SILENCE_DBFS
        return sorted(self._levels)[int(len(self._levels) * FLOOR_QUANTILE)]

    @property
    def is_speech(self) -> bool:
        """A voice was heard within the last 80 ms."""
        if not self._levels:
            return False
        recent = list(self._levels)[-(HANGOVER_MS // FRAME_MS) :]
        over = MIN_SPEECH_DBFS
        if len(self._levels) * FRAME_MS >= MIN_FLOOR_WINDOW_MS:
            over = max(over, self.floor_dbfs + SPEECH_ABOVE_FLOOR_DB)
        return max(recent) > over


class ReleaseTail:
    """Decides at key-up how long to go on: only while the voice does, and 300 ms at most."""

    def __init__(self, vad: EnergyVad, rate_hz: int, max_ms: int = 300) -> None:
        self._vad = vad
        self._remaining_bytes = max_ms * rate_hz // 1000 * BYTES_PER_SAMPLE

    @property
    def finished(self) -> bool:
        return self._remaining_bytes <= 0 or not self._vad.is_speech

    def feed(self, pcm: bytes) -> bytes:
        """A block that came after the key; what of it belongs to the take."""
        if self.finished:
            return b""
        kept = pcm[: self._remaining_bytes]
        self._remaining_bytes -= len(kept)
        self._vad.feed(kept)
        return kept


StreamFault = Literal["no-callback", "zeros", "silence"]

BLOCK_TIMEOUT_MS = 400
FIRST_BLOCK_TIMEOUT_MS = 5000
"""A Bluetooth headset needs seconds to change to its microphone profile."""
MAX_CHECK_INTERVAL_MS = 200
"""Who looks every 100 ms and comes later than this was kept waiting itself, as the blocks were:
no more than this counts against the microphone."""
ZEROS_TIMEOUT_MS = 200
"""A microphone that is live never gives so many; one that has gone, or is muted, may."""
SILENCE_TIMEOUT_MS = 2000


class StreamWatchdog:
    """Notices a microphone that is open and gives nothing.

    Sound servers say nothing at all when a source is suspended (no more blocks) or its device
    has gone (blocks of zeros): measured with PulseAudio 16 and PipeWire 0.3. Each trouble is
    told once, "zeros" once in each run of them.
    """

    def __init__(
        self, opened_ms: float, first_block_timeout_ms: float = FIRST_BLOCK_TIMEOUT_MS
    ) -> None:
        """`first_ms`: how long the first block may take."""
        self._timeout_ms = first_block_timeout_ms
        self._checked_ms, self._idle_ms = opened_ms, 0.0
        self._silent_since_ms: float | None = None
        self._reported: set[StreamFault] = set()

    def on_block(self, now_ms: float, is_silent: bool) -> StreamFault | None:
        """A block has come."""
        if not is_silent:
            self._silent_since_ms = None
            self._reported.discard("zeros")
        elif self._silent_since_ms is None:
            self._silent_since_ms = now_ms
        self._timeout_ms = BLOCK_TIMEOUT_MS
        self._checked_ms, self._idle_ms = now_ms, 0.0
        return self.check(now_ms)

    def check(self, now_ms: float) -> StreamFault | None:
        """Time has gone by; ask every 100 ms or so."""
        self._idle_ms += min(now_ms - self._checked_ms, MAX_CHECK_INTERVAL_MS)
        self._checked_ms = now_ms
        if self._idle_ms >= self._timeout_ms:
            return self._report("no-callback")
        if self._silent_since_ms is None:
            return None
        zeros_ms = now_ms - self._silent_since_ms
        if zeros_ms >= SILENCE_TIMEOUT_MS and (silence := self._report("silence")):
            return silence
        return self._report("zeros") if zeros_ms >= ZEROS_TIMEOUT_MS else None

    def _report(self, fault: StreamFault) -> StreamFault | None:
        if fault in self._reported:
            return None
        self._reported.add(fault)
        return fault
