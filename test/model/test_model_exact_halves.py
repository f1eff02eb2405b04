"""Weights in half precision: only where nothing is lost, and the model computes the same."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from clipomaly_ros.model.exact_halves import store_halves


def write(path, table):
    node = helper.make_node("Gather", ["table", "rows"], ["out"])
    graph = helper.make_graph(
        [node],
        "table",
        [helper.make_tensor_value_info("rows", TensorProto.INT64, [None])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [None, table.shape[1]])],
        [numpy_helper.from_array(table, "table")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


def look_up(path, rows):
    return onnxruntime.InferenceSession(str(path)).run(None, {"rows": rows})[0]


def test_a_table_of_halves_is_stored_as_such_and_reads_the_same(tmp_path):
    path = tmp_path / "text.onnx"
    table = np.random.default_rng(0).normal(size=(1024, 96)).astype(np.float16).astype(np.float32)
    write(path, table)
    before = path.stat().st_size
    assert store_halves(path) == table.nbytes // 2
    onnx.checker.check_model(str(path), full_check=True)
    assert path.stat().st_size < 0.55 * before
    rows = np.arange(0, 1024, 7)
    np.testing.assert_array_equal(look_up(path, rows), table[rows])


@pytest.mark.parametrize("odd", [1.0 + 2.0**-12, 1e6, float("nan")])
def test_one_value_that_does_not_fit_keeps_the_whole_table(tmp_path, odd):
    path = tmp_path / "text.onnx"
    table = np.ones((1024, 96), np.float32)
    table[3, 5] = odd
    write(path, table)
    content = path.read_bytes()
    assert store_halves(path) == 0
    assert path.read_bytes() == content
