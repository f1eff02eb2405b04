"""The index of a synthetic apron folder, `instances.json`: COCO style, with what evaluation needs beside.

images (file_name, condition), categories (name, supercategory = group) and annotations (one a
visible object, with `anomalous`, `distance` [m], `size` or `height` [m], `variant`; `instance` is
its value in the instance picture); `info` names the split and the known classes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clipomaly_ros.evaluation.kitti import DataError
from clipomaly_ros.evaluation.labelled_frames import LabelledThing

INDEX_FILE = "instances.json"
LARGEST_INDEX = 1 << 30  # bytes


@dataclass(frozen=True)
class IndexedFrame:
    """What the index says of a frame: its slice, its anomalies, and all other visible objects."""

    condition: str
    things: tuple[LabelledThing, ...]
    known: tuple[LabelledThing, ...]


def recorded_split(folder: Path) -> str:
    """Return the split that a folder's index names, "" where there is no index or it names none.

    Whatever layout a folder is read in: pictures of a locked split stay locked.
    """
    path = folder / INDEX_FILE
    if not path.is_file():
        return ""
    content = _parse(path)
    return str(information(content).get("split", "")) if isinstance(content, dict) else ""


def read_index(path: Path) -> Mapping[str, Any]:
    """Read an index; DataError says what is wrong with it."""
    if not path.is_file():
        raise DataError(f"{path}: expected the index of a synthetic apron data set, found none")
    content = _parse(path)
    wanted = ("images", "annotations", "categories")
    if not isinstance(content, dict) or not all(isinstance(content.get(key), list) for key in wanted):
        raise DataError(f"{path}: expected an object with the lists {', '.join(wanted)}")
    return content


def information(index: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the index says of the whole set."""
    info = index.get("info", {})
    return info if isinstance(info, Mapping) else {}


def indexed_frames(index: Mapping[str, Any], path: Path) -> dict[str, IndexedFrame]:
    """Return the frames by name, in order; path: of the index, for errors."""
    try:
        categories = {
            int(item["id"]): (str(item["name"]), str(item.get("supercategory", "")))
            for item in index["categories"]
        }
        found: dict[tuple[int, bool], list[LabelledThing]] = {}
        numbers = {int(item["id"]) for item in index["images"]}
        for item in index["annotations"]:
            name, group = categories[int(item["category_id"])]
            image, anomalous = int(item["image_id"]), bool(item.get("anomalous", True))
            if image not in numbers:
                raise ValueError(f"image_id {image}, expected the id of an image")
            thing = _thing(item, name, str(item.get("group", group)))
            found.setdefault((image, anomalous), []).append(thing)
        return {
            Path(str(item["file_name"])).stem: IndexedFrame(
                str(item.get("condition", "")),
                tuple(found.get((int(item["id"]), True), ())),
                tuple(found.get((int(item["id"]), False), ())),
            )
            for item in index["images"]
        }
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DataError(f"{path}: expected COCO-style entries, failed at {error!r}") from error


def _parse(path: Path) -> Any:
    if path.stat().st_size > LARGEST_INDEX:
        raise DataError(f"{path}: expected at most {LARGEST_INDEX} bytes, found {path.stat().st_size}")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: expected JSON: {error}") from error


def _thing(item: Mapping[str, Any], name: str, group: str) -> LabelledThing:
    size = item.get("size", item.get("height"))
    extents = [float(value) for value in (size if isinstance(size, list) else [size]) if value is not None]
    distance = item.get("distance")
    value = int(item["instance"])
    if not 1 <= value <= 65535:
        raise ValueError(f"instance {value}, expected 1 to 65535")
    return LabelledThing(
        value=value,
        name=name,
        group=group,
        distance=math.nan if distance is None else float(distance),
        size=max(extents, default=math.nan),
        variant=int(item.get("variant", -1)),
    )
