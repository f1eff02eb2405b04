"""What `clipomaly segment` writes of a picture: overlay with legend, label and score image, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.segmenter_source import source_score
from clipomaly_ros.vision.overlay import FONT, WHITE, draw_overlay, region_colour
from clipomaly_ros.vision.types import AnomalyRegion, AnomalyResult, VisionError
from clipomaly_ros.vocabulary.entries import NameSource

LEAST_HEIGHT, LONGEST = 360, 8192  # of an overlay [pixel]
MOST_ENLARGED = 64
JPEG_QUALITY = 90
PANEL = (24, 26, 32)
GREY = (170, 174, 182)


def result_record(picture: str, result: AnomalyResult, bundle: str, untrained: bool) -> dict[str, Any]:
    """Return everything found in a picture, ready for JSON.

    Boxes are x, y, width, height and areas pixels of the picture; scores are 0 to 1.
    """
    height, width = result.labels.shape
    return {
        "picture": picture,
        "width": width,
        "height": height,
        "bundle": bundle,
        "untrained": untrained,
        "regions": [_region_record(region) for region in result.regions],
        "dropped_regions": result.dropped_regions,
        "legend": [
            {"label": label, "name": entry.name, "group": entry.group, "source": entry.source.name.lower()}
            for label, entry in enumerate(result.legend)
        ],
        "unlabelled": int(np.iinfo(result.labels.dtype).max),
        "seconds": {stage: round(seconds, 6) for stage, seconds in result.latencies.items()},
    }


def overlay_picture(
    rgb: NDArray[np.uint8], result: AnomalyResult, bundle: str, untrained: bool
) -> NDArray[np.uint8]:
    """Draw masks, names and scores into a picture, with a legend beside it; uint8 [h, w, 3].

    Small pictures are enlarged and huge ones reduced, so that the text can be read.
    """
    height, width = rgb.shape[:2]
    scale = max(1.0, min(LEAST_HEIGHT / height, 2 * LEAST_HEIGHT / width, MOST_ENLARGED))
    scale = min(scale, LONGEST / max(height, width))
    regions, ids = result.regions, result.region_image
    if scale != 1.0:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
        rgb = np.asarray(cv2.resize(np.ascontiguousarray(rgb), size, interpolation=smooth))
        ids = np.asarray(cv2.resize(ids, size, interpolation=cv2.INTER_NEAREST))
        regions = tuple(_scaled(region, scale) for region in regions)
    picture = draw_overlay(rgb, ids, regions, untrained)
    return _beside(picture, legend_panel(regions, max(len(picture), LEAST_HEIGHT), bundle, untrained))


def legend_panel(
    regions: tuple[AnomalyRegion, ...], height: int, bundle: str, untrained: bool
) -> NDArray[np.uint8]:
    """Draw the names of a picture with colour, number of regions and best score, uint8 [height, w, 3]."""
    scale = min(max(0.45, height / 1600), 2.0)
    step = round(42 * scale)
    panel = np.full((height, round(520 * scale), 3), PANEL, np.uint8)
    _text(panel, "found", (round(16 * scale), step), scale, WHITE)
    groups: dict[tuple[str, NameSource], list[AnomalyRegion]] = {}
    for region in regions:
        groups.setdefault((region.name, region.source), []).append(region)
    rows = sorted(groups.values(), key=lambda group: -max(region.score for region in group))
    room = max(1, (height - 4 * step) // step)
    for place, group in enumerate(rows[:room]):
        bottom = (place + 2) * step
        best = max(group, key=lambda region: region.score)
        corner = (round(16 * scale), bottom - round(20 * scale))
        cv2.rectangle(panel, corner, (round(40 * scale), bottom), region_colour(best), -1)
        name = (best.name or "unknown").encode("ascii", "replace").decode()  # OpenCV's fonts hold no more
        name = name if len(name) <= 18 else f"{name[:16]}.."
        _text(panel, name, (round(50 * scale), bottom), scale, WHITE)
        facts = f"{len(group)} x  {100 * best.score:.0f}%"
        _text(panel, facts, (round(380 * scale), bottom), scale, GREY)
    rest = "nothing" if not rows else f"and {len(rows) - room} more" if len(rows) > room else ""
    _text(panel, rest, (round(16 * scale), (min(len(rows), room) + 2) * step), scale, GREY)
    name = bundle if len(bundle) <= 30 else f"{bundle[:28]}.."
    note = f"{name} untrained" if untrained else name
    _text(panel, note, (round(16 * scale), height - round(16 * scale)), 0.8 * scale, GREY)
    return panel


def write_results(folder: Path, name: Path, result: AnomalyResult, overlay: NDArray[np.uint8], record: Any):
    """Write overlay, label image, score image and, last, the JSON file of a picture.

    Labels are PNG values as in the record's legend; scores are 16-bit PNG values over 65535.
    Everything is encoded before the first file appears. Raises VisionError and OSError.
    """
    score = np.round(np.clip(source_score(result), 0, 1) * 65535).astype(np.uint16)
    files = {
        "overlay": (".jpg", _encoded(".jpg", overlay[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])),
        "labels": (".png", _encoded(".png", result.labels, [])),
        "score": (".png", _encoded(".png", score, [])),
    }
    paths = {kind: name.with_name(f"{name.name}_{kind}{suffix}") for kind, (suffix, _) in files.items()}
    text = json_text(record | {"files": {kind: str(path) for kind, path in paths.items()}})
    for kind, (_, data) in files.items():
        write_whole(folder / paths[kind], data)
    write_whole(folder / name.with_name(f"{name.name}.json"), f"{text}\n".encode())


def json_text(record: Mapping[str, Any]) -> str:
    """Return a record as one line; ASCII, since a file's name may be no valid UTF-8."""
    return json.dumps(record, allow_nan=False)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path to write to, which becomes `path` in one step, or nothing after an exception."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part_{path.name}")  # keeps the suffix, which encoders go by
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file in one step."""
    with whole_file(path) as part:
        part.write_bytes(data)


def _region_record(region: AnomalyRegion) -> dict[str, Any]:
    return {
        "id": region.id,
        "name": region.name,
        "group": region.group,
        "source": region.source.name.lower(),
        "state": region.state.name.lower(),
        "score": _rounded(region.score),
        "box": list(map(int, region.box)),
        "area": int(region.area),
        "candidates": [
            {"name": item.name, "score": _rounded(item.score), "source": item.source.name.lower()}
            for item in region.candidates
        ],
    }


def _rounded(score: float) -> float:
    return round(float(score), 6)


def _scaled(region: AnomalyRegion, scale: float) -> AnomalyRegion:
    x, y, width, height = region.box
    left, top = int(x * scale), int(y * scale)
    right, bottom = int(np.ceil((x + width) * scale)), int(np.ceil((y + height) * scale))
    return replace(region, box=(left, top, max(1, right - left), max(1, bottom - top)))


def _beside(picture: NDArray[np.uint8], panel: NDArray[np.uint8]) -> NDArray[np.uint8]:
    both = np.full((len(panel), picture.shape[1] + panel.shape[1], 3), PANEL, np.uint8)
    both[: len(picture), : picture.shape[1]] = picture
    both[:, picture.shape[1] :] = panel
    return both


def _text(
    picture: NDArray[np.uint8], text: str, place: tuple[int, int], scale: float, ink: tuple[int, int, int]
) -> None:
    thickness = max(1, round(1.6 * scale))
    cv2.putText(picture, text, place, FONT, 0.9 * scale, ink, thickness, cv2.LINE_AA)


def _encoded(suffix: str, image: NDArray[Any], settings: list[int]) -> bytes:
    try:
        done, data = cv2.imencode(suffix, np.ascontiguousarray(image), settings)
    except cv2.error as error:
        raise VisionError(f"cannot be written as {suffix}: {' '.join(str(error).split())[:200]}") from error
    if not done:
        raise VisionError(f"cannot be written as {suffix}: {image.shape[1]}x{image.shape[0]} pixels")
    return bytes(data)
