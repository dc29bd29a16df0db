"""Opens a decoder, on the graphics card or else on the processor, and says how fast it is there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from .devices import CPU, attempts
from .whisper import Decoder

log = logging.getLogger(__name__)

LONG_S = 1.0


def opened(folder: Path, threads: Callable[[], int], hint: str = "") -> Decoder:
    """A model on the graphics card, or else on the processor with so many threads.

    Raises:
        As `Decoder`.
    """
    import ctranslate2

    cards = ctranslate2.get_cuda_device_count()
    types = ctranslate2.get_supported_compute_types("cuda") if cards else set()
    for device in attempts(cards, types):
        if device != CPU:
            try:
                decoder = Decoder(folder, device=device, hint=hint)
                decoder.warm()  # what CUDA lacks may show only now
            except (RuntimeError, ValueError) as error:
                log.info("The graphics card cannot be used: %s", error)
            else:
                return decoder
    return Decoder(folder, threads(), hint=hint)


def timed(folder: Path, threads: int) -> float:
    """Seconds of a decode with so many threads; loads the model for it.

    Raises:
        As `Decoder`.
    """
    decoder = Decoder(folder, threads)
    decoder.exert()
    return least(lambda: worked(decoder))


def least(measure: Callable[[], float]) -> float:
    """Of three times; of one where that took long, for somebody waits for a large model."""
    first_s = measure()
    return first_s if first_s > LONG_S else min(first_s, measure(), measure())


def worked(decoder: Decoder) -> float:
    """Seconds of the same work, wherever it is done. The first time takes longer."""
    begin = time.perf_counter()
    decoder.exert()
    return time.perf_counter() - begin
