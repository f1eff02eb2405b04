"""The count of a model's arithmetic against counts made in other ways."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from clipomaly_ros.model.manifest import IMAGE_FILE, BundleError
from clipomaly_ros.model.operations import count_operations

ROOT = Path(__file__).resolve().parents[2]


def models():
    import onnx
    from onnx import TensorProto, helper

    def model(nodes, shapes, output, constants=None):
        values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
        held = [onnx.numpy_helper.from_array(v, n) for n, v in (constants or {}).items()]
        last = helper.make_tensor_value_info(output[0], TensorProto.FLOAT, output[1])
        graph = helper.make_graph(nodes, "g", values, [last], initializer=held)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()

    node = onnx.helper.make_node
    return {
        "product": (
            model([node("MatMul", ["a", "b"], ["y"])], {"a": [2, 3, 4], "b": [4, 5]}, ("y", [2, 3, 5])),
            2 * 2 * 3 * 4 * 5,
        ),
        "turned": (
            model([node("Gemm", ["a", "b"], ["y"], transA=1)], {"a": [7, 3], "b": [7, 5]}, ("y", [3, 5])),
            2 * 3 * 7 * 5,
        ),
        "grouped convolution": (
            model(
                [node("Conv", ["a", "w"], ["y"], group=2, pads=[1, 1, 1, 1])],
                {"a": [1, 4, 8, 9], "w": [6, 2, 3, 3]},
                ("y", [1, 6, 8, 9]),
            ),
            2 * (6 * 8 * 9) * (2 * 3 * 3),
        ),
        "what the input does not change": (
            model(
                [
                    node("Constant", [], ["c"], value_floats=[1.0, 2.0]),
                    node("Reshape", ["c", "shape"], ["column"]),
                    node("MatMul", ["column", "c2"], ["w"]),
                    node("MatMul", ["a", "w"], ["y"]),
                ],
                {"a": [5, 2]},
                ("y", [5, 3]),
                {"shape": np.array([2, 1]), "c2": np.ones((1, 3), np.float32)},
            ),
            2 * 5 * 2 * 3,
        ),
        "einsum": (
            model(
                [node("Einsum", ["a", "b"], ["y"], equation="ij,jk->ik")],
                {"a": [2, 3], "b": [3, 4]},
                ("y", [2, 4]),
            ),
            None,
        ),
        "free shape": (
            model([node("MatMul", ["a", "b"], ["y"])], {"a": ["n", 4], "b": [4, 5]}, ("y", ["n", 5])),
            None,
        ),
    }


@pytest.mark.parametrize(
    "name", ["product", "turned", "grouped convolution", "what the input does not change"]
)
def test_products_and_convolutions_are_counted(name):
    model, expected = models()[name]
    assert count_operations(model) == expected


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(BundleError, match="not fixed"):
        count_operations(models()["free shape"][0])
    with pytest.raises(BundleError, match="cannot count"):
        count_operations(b"no model")
    with pytest.raises(BundleError, match="Einsum"):
        count_operations(models()["einsum"][0])


@pytest.mark.parametrize("seed", range(40))
def test_a_convolution_against_one_written_out(seed):
    onnx = pytest.importorskip("onnx", reason="to make a model")
    helper, draw = onnx.helper, np.random.default_rng(seed)
    groups = int(draw.choice([1, 2, 6]))
    inputs, outputs = 6, int(groups * draw.integers(1, 3))
    kernel, stride, dilation, before, after = draw.integers(
        [[1], [1], [1], [0], [0]], [[4], [3], [3], [3], [3]], (5, 2)
    ).tolist()
    size = draw.integers(7, 10, 2).tolist()
    multiplications = 0
    places = [
        range(0, size[i] + before[i] + after[i] - dilation[i] * (kernel[i] - 1), stride[i]) for i in (0, 1)
    ]
    for _ in product(range(outputs), *places):
        for _ in product(range(inputs // groups), range(kernel[0]), range(kernel[1])):
            multiplications += 1
    rows = [len(place) for place in places]
    node = helper.make_node(
        "Conv",
        ["a", "w"],
        ["y"],
        group=groups,
        pads=[*before, *after],
        strides=stride,
        dilations=dilation,
    )
    ends = [
        helper.make_tensor_value_info(name, 1, shape)
        for name, shape in (("a", [1, inputs, *size]), ("y", [1, outputs, *rows]))
    ]
    weights = onnx.numpy_helper.from_array(np.ones((outputs, inputs // groups, *kernel), np.float32), "w")
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], initializer=[weights])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)  # the output has the size written out above
    assert count_operations(made.SerializeToString()) == 2 * multiplications


def test_an_image_tower_against_what_torch_counts_while_it_runs(tiny_bundle, tiny_config):
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    from clipomaly_ros.model.export import ExportSettings, dense_tower
    from clipomaly_ros.model.open_clip_source import build_source

    settings = ExportSettings(model=str(tiny_config), image_size=(96, 128))
    tower = dense_tower(settings, build_source(str(tiny_config))).eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        tower(torch.zeros(1, 3, 96, 128))
    assert count_operations(tiny_bundle.read(IMAGE_FILE)) == counter.get_total_flops() > 1e6


def test_the_model_of_the_package_by_the_arrays_that_its_nodes_take_and_give():
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    content = (ROOT / "models" / "apron-mini" / IMAGE_FILE).read_bytes()
    model = onnx.load_from_string(content)
    nodes = [node for node in model.graph.node if node.op_type in ("Conv", "MatMul", "Gemm")]
    assert {node.op_type for node in nodes} == {"Conv", "MatMul"}
    known = {output.name for output in model.graph.output}
    wanted = {name for node in nodes for name in (node.input[0], node.output[0])}
    named = [onnx.ValueInfoProto(name=name) for name in sorted(wanted - known) if name != "image"]
    model.graph.output.extend(named)
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    image = np.zeros((1, 3, 576, 1024), np.float32)
    arrays = dict(zip(names, session.run(None, {"image": image}), strict=True)) | {"image": image}
    weights = {item.name: list(item.dims) for item in model.graph.initializer}
    total = 0
    for node in nodes:
        before, after = arrays[node.input[0]], arrays[node.output[0]]
        if node.op_type == "MatMul":
            total += 2 * before.shape[-1] * after.size
            continue
        group = next((item.i for item in node.attribute if item.name == "group"), 1)
        channels = before.shape[1] // group  # of the array, not of the weights
        height, width = weights[node.input[1]][2:]
        total += 2 * channels * height * width * after.size
    assert count_operations(content) == total
