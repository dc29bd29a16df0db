"""Opens a decoder, on the graphics card or else on the processor, and says how fast it is there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from .devices import CPU, devices_to_try
from .whisper import WhisperDecoder

log = logging.getLogger(__name__)

LONG_S = 1.0


def load_decoder(folder: Path, threads: Callable[[], int], prompt: str = "") -> WhisperDecoder:
    """A model on the graphics card, or else on the processor with so many threads.

    Raises:
        As `Decoder`.
    """
    import ctranslate2

    cards = ctranslate2.get_cuda_device_count()
    types = ctranslate2.get_supported_compute_types("cuda") if cards else set()
    for device in devices_to_try(cards, types):
        if device != CPU:
            try:
                decoder = WhisperDecoder(folder, device=device, prompt=prompt)
                decoder.warm_up()  # what CUDA lacks may show only now
            except (RuntimeError, ValueError) as error:
                log.info("The graphics card cannot be used: %s", error)
            else:
                return decoder
    return WhisperDecoder(folder, threads(), prompt=prompt)


def timed(folder: Path, threads: int) -> float:
    """Seconds of a decode with so many threads; loads the model for it.

    Raises:
        As `Decoder`.
    """
    decoder = WhisperDecoder(folder, threads)
    decoder.benchmark()
    return least(lambda: time_decode(decoder))


def least(measure: Callable[[], float]) -> float:
    """Of three times; of one where that took long, for somebody waits for a large model."""
    first_s = measure()
    return first_s if first_s > LONG_S else min(first_s, measure(), measure())


def time_decode(decoder: WhisperDecoder) -> float:
    """Seconds of the same work, wherever it is done. The first time takes longer."""
    begin = time.perf_counter()
    decoder.benchmark()
    return time.perf_counter() - begin
