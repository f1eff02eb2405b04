"""Pictures and videos that `clipomaly segment` works on: found, named and read."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.images import decode_picture
from clipomaly_ros.vision.types import VisionError

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg")
MAX_FILE = 1 << 29  # bytes of a picture's file
MAX_SIDE = 65_500  # libjpeg's limit [pixel]
USUAL_RATE = 25.0  # of a video that does not say [Hz]
ENOUGH = 0.9  # a container's count of frames is an estimate


@dataclass(frozen=True)
class Source:
    """One file to work on.

    name: of its results, a path relative to the output folder without a suffix; unique.
    """

    path: Path
    name: Path

    @property
    def is_video(self) -> bool:
        """Tell videos by their suffix."""
        return self.path.suffix.lower() in VIDEO_SUFFIXES


@dataclass(frozen=True)
class FoundSources:
    """What a command line names; others: files in folders that are neither picture nor video."""

    sources: tuple[Source, ...]
    others: int = 0


def find_sources(paths: Sequence[Path], out: Path) -> FoundSources:
    """List the files behind paths; folders with all below them but hidden things and `out`.

    A file named by itself is taken whatever its suffix. Raises VisionError for a path that does
    not exist, an output folder that is a file or a folder of pictures, and when nothing is left.
    """
    if out.exists() and not out.is_dir():
        raise VisionError(f"{shown(out)} is a file: give a folder with --out")
    found: list[tuple[Path, Path]] = []
    others = 0
    for path in paths:
        if path.is_dir():
            if path.resolve() == out.resolve():
                raise VisionError(f"{shown(out)} holds the pictures: give another folder with --out")
            inside = _files_below(path, out)
            chosen = [file for file in inside if file.suffix.lower() in PICTURE_SUFFIXES + VIDEO_SUFFIXES]
            others += len(inside) - len(chosen)
            found += [(file, file.relative_to(path)) for file in chosen]
        elif path.is_file():
            found.append((path, Path(path.name)))
        else:
            raise VisionError(f"{shown(path)}: expected a picture, a video or a folder, found none")
    if not found:
        rest = f" among {others} other files" if others else ""
        raise VisionError(f"{', '.join(map(shown, paths))}: no picture and no video{rest}")
    return FoundSources(_named(found), others)


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read a picture, RGB uint8 [H, W, 3], turned as its EXIF orientation says.

    Raises VisionError for what is no usable picture and OSError for what cannot be read.
    """
    size = path.stat().st_size
    if not 0 < size <= MAX_FILE:
        raise VisionError(f"expected a picture of 1 to {MAX_FILE} bytes, got {size} bytes")
    rgb = decode_picture(path.read_bytes())
    _check_sides(rgb)
    return rgb


class Video:
    """The frames of a video, the right way up; a context manager. VisionError if it has none.

    rate: frames a second. announced: number of frames that the file promises, 0 if unknown.
    """

    def __init__(self, path: Path) -> None:
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        self._first = self._capture.read()[1] if self._capture.isOpened() else None
        if self._first is None:
            self._capture.release()
            raise VisionError("no frame can be decoded: no video, damaged, or of an unknown codec")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = rate if math.isfinite(rate) and 0.1 <= rate <= 1000 else USUAL_RATE
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.announced = int(count) if math.isfinite(count) and 0 < count < 1e9 else 0

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Give out each frame once, RGB uint8 [H, W, 3]."""
        frame, self._first = self._first, None
        while frame is not None:
            rgb = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), dtype=np.uint8)
            _check_sides(rgb)
            yield rgb
            frame = self._capture.read()[1]

    def is_cut_off(self, count: int) -> bool:
        """Tell whether `count` frames are clearly fewer than the file promises."""
        return count < ENOUGH * self.announced

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *exception: object) -> None:
        self._capture.release()


def shown(path: Path) -> str:
    """Return a path as one line that every terminal can show."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(path))
    return text if len(text) <= 300 else f"{text[:150]}...{text[-147:]}"


def _check_sides(rgb: NDArray[np.uint8]) -> None:
    height, width = rgb.shape[:2]
    if max(height, width) > MAX_SIDE:
        raise VisionError(f"expected sides of at most {MAX_SIDE} pixels, got {width}x{height}")


def _files_below(folder: Path, out: Path) -> list[Path]:
    left_out = out.resolve()
    found: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=_refuse):
        here = Path(place)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and (here / name).resolve() != left_out
        )
        found += [here / name for name in sorted(files) if not name.startswith(".")]
    return found


def _refuse(error: OSError) -> None:
    raise error  # os.walk would pass over a folder without permission in silence


def _named(found: Sequence[tuple[Path, Path]]) -> tuple[Source, ...]:
    """Name the results: the path without suffix, with a number where another file has that name."""
    taken: set[Path] = set()
    sources = []
    for path, relative in found:
        name, number = relative.with_suffix(""), 2
        while name in taken:
            name, number = relative.with_name(f"{relative.stem}_{number}"), number + 1
        taken.add(name)
        sources.append(Source(path, name))
    return tuple(sources)
