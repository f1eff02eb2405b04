"""A closed-set segmenter out of an ONNX file: any network that gives a map for each of its classes."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.model.manifest import LARGEST_FILE, BundleError
from clipomaly_ros.model.onnx_encoder import open_session
from clipomaly_ros.vision.types import FITS
from clipomaly_ros.vocabulary.strict_yaml import StrictYamlError, parse_strict

FORMAT = 1
OUTPUTS = ("logits", "probabilities")
_KEYS = {"format", "name", "model", "sha256", "input_size", "mean", "std", "fit", "output", "classes"}
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MOST_CLASSES = 1000


@dataclass(frozen=True)
class ClosedSetManifest:
    """What must be known of a closed-set segmenter, validated; see models/README.md.

    model: name of the ONNX file beside the manifest, sha256 its hash. input_size: height, width [pixel].
    mean, std: of the RGB channels, 0 to 1. fit: how an image is placed in the input. output: what the
    maps hold. classes: each output map's name and the approved class it shows, None for none.
    """

    name: str
    model: str
    sha256: str
    input_size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    fit: str
    output: str
    classes: tuple[tuple[str, str | None], ...]


class OnnxClosedSet:
    """Implements clipomaly_ros.vision.closed_set.ClosedSetNetwork with ONNX Runtime.

    hash: SHA-256 of the manifest, which holds that of the model.
    """

    def __init__(
        self, model: bytes, manifest: ClosedSetManifest, manifest_hash: str, threads: int = 0
    ) -> None:
        self.hash, self.name = manifest_hash, manifest.model
        self.input_size, self.mean, self.std = manifest.input_size, manifest.mean, manifest.std
        self.fit, self.logits = manifest.fit, manifest.output == "logits"
        self.known = tuple(known for _, known in manifest.classes)
        self._session = open_session(model, manifest.model, threads)
        self._input = _check_interface(self._session, manifest)

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the maps of a normalised image, float32 [classes, h, w]; BundleError if the model fails."""
        try:
            (maps,) = self._session.run(None, {self._input: batch})
        except Exception as error:  # ONNX Runtime's exceptions share no base class but Exception
            reason = " ".join(str(error).split())[:300]
            raise BundleError(f"{self.name}: ONNX Runtime cannot run it: {reason}") from error
        expected = len(self.known)
        if maps.ndim != 4 or maps.shape[:2] != (1, expected) or min(maps.shape[2:]) < 1:
            raise BundleError(
                f"{self.name}: expected maps [1, {expected}, h, w], one for each class of the manifest, "
                f"found {list(maps.shape)}"
            )
        return np.asarray(maps[0], dtype=np.float32)


def load_closed_set(path: Path, approved: Sequence[str], threads: int = 0) -> OnnxClosedSet:
    """Open a closed-set segmenter by its manifest; BundleError says what cannot be used.

    approved: names of the approved classes; every class that the manifest maps must be one.
    """
    path = Path(path).expanduser()
    data = _read(path, 1 << 20)
    try:
        manifest = _parse(parse_strict(data.decode("utf-8")))
    except (StrictYamlError, UnicodeDecodeError, BundleError) as error:
        raise BundleError(f"closed-set segmenter {path}: {error}") from error
    strange = sorted({name for _, name in manifest.classes if name is not None} - set(approved))
    if strange:
        raise BundleError(
            f"closed-set segmenter {path}: classes: expected names of approved classes, found "
            f"{', '.join(strange[:5])}; write null where the vocabulary has no such class"
        )
    model = _read(path.parent / manifest.model, LARGEST_FILE)
    found = hashlib.sha256(model).hexdigest()
    if found != manifest.sha256:
        raise BundleError(
            f"closed-set segmenter {path}: {manifest.model}: expected sha256 {manifest.sha256}, found {found}"
        )
    return OnnxClosedSet(model, manifest, hashlib.sha256(data).hexdigest(), threads)


def _check_interface(session: Any, manifest: ClosedSetManifest) -> str:
    """Return the name of the input; BundleError unless there is one image in and one set of maps out."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    expected = (1, 3, *manifest.input_size)
    if len(inputs) != 1 or len(outputs) != 1:
        raise BundleError(
            f"{manifest.model}: expected one input and one output, found {len(inputs)} and {len(outputs)}"
        )
    shape = inputs[0].shape
    fits = len(shape) == 4 and all(
        not isinstance(found, int) or found == wanted for found, wanted in zip(shape, expected, strict=True)
    )
    if inputs[0].type != "tensor(float)" or not fits:
        raise BundleError(
            f"{manifest.model}: expected an input tensor(float) {list(expected)}, "
            f"found {inputs[0].type} {shape}"
        )
    return str(inputs[0].name)


def _read(path: Path, limit: int) -> bytes:
    try:
        if not path.is_file():
            raise BundleError(f"{path}: expected a file, found none")
        if path.stat().st_size > limit:
            raise BundleError(f"{path}: expected at most {limit} bytes, found {path.stat().st_size}")
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror or error}") from error


def _parse(content: Any) -> ClosedSetManifest:
    if not isinstance(content, dict) or content.keys() != _KEYS:
        found = ", ".join(sorted(map(str, content)))[:200] if isinstance(content, dict) else "none"
        raise BundleError(f"expected the keys {', '.join(sorted(_KEYS))}, found {found}")
    if content["format"] != FORMAT or isinstance(content["format"], bool):
        raise _wrong("format", str(FORMAT), content["format"])
    for key in ("name", "model", "sha256"):
        if not isinstance(content[key], str) or not 0 < len(content[key]) <= 200:
            raise _wrong(key, "a text", content[key])
    if not _FILE.fullmatch(content["model"]):
        raise _wrong("model", "a plain file name without folders", content["model"])
    size = _numbers("input_size", content["input_size"], 2, 8, 8192)
    if any(side != int(side) for side in size):
        raise _wrong("input_size", "whole numbers", size)
    for key, choices in (("fit", FITS), ("output", OUTPUTS)):
        if content[key] not in choices:
            raise _wrong(key, f"one of {', '.join(choices)}", content[key])
    mean, std = _numbers("mean", content["mean"], 3, 0, 1), _numbers("std", content["std"], 3, 1e-3, 1)
    return ClosedSetManifest(
        name=content["name"],
        model=content["model"],
        sha256=content["sha256"],
        input_size=(int(size[0]), int(size[1])),
        mean=(mean[0], mean[1], mean[2]),
        std=(std[0], std[1], std[2]),
        fit=content["fit"],
        output=content["output"],
        classes=_classes(content["classes"]),
    )


def _classes(value: Any) -> tuple[tuple[str, str | None], ...]:
    if not isinstance(value, list) or not 2 <= len(value) <= _MOST_CLASSES:
        raise BundleError(f"classes: expected a list of 2 to {_MOST_CLASSES}, in the order of the maps")
    classes = []
    for entry in value:
        if not isinstance(entry, dict) or entry.keys() != {"name", "known"}:
            raise BundleError(f"classes: expected entries with name and known, found {str(entry)[:80]!r}")
        name, known = entry["name"], entry["known"]
        if not isinstance(name, str) or not (known is None or isinstance(known, str)):
            raise BundleError(f"classes: expected texts, or null for known, found {str(entry)[:80]!r}")
        classes.append((name, known))
    if all(known is None for _, known in classes):
        raise BundleError("classes: expected at least one that shows an approved class, found none")
    return tuple(classes)


def _numbers(key: str, value: Any, count: int, low: float, high: float) -> list[float]:
    valid = isinstance(value, list) and len(value) == count
    for number in value if valid else ():
        valid = valid and not isinstance(number, bool) and isinstance(number, (int, float))
        valid = valid and math.isfinite(number) and low <= number <= high
    if not valid:
        raise _wrong(key, f"{count} numbers from {low:g} to {high:g}", value)
    return [float(number) for number in value]


def _wrong(key: str, expected: str, found: object) -> BundleError:
    return BundleError(f"{key}: expected {expected}, found {str(found)[:80]!r}")
