"""Lets the C library keep the memory that a training step frees, for the next step."""

from __future__ import annotations

import ctypes
import sys

_MMAP_MAX, _TRIM_THRESHOLD, _TOP_PAD = -4, -1, -2  # of mallopt(3)
_MOST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Keep freed memory in this process; return whether the C library can.

    By default large blocks go back to the system and come again as pages of zeros: of a training
    step on two cores that took a third.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # not glibc
        return False
    return bool(
        mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, _MOST) and mallopt(_TOP_PAD, 64 * 1024 * 1024)
    )
