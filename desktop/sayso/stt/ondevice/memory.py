"""Gives back to the system what a model took."""

from __future__ import annotations

import ctypes
import gc


def give_back() -> None:
    """Free what nobody refers to any more; 5 to 30 ms.

    CTranslate2 frees its weights when the last reference goes, but glibc keeps what smaller
    blocks held until it is asked. Elsewhere the system's allocator does as it likes.
    """
    gc.collect()
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # TypeError: Windows has no such library
        return
    trim(0)
