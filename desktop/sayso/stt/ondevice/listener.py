"""Listens to a take while it goes on, so that at its end only the decoding is left."""

from __future__ import annotations

from typing import Any

import numpy as np

from .decoder import Samples
from .speech import FRAME_SAMPLES, Speech

CONTEXT_SAMPLES = 64
FULL_SCALE = 32768.0


class Listener:
    """Keeps the samples and runs the voice detector over them as they come.

    The detector is the silero model that faster-whisper brings (1.2: `silero_vad_v6.onnx`, with
    64 samples of context and its state handed from call to call). 0.2 ms per frame of 32 ms.
    """

    def __init__(self) -> None:
        self._pieces: list[Samples] = []
        self._rest = np.zeros(0, np.float32)
        self._context = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._session: Any = None
        self.speech = Speech()

    def feed(self, pcm: bytes) -> None:
        """s16le mono at 16 kHz, of any length; blocks for 0.5 % of its duration.

        Raises:
            ImportError: faster-whisper is not installed.
            RuntimeError: The detector cannot be run.
        """
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / FULL_SCALE
        self._pieces.append(samples)
        waiting = np.concatenate((self._rest, samples))
        whole = len(waiting) // FRAME_SAMPLES * FRAME_SAMPLES
        self._rest = waiting[whole:]
        if whole:
            self._judge(waiting[:whole])

    def end(self) -> Samples:
        """No more audio comes; the speech of the take."""
        if len(self._rest):
            self._judge(np.pad(self._rest, (0, FRAME_SAMPLES - len(self._rest))))
            self._rest = self._rest[:0]
        return self.spoken()

    def spoken(self) -> Samples:
        """The speech so far, without what is silent for long; empty if nothing was said."""
        whole = np.concatenate(self._pieces or [np.zeros(0, np.float32)])
        self._pieces = [whole]
        spans = self.speech.spans(len(whole))
        return np.concatenate([whole[start:stop] for start, stop in spans] or [whole[:0]])

    def _judge(self, samples: Samples) -> None:
        if self._session is None:
            from faster_whisper.vad import get_vad_model

            self._session = get_vad_model().session
        frames = samples.reshape(-1, FRAME_SAMPLES)
        before = np.vstack((self._context, frames[:-1, -CONTEXT_SAMPLES:]))
        self._context = frames[-1, -CONTEXT_SAMPLES:]
        probabilities, self._h, self._c = self._session.run(
            None, {"input": np.hstack((before, frames)), "h": self._h, "c": self._c}
        )
        for probability in probabilities.ravel():
            self.speech.feed(float(probability))
