"""Sound as numbers: levels, a ring for the pre-roll, whether a voice goes on, what is wrong.

Everywhere s16le. Pure: instants are handed in, in ms of any one clock.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Literal

from ..dictation.take import BYTES_PER_SAMPLE

QUIETEST_DBFS = -96.0
"""Level of digital silence: one step of 16 bits lies at -90."""
FULL_SCALE = 32768.0


def level_dbfs(pcm: bytes) -> float:
    """Root mean square of s16le mono; 0 is a square wave at full scale, -96 is nothing at all."""
    import numpy as np  # 20 MB, and not needed before the first take

    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    if not samples.size:
        return QUIETEST_DBFS
    rms = math.sqrt(float(np.mean(np.square(samples)))) / FULL_SCALE
    return max(QUIETEST_DBFS, 20 * math.log10(rms)) if rms else QUIETEST_DBFS


def all_zero(pcm: bytes) -> bool:
    """Digital silence: what a muted or vanished microphone gives, and a live one never."""
    return not any(pcm)


def downmix(pcm: bytes, channels: int) -> bytes:
    """Interleaved s16le of several channels as mono, their mean."""
    if channels == 1:
        return pcm
    import numpy as np

    frames = np.frombuffer(pcm, "<i2").reshape(-1, channels)
    return bytes(frames.mean(axis=1).round().astype("<i2"))


class Ring:
    """The last `most_ms` of audio, for the pre-roll; s16le mono at `rate_hz`."""

    def __init__(self, most_ms: int, rate_hz: int) -> None:
        self._most_bytes = most_ms * rate_hz // 1000 * BYTES_PER_SAMPLE
        self._blocks: deque[bytes] = deque()
        self._size_bytes = 0

    def add(self, pcm: bytes) -> None:
        self._blocks.append(pcm)
        self._size_bytes += len(pcm)
        while self._blocks and self._size_bytes - len(self._blocks[0]) >= self._most_bytes:
            self._size_bytes -= len(self._blocks.popleft())

    def drain(self) -> bytes:
        """All of it, oldest first, and nothing is left."""
        audio = b"".join(self._blocks)
        self._blocks.clear()
        self._size_bytes = 0
        return audio[max(0, len(audio) - self._most_bytes) :]


FRAME_MS = 10
VOICE_OVER_FLOOR_DB = 9.0
LEAST_VOICE_DBFS = -52.0
"""Below this nothing counts as a voice, however quiet the room is."""
FLOOR_MS = 3000
"""How far back the noise floor is looked for."""
FLOOR_SHARE = 0.1
"""The floor is the level that a tenth of that time stayed under: the gaps between syllables."""
HANGOVER_MS = 80
"""Stops such as p, t, k are silent for up to this long within a word."""
JUDGE_FROM_MS = 200
"""With less than this there is no floor to compare with."""


class VoiceMeter:
    """Whether somebody speaks now: energy over the noise of the last seconds.

    Good enough to decide about 300 ms at key-up, at 10 us a block. Whether a take holds any
    speech at all is not asked of it: the recogniser has a model for that.
    """

    def __init__(self, rate_hz: int) -> None:
        self._frame_bytes = rate_hz * FRAME_MS // 1000 * BYTES_PER_SAMPLE
        self._rest = b""
        self._levels: deque[float] = deque(maxlen=FLOOR_MS // FRAME_MS)

    def feed(self, pcm: bytes) -> None:
        """s16le mono, in blocks of any size."""
        pcm = self._rest + pcm
        whole = len(pcm) // self._frame_bytes * self._frame_bytes
        for start in range(0, whole, self._frame_bytes):
            self._levels.append(level_dbfs(pcm[start : start + self._frame_bytes]))
        self._rest = pcm[whole:]

    @property
    def floor_dbfs(self) -> float:
        if not self._levels:
            return QUIETEST_DBFS
        return sorted(self._levels)[int(len(self._levels) * FLOOR_SHARE)]

    @property
    def voice_now(self) -> bool:
        """A voice was heard within the last 80 ms."""
        if not self._levels:
            return False
        recent = list(self._levels)[-(HANGOVER_MS // FRAME_MS) :]
        over = LEAST_VOICE_DBFS
        if len(self._levels) * FRAME_MS >= JUDGE_FROM_MS:
            over = max(over, self.floor_dbfs + VOICE_OVER_FLOOR_DB)
        return max(recent) > over


class Tail:
    """Decides at key-up how long to go on: only while the voice does, and 300 ms at most."""

    def __init__(self, meter: VoiceMeter, rate_hz: int, most_ms: int = 300) -> None:
        self._meter = meter
        self._left_bytes = most_ms * rate_hz // 1000 * BYTES_PER_SAMPLE

    @property
    def over(self) -> bool:
        return self._left_bytes <= 0 or not self._meter.voice_now

    def feed(self, pcm: bytes) -> bytes:
        """A block that came after the key; what of it belongs to the take."""
        if self.over:
            return b""
        kept = pcm[: self._left_bytes]
        self._left_bytes -= len(kept)
        self._meter.feed(kept)
        return kept


Trouble = Literal["no-callback", "zeros", "silence"]

NO_CALLBACK_MS = 400
FIRST_CALLBACK_MS = 5000
"""A Bluetooth headset needs seconds to change to its microphone profile."""
MOST_LOOK_MS = 200
"""Who looks every 100 ms and comes later than this was kept waiting itself, as the blocks were:
no more than this counts against the microphone."""
ZEROS_MS = 200
"""A microphone that is live never gives so many; one that has gone, or is muted, may."""
SILENCE_MS = 2000


class Watch:
    """Notices a microphone that is open and gives nothing.

    Sound servers say nothing at all when a source is suspended (no more blocks) or its device
    has gone (blocks of zeros): measured with PulseAudio 16 and PipeWire 0.3. Each trouble is
    told once, "zeros" once in each run of them.
    """

    def __init__(self, opened_ms: float, first_ms: float = FIRST_CALLBACK_MS) -> None:
        """`first_ms`: how long the first block may take."""
        self._patience_ms = first_ms
        self._looked_ms, self._still_ms = opened_ms, 0.0
        self._silent_since_ms: float | None = None
        self._told: set[Trouble] = set()

    def block(self, now_ms: float, all_zero: bool) -> Trouble | None:
        """A block has come."""
        if not all_zero:
            self._silent_since_ms = None
            self._told.discard("zeros")
        elif self._silent_since_ms is None:
            self._silent_since_ms = now_ms
        self._patience_ms = NO_CALLBACK_MS
        self._looked_ms, self._still_ms = now_ms, 0.0
        return self.look(now_ms)

    def look(self, now_ms: float) -> Trouble | None:
        """Time has gone by; ask every 100 ms or so."""
        self._still_ms += min(now_ms - self._looked_ms, MOST_LOOK_MS)
        self._looked_ms = now_ms
        if self._still_ms >= self._patience_ms:
            return self._tell("no-callback")
        if self._silent_since_ms is None:
            return None
        zeros_ms = now_ms - self._silent_since_ms
        if zeros_ms >= SILENCE_MS and (silence := self._tell("silence")):
            return silence
        return self._tell("zeros") if zeros_ms >= ZEROS_MS else None

    def _tell(self, trouble: Trouble) -> Trouble | None:
        if trouble in self._told:
            return None
        self._told.add(trouble)
        return trouble
