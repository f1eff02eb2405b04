"""Counts the arithmetic of an ONNX model: what share of a machine's peak it reaches."""

from __future__ import annotations

import importlib.util
from math import prod

from clipomaly_ros.model.manifest import BundleError


def count_operations(model: bytes) -> int:
    """Return the floating-point operations of one run, those of matrix products and convolutions.

    A multiplication and an addition count as two. Shapes must be fixed. Needs onnx, which the run
    time does not. BundleError if it is missing, or the model or a shape cannot be read.
    """
    if importlib.util.find_spec("onnx") is None:
        raise BundleError("expected the package onnx to count operations, found none; pip install onnx")
    # Imported here, so that everything but this count does without onnx.
    import onnx

    try:
        graph = onnx.shape_inference.infer_shapes(onnx.load_from_string(model), data_prop=True).graph
        shapes: dict[str, list[int]] = {item.name: list(item.dims) for item in graph.initializer}
        for value in (*graph.input, *graph.value_info, *graph.output):
            shapes[value.name] = [size.dim_value for size in value.type.tensor_type.shape.dim]
        total = 0
        for node in graph.node:
            if node.op_type in ("MatMul", "MatMulInteger", "Gemm", "FusedMatMul"):
                turned = any(item.name == "transA" and item.i for item in node.attribute)
                inner = shapes[node.input[0]][0 if turned else -1]
            elif node.op_type in ("Conv", "ConvInteger"):
                inner = prod(shapes[node.input[1]][1:])
            else:
                continue
            if not (inner and all(shapes[node.output[0]])):
                raise ValueError(f"{node.op_type} {node.name}: its shape is not fixed")
            total += 2 * inner * prod(shapes[node.output[0]])
        return total
    except Exception as error:  # protobuf and onnx share no base class
        reason = " ".join(str(error).split())[:300]
        raise BundleError(f"cannot count the operations: {reason}") from error
