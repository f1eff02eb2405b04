"""The file of a score fusion: what `clipomaly evaluate weights` writes and the node reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from clipomaly_ros.vision.image_view import ImageView
from clipomaly_ros.vision.score_fusion import FusedSource, FusionRecipe
from clipomaly_ros.vision.score_sources import CLOSED_SET
from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vocabulary.strict_yaml import StrictYamlError, parse_strict, read_text

FORMAT = 3
_KEYS = {
    "format",
    "bundle",
    "bundle_sha256",
    "known_sha256",
    "candidates_sha256",
    "closed_set",
    "closed_set_sha256",
    "view",
    "logit_scale",
    "windows",
    "flip",
    "threshold",
    "sources",
    "made_from",
}
_VIEW_KEYS = {field.name for field in fields(ImageView)}
_SOURCE_KEYS = {"name", "weight", "levels", "surprise"}
_MOST_LEVELS = 1000


@dataclass(frozen=True)
class FusionFile:
    """A recipe and what it was calibrated for.

    bundle, bundle_sha256: id and manifest's hash of the model bundle. known_sha256, candidates_sha256:
    hashes of the approved classes, and of the candidates if a source looks at them, else "". closed_set:
    path of the closed-set manifest, relative to the file, "" without one; closed_set_sha256: its hash.
    view: how the images came before the encoder. made_from: facts for people (frames, split, figures);
    nothing reads them.
    """

    recipe: FusionRecipe
    bundle: str
    bundle_sha256: str
    known_sha256: str
    candidates_sha256: str
    closed_set: str
    closed_set_sha256: str
    view: ImageView
    made_from: Mapping[str, Any]


def read_fusion(path: Path) -> FusionFile:
    """Read a fusion file; VisionError names the key that is missing, unknown or wrong."""
    try:
        return _parse(parse_strict(read_text(path)))
    except (StrictYamlError, VisionError) as error:
        raise VisionError(
            f"score fusion {path}: {error}; make it with `clipomaly evaluate weights`"
        ) from error


def dump_fusion(file: FusionFile) -> str:
    """Write a fusion file as YAML."""
    recipe = file.recipe
    content = {
        "format": FORMAT,
        "bundle": file.bundle,
        "bundle_sha256": file.bundle_sha256,
        "known_sha256": file.known_sha256,
        "candidates_sha256": file.candidates_sha256,
        "closed_set": file.closed_set,
        "closed_set_sha256": file.closed_set_sha256,
        "view": {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(file.view).items()
        },
        "logit_scale": recipe.logit_scale,
        "windows": list(recipe.windows),
        "flip": recipe.flip,
        "threshold": recipe.threshold,
        "sources": [
            {
                "name": source.name,
                "weight": source.weight,
                "levels": list(source.levels),
                "surprise": list(source.surprise),
            }
            for source in recipe.sources
        ],
        "made_from": dict(file.made_from),
    }
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100))


def _parse(content: Any) -> FusionFile:
    form = content.get("format") if isinstance(content, dict) else None
    if form is not None and (form != FORMAT or isinstance(form, bool)):
        raise VisionError(f"format: expected {FORMAT}, got {form!r}")
    data = _mapping(content, _KEYS, "content")
    if not isinstance(data["flip"], bool):
        raise VisionError(f"flip: expected true or false, got {data['flip']!r}")
    grid = _list(data["windows"], "windows")
    if any(isinstance(count, bool) or not isinstance(count, int) for count in grid) or len(grid) != 2:
        raise VisionError(f"windows: expected two whole numbers, got {grid!r}")
    sources = []
    for item in _list(data["sources"], "sources"):
        entry = _mapping(item, _SOURCE_KEYS, "sources")
        name = _text(entry["name"], "sources: name")
        lines = (
            tuple(_number(value, f"{name}: {key}") for value in _list(entry[key], f"{name}: {key}"))
            for key in ("levels", "surprise")
        )
        sources.append(FusedSource(name, _number(entry["weight"], f"{name}: weight"), *lines))
    recipe = FusionRecipe(
        tuple(sources),
        _number(data["logit_scale"], "logit_scale"),
        _number(data["threshold"], "threshold"),
        (grid[0], grid[1]),
        data["flip"],
    )
    closed_set = _text(data["closed_set"], "closed_set", empty=True)
    if not closed_set and any(source.name == CLOSED_SET for source in recipe.used):
        raise VisionError("closed_set: expected the path of a closed-set manifest, got none")
    if not isinstance(data["made_from"], dict):
        raise VisionError("made_from: expected a mapping")
    return FusionFile(
        recipe,
        _text(data["bundle"], "bundle"),
        _text(data["bundle_sha256"], "bundle_sha256"),
        _text(data["known_sha256"], "known_sha256"),
        _text(data["candidates_sha256"], "candidates_sha256", empty=True),
        closed_set,
        _text(data["closed_set_sha256"], "closed_set_sha256", empty=True),
        _view(data["view"]),
        data["made_from"],
    )


def _view(value: Any) -> ImageView:
    try:
        return ImageView(**_mapping(value, _VIEW_KEYS, "view"))
    except VisionError as error:
        raise VisionError(f"view: {str(error).removeprefix('view: ')}") from error


def _mapping(value: Any, keys: set[str], what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise VisionError(f"{what}: expected a mapping, got {type(value).__name__}")
    wrong = [f"missing {key}" for key in sorted(keys - value.keys())]
    wrong += [f"unknown {str(key)[:40]}" for key in sorted(map(str, value.keys() - keys))]
    if wrong:
        raise VisionError(f"{what}: {', '.join(wrong)}")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MOST_LEVELS:
        raise VisionError(f"{what}: expected a list of at most {_MOST_LEVELS}")
    return value


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise VisionError(f"{what}: expected a finite number, got {value!r}")
    return float(value)


def _text(value: Any, what: str, empty: bool = False) -> str:
    if not isinstance(value, str) or not (empty or value) or len(value) > 1000:
        raise VisionError(f"{what}: expected a text, got {value!r}")
    return value
