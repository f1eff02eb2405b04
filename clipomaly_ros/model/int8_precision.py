"""fp32 ONNX to int8 for CPUs, by ONNX Runtime's quantisation.

A transformer's matrix products are quantised dynamically: weights beforehand, activations at run
time, by the range they have then. A convolutional network is quantised statically, by the ranges
that its activations take on calibration pictures, because convolutions gain nothing otherwise; its
first convolutions stay as they are: they see single pixels, and everything after them inherits their error.
"""

from __future__ import annotations

import importlib.util
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.model.manifest import IMAGE_FILE, POINTWISE, BundleError

LEAST_FRAMES = 4  # of a calibration
FIRST_KEPT = 10  # one in so many convolutions stays in fp32, counted from the image


def to_int8(model: bytes, dense_variant: str, frames: Sequence[NDArray[np.float32]] = ()) -> bytes:
    """Return the image tower with int8 weights and arithmetic; inputs and outputs stay fp32.

    dense_variant: of the bundle; says which kind of network it is. frames: normalised images,
    float32 [1, 3, H, W], at least LEAST_FRAMES for a convolutional one, not used otherwise.
    BundleError if onnx is missing, frames are too few, or the model cannot be converted.
    """
    if importlib.util.find_spec("onnx") is None:
        raise BundleError("expected the package onnx for precision int8, found none; pip install onnx")
    convolutional = dense_variant == POINTWISE
    if convolutional and len(frames) < LEAST_FRAMES:
        raise BundleError(
            f"int8: expected at least {LEAST_FRAMES} calibration pictures for a convolutional image "
            f"tower, found {len(frames)}; name a folder: --calibration DIR"
        )
    # Imported here, so that everything but a conversion does without onnx.
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_dynamic,
        quantize_static,
    )

    class Frames(CalibrationDataReader):
        def __init__(self) -> None:
            self._left = iter(frames)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            frame = next(self._left, None)
            return None if frame is None else {"image": frame}

    # It advises a preparation through its root logger; the exported graph has its constants folded.
    logging.getLogger().addFilter(_is_no_advice)
    try:
        with tempfile.TemporaryDirectory(prefix="clipomaly-int8-") as scratch:
            path = Path(scratch) / IMAGE_FILE
            loaded = onnx.load_from_string(model)
            if convolutional:
                quantize_static(
                    loaded,
                    path,
                    Frames(),
                    quant_format=QuantFormat.QDQ,
                    op_types_to_quantize=["Conv"],
                    per_channel=True,
                    activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8,
                    nodes_to_exclude=_first_convolutions(loaded),
                )
            else:
                quantize_dynamic(
                    loaded,
                    path,
                    op_types_to_quantize=["MatMul", "Gemm"],
                    per_channel=True,
                    weight_type=QuantType.QInt8,
                )
            return path.read_bytes()
    except Exception as error:  # protobuf, onnx and the converter share no base class
        reason = " ".join(str(error).split())[:300]
        raise BundleError(f"{IMAGE_FILE}: cannot be converted to int8: {reason}; use fp32") from error
    finally:
        logging.getLogger().removeFilter(_is_no_advice)


def _first_convolutions(model: Any) -> list[str]:
    """Return the names of the convolutions to leave alone; nodes without a name get one."""
    names = []
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"node {index}"
        if node.op_type == "Conv":
            names.append(node.name)
    return names[: len(names) // FIRST_KEPT]


def _is_no_advice(record: logging.LogRecord) -> bool:
    return "pre-processing" not in record.getMessage()
