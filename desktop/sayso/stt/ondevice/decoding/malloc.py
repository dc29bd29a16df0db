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
EAGER_BYTES = 1 << 17
KEEPING_BYTES = 32 << 20
"""What glibc comes to by itself. With less, decoding takes up to a fifth longer."""


@contextmanager
def apart() -> Iterator[None]:
    """Large blocks taken in here lie by themselves, and go back to the system when they are freed.

    For loading a model. For decoding, which frees and takes again, it is as ever.
    """
    _set(M_MMAP_THRESHOLD, EAGER_BYTES)
    _set(M_TRIM_THRESHOLD, EAGER_BYTES)
    try:
        yield
    finally:
        _set(M_MMAP_THRESHOLD, KEEPING_BYTES)
        _set(M_TRIM_THRESHOLD, 2 * KEEPING_BYTES)


@contextmanager
def giving_back() -> Iterator[None]:
    """Give back what nobody refers to any more at the end of it; 20 to 100 ms.

    CTranslate2 frees a model when its last reference goes: let it go in here, for what threads
    keep of it is looked at only then. Elsewhere the system's allocator does as it likes.
    """
    _set(M_TRIM_THRESHOLD, EAGER_BYTES)
    yield
    gc.collect()
    if trim := _of_glibc("malloc_trim"):
        trim(0)


def _set(what: int, value: int) -> None:
    if mallopt := _of_glibc("mallopt"):
        mallopt(what, value)


def _of_glibc(name: str) -> Any:
    """A function of it; None where the system has another library."""
    try:
        return ctypes.CDLL(None)[name]
    except (AttributeError, OSError, TypeError):  # TypeError: Windows has no such library
        return None
