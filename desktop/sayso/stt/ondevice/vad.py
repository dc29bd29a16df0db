"""Voice activity detection with the Silero model, and segmentation of the audio by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .samples import FRAME_SAMPLES, Samples, from_pcm
from .segmenter import Segment, Segmenter, SpeculativeSegment

CONTEXT_SAMPLES = 64


class SileroVad:
    """Speech probability of consecutive frames; takes 0.2 ms per frame of 32 ms.

    Uses the Silero model that faster-whisper contains (1.2: `silero_vad_v6.onnx`). The model
    expects the last 64 samples of the previous frame before each frame, and its own state.
    """

    def __init__(self) -> None:
        self._context = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._session: Any = None

    def __call__(self, frames: Samples) -> Samples:
        """Return the probability of speech, 0 to 1, for each row of `FRAME_SAMPLES`.

        Raises:
            ImportError: faster-whisper is not installed.
            RuntimeError: The model cannot be run.
        """
        if self._session is None:
            from faster_whisper.vad import get_vad_model

            self._session = get_vad_model().session
        context = np.vstack((self._context, frames[:-1, -CONTEXT_SAMPLES:]))
        self._context = frames[-1, -CONTEXT_SAMPLES:]
        inputs = {"input": np.hstack((context, frames)), "h": self._h, "c": self._c}
        probabilities, self._h, self._c = self._session.run(None, inputs)
        return np.asarray(probabilities.ravel())


class VadSegmenter:
    """Divides the audio of one take into segments of speech."""

    def __init__(self, vad: Callable[[Samples], Samples] | None = None) -> None:
        self._vad = vad or SileroVad()
        self._segmenter = Segmenter()
        self._total_samples = 0
        self._remainder = np.zeros(0, np.float32)

    def feed(self, pcm: bytes) -> list[SpeculativeSegment | Segment]:
        """Add s16le mono at 16 kHz of any length; blocks for 0.5 % of its duration."""
        samples = from_pcm(pcm)
        self._total_samples += len(samples)
        samples = np.concatenate((self._remainder, samples))
        whole = len(samples) // FRAME_SAMPLES * FRAME_SAMPLES
        self._remainder = samples[whole:]
        return self._process(samples[:whole]) if whole else []

    def finish(self) -> list[SpeculativeSegment | Segment]:
        """Return what is left after the end of the audio."""
        found: list[SpeculativeSegment | Segment] = []
        if len(self._remainder):
            padding = FRAME_SAMPLES - len(self._remainder)
            found = self._process(np.pad(self._remainder, (0, padding)))
            self._remainder = self._remainder[:0]
        last = self._segmenter.finish(self._total_samples)
        return [*found, last] if last else found

    def _process(self, samples: Samples) -> list[SpeculativeSegment | Segment]:
        frames = samples.reshape(-1, FRAME_SAMPLES)
        rms = np.sqrt((frames**2).mean(axis=1))
        rows = zip(self._vad(frames).tolist(), rms.tolist(), strict=True)
        return [found for row in rows if (found := self._segmenter.feed(*row))]
