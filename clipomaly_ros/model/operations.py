"""Counts the arithmetic of an ONNX model: what share of a machine's peak it reaches."""

from __future__ import annotations

import importlib.util
from math import prod
from typing import Any

from clipomaly_ros.model.manifest import BundleError

_PRODUCTS = ("MatMul", "MatMulInteger", "Gemm", "FusedMatMul")
_CONVOLUTIONS = ("Conv", "ConvInteger", "FusedConv")
# Arithmetic of the same kind that is not counted: better no figure than one that leaves it out.
_OTHERS = (
    *(
        "Attention",
        "ConvTranspose",
        "DeformConv",
        "DynamicQuantizeMatMul",
        "Einsum",
        "FusedGemm",
        "GRU",
        "If",
    ),
    *("LSTM", "Loop", "MultiHeadAttention", "QAttention", "QGemm", "QLinearConv", "QLinearMatMul", "RNN"),
    "Scan",
)


def count_operations(model: bytes) -> int:
    """Return the floating-point operations of one run, those of matrix products and convolutions.

    A multiplication and an addition count as two, those with the zeros of a border as well. What
    does not depend on the input is computed once, when the model is opened, and not counted. Shapes
    must be fixed. Needs onnx, which the run time does not. BundleError if it is missing, or the
    model or a shape cannot be read, or something in it has more arithmetic that cannot be counted.
    """
    if importlib.util.find_spec("onnx") is None:
        raise BundleError("expected the package onnx to count operations, found none; pip install onnx")
    # Imported here, so that everything but this count does without onnx.
    import onnx

    try:
        graph = onnx.shape_inference.infer_shapes(onnx.load_from_string(model), data_prop=True).graph
        constants = {item.name for item in graph.initializer}
        shapes: dict[str, list[int]] = {item.name: list(item.dims) for item in graph.initializer}
        for value in (*graph.input, *graph.value_info, *graph.output):
            shapes[value.name] = [size.dim_value for size in value.type.tensor_type.shape.dim]
        # A file may list its initializers among the inputs, too.
        varying = {item.name for item in graph.input} - constants
        total = 0
        for node in graph.node:
            if not varying.intersection(node.input):
                continue
            varying.update(node.output)
            total += _operations(node, shapes)
        return total
    except Exception as error:  # protobuf and onnx share no base class
        reason = " ".join(str(error).split())[:300]
        raise BundleError(f"cannot count the operations: {reason}") from error


def _operations(node: Any, shapes: dict[str, list[int]]) -> int:
    """Return the operations of one node, 0 of those that are no product."""
    if node.op_type in _PRODUCTS:
        turned = any(item.name == "transA" and item.i for item in node.attribute)
        inner = shapes[node.input[0]][-2 if turned else -1]
    elif node.op_type in _CONVOLUTIONS:
        inner = prod(shapes[node.input[1]][1:])  # of one group: what one output value looks at
    elif node.op_type in _OTHERS:
        raise ValueError(f"{node.op_type} {node.name}: expected products and convolutions only")
    else:
        return 0
    output = shapes[node.output[0]]
    if not (inner and all(output)):
        raise ValueError(f"{node.op_type} {node.name}: its shape is not fixed")
    return int(2 * inner * prod(output))
