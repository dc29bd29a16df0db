"""Loading of a decoder on the graphics card or the processor."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection
from pathlib import Path

from .whisper import CPU, Device, WhisperDecoder

log = logging.getLogger(__name__)

MAX_THREADS = 4
_CUDA_COMPUTE_TYPES = ("float16", "int8_float16", "int8", "float32")
"""Best first. The weights are stored as float16 and need no conversion for the first."""


def load_decoder(folder: Path, prompt: str = "") -> WhisperDecoder:
    """Load a model on the first device that works.

    Raises:
        RuntimeError, OSError, ValueError, MemoryError, ImportError: As `WhisperDecoder`.
    """
    import ctranslate2

    cards = ctranslate2.get_cuda_device_count()
    types = ctranslate2.get_supported_compute_types("cuda") if cards else set()
    for device in devices_to_try(cards, types):
        if device != CPU:
            try:
                decoder = WhisperDecoder(folder, device=device, prompt=prompt)
                decoder.warm_up()  # a missing CUDA library may show only now
                return decoder
            except (RuntimeError, ValueError) as error:
                log.info("The graphics card cannot be used: %s", error)
    return WhisperDecoder(folder, thread_count(os.cpu_count() or 1), prompt=prompt)


def thread_count(processors: int) -> int:
    """Return the number of threads for one decode; two decodes may run at the same time."""
    return min(MAX_THREADS, max(1, processors // 2))


def devices_to_try(cuda_devices: int, cuda_types: Collection[str]) -> tuple[Device, ...]:
    """Return the devices to try in order; the last one is the processor.

    A graphics card may be present but unusable, because cuBLAS or cuDNN is missing or its memory
    is full. CTranslate2 then raises RuntimeError when loading or at the first decode.

    Args:
        cuda_devices: Result of `ctranslate2.get_cuda_device_count()`; 0 without a driver.
        cuda_types: Result of `ctranslate2.get_supported_compute_types("cuda")`.
    """
    best = next((kind for kind in _CUDA_COMPUTE_TYPES if kind in cuda_types), "")
    if cuda_devices > 0 and best:
        return Device("cuda", best), CPU
    return (CPU,)
