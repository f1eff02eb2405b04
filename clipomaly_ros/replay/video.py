"""A video that browsers play: VP8 in WebM, which OpenCV's own build can encode."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

LONGEST_SIDE = 1920  # larger pictures are reduced [pixel]


class VideoWriter:
    """Writes RGB pictures of one size; a context manager. OSError when it cannot be encoded."""

    def __init__(self, path: Path, rate: float) -> None:
        self._path, self._rate = path, rate
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def write(self, rgb: NDArray[np.uint8]) -> None:
        """Append one picture, uint8 [H, W, 3]; the first one sets the size."""
        if self._writer is None:
            height, width = rgb.shape[:2]
            scale = min(1.0, LONGEST_SIDE / max(height, width))
            self._size = (int(width * scale) // 2 * 2, int(height * scale) // 2 * 2)  # 4:2:0 needs even sides
            with _without_native_stderr():
                fourcc = cv2.VideoWriter_fourcc(*"VP80")
                self._writer = cv2.VideoWriter(str(self._path), fourcc, self._rate, self._size)
            if not self._writer.isOpened():
                raise OSError(f"OpenCV cannot encode VP8 into {self._path}")
        small = cv2.resize(rgb, self._size, interpolation=cv2.INTER_AREA)
        self._writer.write(np.ascontiguousarray(small[..., ::-1]))

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._writer is not None:
            self._writer.release()


@contextmanager
def _without_native_stderr() -> Iterator[None]:
    """Hide what a C library prints: OpenCV warns about the tag of VP8 in WebM, then does it right."""
    sys.stderr.flush()
    saved = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(sink)
