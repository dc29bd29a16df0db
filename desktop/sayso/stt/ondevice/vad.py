"""Listens to a take while it goes on, and says what of it can be decoded."""

from __future__ import annotations

from typing import Any

import numpy as np

from .samples import Samples
from .segmenter import FRAME_SAMPLES, Segment, Segmenter, SpeculativeSegment

CONTEXT_SAMPLES = 64
FULL_SCALE = 32768.0


class SileroVad:
    """Runs the voice detector over samples as they come.

    The detector is the silero model that faster-whisper brings (1.2: `silero_vad_v6.onnx`, with
    64 samples of context and its state handed from call to call). 0.2 ms per frame of 32 ms.
    """

    def __init__(self) -> None:
        self._total_samples = 0
        self._remainder = np.zeros(0, np.float32)
        self._context = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._session: Any = None
        self._segmenter = Segmenter()

    def feed(self, pcm: bytes) -> list[SpeculativeSegment | Segment]:
        """s16le mono at 16 kHz, of any length; blocks for 0.5 % of its duration.

        Raises:
            ImportError: faster-whisper is not installed.
            RuntimeError: The detector cannot be run.
        """
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / FULL_SCALE
        self._total_samples += len(samples)
        waiting = np.concatenate((self._remainder, samples))
        whole = len(waiting) // FRAME_SAMPLES * FRAME_SAMPLES
        self._remainder = waiting[whole:]
        return self._process_frames(waiting[:whole]) if whole else []

    def finish(self) -> list[SpeculativeSegment | Segment]:
        """No more audio comes: what is left to decode."""
        found: list[SpeculativeSegment | Segment] = []
        if len(self._remainder):
            found = self._process_frames(
                np.pad(self._remainder, (0, FRAME_SAMPLES - len(self._remainder)))
            )
            self._remainder = self._remainder[:0]
        last = self._segmenter.finish(self._total_samples)
        return [*found, last] if last else found

    def _process_frames(self, samples: Samples) -> list[SpeculativeSegment | Segment]:
        if self._session is None:
            from faster_whisper.vad import get_vad_model

            self._session = get_vad_model().session
        frames = samples.reshape(-1, FRAME_SAMPLES)
        before = np.vstack((self._context, frames[:-1, -CONTEXT_SAMPLES:]))
        self._context = frames[-1, -CONTEXT_SAMPLES:]
        probabilities, self._h, self._c = self._session.run(
            None, {"input": np.hstack((before, frames)), "h": self._h, "c": self._c}
        )
        loudness = np.sqrt((frames**2).mean(axis=1))
        found = []
        for probability, loud in zip(probabilities.ravel(), loudness, strict=True):
            if action := self._segmenter.feed(float(probability), float(loud)):
                found.append(action)
        return found
