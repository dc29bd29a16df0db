"""Opens a decoder, on the graphics card or else on the processor, and says how fast it is there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from .decoder import Decoder
from .devices import CPU, attempts

log = logging.getLogger(__name__)


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
    return min(worked(decoder) for _ in range(3))


def worked(decoder: Decoder) -> float:
    """Seconds of the same work, wherever it is done. The first time takes longer."""
    begin = time.perf_counter()
    decoder.exert()
    return time.perf_counter() - begin
