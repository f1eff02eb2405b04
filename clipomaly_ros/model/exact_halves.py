"""Stores weights of an ONNX file in half precision where that loses nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_LEAST = 1 << 16  # values; below it a file gains nothing


def store_halves(path: Path) -> int:
    """Halve the large float32 weights of a file that are half-precision numbers; return the bytes saved.

    Weights that were kept in half precision are such numbers, and a run time widens them once,
    when it loads the file: the model computes what it computed before.
    """
    model = onnx.load(str(path))
    graph, casts, saved = model.graph, [], 0
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < _LEAST:
            continue
        values = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            halves = values.astype(np.float16)
        if not np.array_equal(halves.astype(np.float32), values):
            continue
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(halves, f"{tensor.name}_half"))
        casts.append(helper.make_node("Cast", [f"{tensor.name}_half"], [tensor.name], to=TensorProto.FLOAT))
        saved += values.nbytes - halves.nbytes
    if casts:
        nodes = [*casts, *graph.node]
        del graph.node[:]
        graph.node.extend(nodes)
        onnx.save(model, str(path))
    return saved
