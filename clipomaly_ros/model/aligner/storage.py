"""An aligner on disk: tensors as safetensors, everything else as JSON; nothing that executes."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from clipomaly_ros.model.aligner.modules import Aligner, AlignerShape
from clipomaly_ros.model.manifest import BundleError

FORMAT = 1
TENSORS_FILE, RECORD_FILE = "aligner.safetensors", "aligner.json"
_MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class AlignerOrigin:
    """The model that an aligner belongs to: with another one it means nothing.

    model, pretrained, weights_sha256: as in the bundle's manifest. seed: of random weights.
    dense_variant: of the patches it was trained on.
    """

    model: str
    pretrained: str | None
    weights_sha256: str | None
    seed: int
    dense_variant: str


def save_aligner(folder: Path, aligner: Aligner, origin: AlignerOrigin, record: Mapping[str, Any]) -> None:
    """Write an aligner; record: facts for people (data, classes, settings, curve)."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder / TENSORS_FILE, aligner.state_dict())
    content = {
        "format": FORMAT,
        "shape": asdict(aligner.shape),
        "origin": asdict(origin),
        "record": dict(record),
    }
    write_json(folder / RECORD_FILE, content)


def load_aligner(folder: Path) -> tuple[Aligner, AlignerOrigin]:
    """Read an aligner; BundleError names what is missing or wrong."""
    content = read_json(folder / RECORD_FILE)
    try:
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}")
        shape = AlignerShape(**content["shape"])
        sizes = [getattr(shape, field.name) for field in fields(AlignerShape)]
        if any(isinstance(size, bool) or not isinstance(size, int) for size in sizes):
            raise ValueError(f"shape {content['shape']!r}")
        if not 0 <= shape.contexts <= 64 or not all(1 <= size <= 8192 for size in sizes[1:]):
            raise ValueError(f"shape {content['shape']!r}")
        origin = AlignerOrigin(**content["origin"])
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"{folder / RECORD_FILE}: expected what `clipomaly train-aligner` writes: {error!r}"
        ) from error
    aligner = Aligner(shape)
    tensors = read_tensors(folder / TENSORS_FILE)
    expected = {name: tuple(value.shape) for name, value in aligner.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in tensors.items()}
    if found != expected or not all(torch.isfinite(value).all() for value in tensors.values()):
        raise BundleError(
            f"{folder / TENSORS_FILE}: expected finite tensors {expected}, found {str(found)[:300]}"
        )
    aligner.load_state_dict(tensors)
    return aligner.eval(), origin


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors so that nobody ever sees half a file."""
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    _replace(path, save(plain))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read tensors; BundleError for a file that is none of ours."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BundleError(f"{path}: expected at most {_MOST_BYTES} bytes")
        tensors: dict[str, Tensor] = load(path.read_bytes())
        return tensors
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{path}: expected a file of tensors (safetensors): {error}") from error


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON so that nobody ever sees half a file."""
    _replace(path, (json.dumps(content, indent=1) + "\n").encode("utf-8"))


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; BundleError if it is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: expected a record in JSON: {error}") from error
    if not isinstance(content, dict):
        raise BundleError(f"{path}: expected a JSON object")
    return content


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
