import pytest

from clipomaly_ros.model.manifest import IMAGE_FILE, BundleError
from clipomaly_ros.model.operations import count_operations


def models():
    import onnx
    from onnx import TensorProto, helper

    def model(nodes, shapes, output):
        values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
        last = helper.make_tensor_value_info(output[0], TensorProto.FLOAT, output[1])
        graph = helper.make_graph(nodes, "g", values, [last])
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
        "free shape": (
            model([node("MatMul", ["a", "b"], ["y"])], {"a": ["n", 4], "b": [4, 5]}, ("y", ["n", 5])),
            None,
        ),
    }


@pytest.mark.parametrize("name", ["product", "turned", "grouped convolution"])
def test_products_and_convolutions_are_counted(name):
    model, expected = models()[name]
    assert count_operations(model) == expected


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(BundleError, match="not fixed"):
        count_operations(models()["free shape"][0])
    with pytest.raises(BundleError, match="cannot count"):
        count_operations(b"no model")


def test_an_image_tower_has_fixed_shapes(tiny_bundle):
    assert count_operations(tiny_bundle.read(IMAGE_FILE)) > 1e6
