"""Gives memory back to the system that the C library holds although nothing uses it."""

from __future__ import annotations

import ctypes
import sys


def return_free_memory() -> bool:
    """Give free memory of this process back; return whether the C library had any to give.

    ONNX Runtime takes twice a model's size to open it, a piece at a time, and what it frees in between
    would stay with the process: malloc_trim(3) of glibc. Other C libraries are left alone.
    """
    if sys.platform != "linux":
        return False
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return bool(trim is not None and trim(0))
