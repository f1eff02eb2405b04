"""A bundle in another precision: converted, compared with its fp32 original, written."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.model.bundle import ModelBundle, load_bundle
from clipomaly_ros.model.bundle_writer import check_target, write_bundle
from clipomaly_ros.model.half_precision import to_half_precision
from clipomaly_ros.model.int8_precision import to_int8
from clipomaly_ros.model.manifest import IMAGE_FILE, PRECISIONS, BundleError
from clipomaly_ros.model.onnx_encoder import OnnxDenseEncoder
from clipomaly_ros.vision.types import DenseEncoder

# Mean cosine of the patches with those of fp32 below which a conversion is not kept; of fp16, the least.
LEAST_COSINE = {"fp16": 0.999, "int8": 0.9}


@dataclass(frozen=True)
class Agreement:
    """Cosines between the patches of two encoders: least, mean, and that which 1 % fall below."""

    least: float
    mean: float
    percentile: float


def agreement(
    encoder: DenseEncoder, reference: DenseEncoder, frames: Sequence[NDArray[np.float32]]
) -> Agreement:
    """Compare two encoders on normalised images, float32 [1, 3, H, W]."""
    cosines = []
    for frame in frames:
        found, expected = encoder.encode(frame).patches, reference.encode(frame).patches
        lengths = np.linalg.norm(found, axis=-1) * np.linalg.norm(expected, axis=-1)
        cosines.append((found * expected).sum(axis=-1).ravel() / np.maximum(lengths, 1e-12).ravel())
    every = np.concatenate(cosines)
    return Agreement(float(every.min()), float(every.mean()), float(np.percentile(every, 1)))


def convert_bundle(
    bundle: ModelBundle,
    precision: str,
    frames: Sequence[NDArray[np.float32]],
    folder: Path,
    name: str | None = None,
    overwrite: bool = False,
    report: Callable[[str], None] = print,
) -> ModelBundle:
    """Write the bundle with its image tower in another precision and load it back.

    precision: "fp16" or "int8". frames: normalised images, to calibrate with and to compare on, at
    least one. The text tower stays as it is: it runs once a name. name None adds the precision.
    BundleError if the bundle is not fp32, the result is too far from it, or the folder is taken;
    nothing is left behind then.
    """
    check_target(folder, overwrite)
    if precision not in PRECISIONS[1:] or bundle.manifest.precision != PRECISIONS[0]:
        raise BundleError(
            f"{bundle.folder}: expected a conversion from {PRECISIONS[0]} to one of "
            f"{', '.join(PRECISIONS[1:])}, found {bundle.manifest.precision} to {precision}"
        )
    model = bundle.read(IMAGE_FILE)
    report(f"converting {IMAGE_FILE} of {bundle.id} to {precision}")
    if precision == "fp16":
        converted = to_half_precision(model)
    else:
        converted = to_int8(model, bundle.manifest.dense_variant, frames)
    report(f"  {len(model) / 1e6:.1f} MB to {len(converted) / 1e6:.1f} MB")
    found = agreement(
        OnnxDenseEncoder(converted, bundle.manifest), OnnxDenseEncoder(model, bundle.manifest), frames
    )
    report(
        f"  cosine with fp32 over {len(frames)} pictures: mean {found.mean:.5f}, "
        f"1 % below {found.percentile:.5f}, least {found.least:.5f}"
    )
    measured = found.least if precision == "fp16" else found.mean
    if not measured >= LEAST_COSINE[precision]:  # also catches NaN
        raise BundleError(
            f"{bundle.folder}: {precision}: expected a cosine of {LEAST_COSINE[precision]} with fp32, "
            f"found {measured:.5f}; not written"
        )
    manifest = dataclasses.replace(
        bundle.manifest, name=name or f"{bundle.manifest.name}-{precision}"[:80], precision=precision
    )
    with tempfile.TemporaryDirectory(prefix="clipomaly-convert-") as scratch:
        changed = Path(scratch) / IMAGE_FILE
        changed.write_bytes(converted)
        files = {item: bundle.folder / item for item in bundle.manifest.files}
        write_bundle(folder, manifest, {**files, IMAGE_FILE: changed}, overwrite)
    return load_bundle(folder)
