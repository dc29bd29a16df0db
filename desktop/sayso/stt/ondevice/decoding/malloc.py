"""Settings of glibc's memory allocator, so that the memory of a model returns to the system.

After glibc has seen a block of some MB freed, it keeps blocks of that size for later, for each
thread separately. A model that is loaded again then lies between other blocks, and memory used
for loading and decoding is not returned. docs/benchmarks.md has measurements. Other allocators are
not changed.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Source: mallopt(3) and glibc's initial values on Linux.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LOADING_THRESHOLD_BYTES = 1 << 17
DECODING_THRESHOLD_BYTES = 32 << 20
"""The value that glibc reaches by itself. With less, decoding takes up to 20 % longer."""


@contextmanager
def mmap_allocations() -> Iterator[None]:
    """Place large allocations in mappings of their own, which are returned when they are freed.

    This is for loading a model. Decoding allocates and frees often and uses the defaults.
    """
    _call("mallopt", M_MMAP_THRESHOLD, LOADING_THRESHOLD_BYTES)
    _call("mallopt", M_TRIM_THRESHOLD, LOADING_THRESHOLD_BYTES)
    try:
        yield
    finally:
        _call("mallopt", M_MMAP_THRESHOLD, DECODING_THRESHOLD_BYTES)
        _call("mallopt", M_TRIM_THRESHOLD, 2 * DECODING_THRESHOLD_BYTES)


@contextmanager
def trim_after() -> Iterator[None]:
    """Return free memory to the system at the end; takes 20 to 100 ms.

    CTranslate2 frees a model when its last reference is dropped. Drop it inside this context,
    because the memory that threads keep is examined only then.
    """
    _call("mallopt", M_TRIM_THRESHOLD, LOADING_THRESHOLD_BYTES)
    yield
    gc.collect()
    _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    """Call a function of glibc; do nothing if the system uses another C library."""
    try:
        function = ctypes.CDLL(None)[name]
    except (AttributeError, OSError, TypeError):  # TypeError: Windows
        return
    function(*arguments)
