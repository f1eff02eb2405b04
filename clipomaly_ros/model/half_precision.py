"""fp32 ONNX to fp16: strongly typed builders take the precision from the model itself."""

from __future__ import annotations

import importlib.util

from clipomaly_ros.model.manifest import IMAGE_FILE, BundleError


def to_half_precision(model: bytes) -> bytes:
    """Return the model with fp16 weights and arithmetic; inputs and outputs stay fp32.

    Needs onnx, which the run time does not: the conversion belongs to the build. BundleError
    if it is missing or the model cannot be converted.
    """
    if importlib.util.find_spec("onnx") is None:
        raise BundleError("expected the package onnx for precision fp16, found none; pip install onnx")
    # Imported here, so that everything but an fp16 build does without onnx.
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    try:
        converted = convert_float_to_float16(onnx.load_from_string(model), keep_io_types=True)
        return bytes(converted.SerializeToString())
    except Exception as error:  # protobuf, onnx and the converter share no base class
        reason = " ".join(str(error).split())[:300]
        raise BundleError(f"{IMAGE_FILE}: cannot be converted to fp16: {reason}; use fp32") from error
