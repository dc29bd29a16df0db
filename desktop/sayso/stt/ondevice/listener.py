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

    def end(self) -> None:
        """No more audio comes."""
        if len(self._rest):
            self._judge(np.pad(self._rest, (0, FRAME_SAMPLES - len(self._rest))))
            self._rest = self._rest[:0]

    def parts(self) -> list[Samples]:
        """What can be recognised while the take goes on, each part once."""
        return [self._cut(spans) for spans in self.speech.parts()]

    def rest(self) -> Samples:
        """The speech that is in no part; empty if there is none."""
        return self._cut(self.speech.spans(sum(map(len, self._pieces))))

    def _cut(self, spans: list[tuple[int, int]]) -> Samples:
        """Without what is silent for long."""
        if not spans:
            return np.zeros(0, np.float32)
        self._pieces = [np.concatenate(self._pieces)]
        return np.concatenate([self._pieces[0][start:stop] for start, stop in spans])

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
