"""Takes memory for a model so that it can be given back, and gives it back.

glibc keeps blocks of some MB for itself once it has seen one freed, each thread beside its own.
So a model that is loaded again lies between other blocks, what was needed to load it stays, and
so does the end of what every thread used. docs/on-device.md has the figures.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Source: mallopt(3) of Linux, and the values glibc begins with there.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LOADING_THRESHOLD_BYTES = 1 << 17
DECODING_THRESHOLD_BYTES = 32 << 20
"""What glibc comes to by itself. With less, decoding takes up to a fifth longer."""


@contextmanager
def mmap_allocations() -> Iterator[None]:
    """Large blocks taken in here lie by themselves, and go back to the system when they are freed.

    For loading a model. For decoding, which frees and takes again, it is as ever.
    """
    _mallopt(M_MMAP_THRESHOLD, LOADING_THRESHOLD_BYTES)
    _mallopt(M_TRIM_THRESHOLD, LOADING_THRESHOLD_BYTES)
    try:
        yield
    finally:
        _mallopt(M_MMAP_THRESHOLD, DECODING_THRESHOLD_BYTES)
        _mallopt(M_TRIM_THRESHOLD, 2 * DECODING_THRESHOLD_BYTES)


@contextmanager
def trim_after() -> Iterator[None]:
    """Give back what nobody refers to any more at the end of it; 20 to 100 ms.

    CTranslate2 frees a model when its last reference goes: let it go in here, for what threads
    keep of it is looked at only then. Elsewhere the system's allocator does as it likes.
    """
    _mallopt(M_TRIM_THRESHOLD, LOADING_THRESHOLD_BYTES)
    yield
    gc.collect()
    if trim := _glibc_function("malloc_trim"):
        trim(0)


def _mallopt(parameter: int, value: int) -> None:
    if mallopt := _glibc_function("mallopt"):
        mallopt(parameter, value)


def _glibc_function(name: str) -> Any:
    """A function of it; None where the system has another library."""
    try:
        return ctypes.CDLL(None)[name]
    except (AttributeError, OSError, TypeError):  # TypeError: Windows has no such library
        return None
