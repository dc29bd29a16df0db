"""What a model runs on: a graphics card where CTranslate2 finds one, else the processor. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import attrs


@attrs.frozen
class Device:
    name: Literal["cuda", "cpu"]
    compute_type: str
    """As CTranslate2 calls it."""


CPU = Device("cpu", "int8")
_CUDA_COMPUTE_TYPES = ("float16", "int8_float16", "int8", "float32")
"""Best first. The weights are stored as float16, so the first loads them as they are."""


def devices_to_try(cuda_devices: int, cuda_types: Collection[str]) -> tuple[Device, ...]:
    """What to load a model on, the first that works; the processor is always the last.

    Args:
        cuda_devices: `ctranslate2.get_cuda_device_count()`; 0 without a driver.
        cuda_types: `ctranslate2.get_supported_compute_types("cuda")`; asked only if there is one.

    A card may be there and still not do: cuBLAS or cuDNN missing, memory taken by others.
    CTranslate2 says so with a RuntimeError, when loading or only at the first decode.
    """
    best = next((kind for kind in _CUDA_COMPUTE_TYPES if kind in cuda_types), "")
    if cuda_devices > 0 and best:
        return Device("cuda", best), CPU
    return (CPU,)
