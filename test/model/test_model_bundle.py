import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clipomaly_ros.model.bundle import load_bundle
from clipomaly_ros.model.bundle_writer import write_bundle
from clipomaly_ros.model.manifest import MANIFEST_FILE, BundleError, dump_manifest, parse_manifest
from clipomaly_ros.vision.types import DenseFeatures, VisionError


def test_random_bundle_says_that_it_is_untrained(tiny_bundle):
    assert tiny_bundle.untrained
    assert tiny_bundle.manifest.untrained
    assert tiny_bundle.id == "tiny@1"
    assert len(tiny_bundle.hash) == 64
    assert tiny_bundle.manifest.input_size == (96, 128)


@pytest.mark.parametrize("name", ["image.onnx", "text.onnx", "vocabulary.txt.gz"])
def test_one_changed_bit_is_found_and_both_hashes_are_named(name, bundle_copy):
    content = bytearray((bundle_copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle_copy / name).write_bytes(content)
    with pytest.raises(
        BundleError, match=rf"{name}: expected sha256 [0-9a-f]{{64}}, found [0-9a-f]{{64}}; .*again"
    ):
        load_bundle(bundle_copy)


def test_a_file_changed_after_loading_is_not_run(bundle_copy):
    bundle = load_bundle(bundle_copy)
    text = bundle.text_encoder()
    for name in ("image.onnx", "text.onnx"):
        (bundle_copy / name).write_bytes(b"something else")
    with pytest.raises(BundleError, match=r"image\.onnx: expected sha256"):
        bundle.image_encoder()
    with pytest.raises(BundleError, match=r"text\.onnx: expected sha256"):
        text.encode(["cone"])


@pytest.mark.parametrize("name", ["image.onnx", "text.onnx", "vocabulary.txt.gz", MANIFEST_FILE])
def test_missing_files_are_named(name, bundle_copy):
    (bundle_copy / name).unlink()
    with pytest.raises(BundleError, match=name):
        load_bundle(bundle_copy)


def test_files_the_manifest_does_not_list_are_refused(bundle_copy):
    (bundle_copy / "image.onnx.data").write_bytes(b"\0")
    with pytest.raises(BundleError, match=r"found also image\.onnx\.data; remove"):
        load_bundle(bundle_copy)


def test_no_folder_no_bundle(tmp_path, bundle_copy):
    with pytest.raises(BundleError, match="clipomaly export"):
        load_bundle(tmp_path / "gone")
    with pytest.raises(BundleError, match="a folder"):
        load_bundle(bundle_copy / "image.onnx")


@pytest.mark.parametrize(
    "content", [b"", b"[", b"- a", b"\xff\xff", b"name: x", b"&a [*a, *a]", b"!!python/name:os.system"]
)
def test_a_manifest_that_is_none_is_refused(content, bundle_copy):
    (bundle_copy / MANIFEST_FILE).write_bytes(content)
    with pytest.raises(BundleError, match=MANIFEST_FILE):
        load_bundle(bundle_copy)


def graph(inputs, outputs, value=0.0):
    """Return an ONNX model with these inputs and outputs that gives value everywhere."""
    onnx = pytest.importorskip("onnx")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    nodes, constants = [], [numpy_helper.from_array(np.array([1]), "axis")]
    for name, (_, shape) in outputs.items():
        rows = [1 if isinstance(size, str) else size for size in shape]
        constants.append(numpy_helper.from_array(np.full(rows, value, np.float32), f"{name}_value"))
        if isinstance(shape[0], str):  # as many rows as the input has
            (source,) = inputs
            nodes.append(helper.make_node("Cast", [source], ["numbers"], to=onnx.TensorProto.FLOAT))
            nodes.append(helper.make_node("ReduceSum", ["numbers", "axis"], ["column"], keepdims=1))
            nodes.append(helper.make_node("MatMul", ["column", f"{name}_value"], [name]))
        else:
            nodes.append(helper.make_node("Identity", [f"{name}_value"], [name]))
    ends = [[helper.make_tensor_value_info(k, *v) for k, v in side.items()] for side in (inputs, outputs)]
    made = helper.make_graph(nodes, "constant", *ends, initializer=constants)
    return helper.make_model(
        made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()


FLOAT, INT = 1, 7
IMAGE = {"image": (FLOAT, (1, 3, 96, 128))}
DENSE = {"patches": (FLOAT, (1, 6, 8, 48)), "global": (FLOAT, (1, 48))}
TEXT = {"tokens": (INT, ("n", "l"))}
EMBEDDINGS = {"embeddings": (FLOAT, ("n", 48))}


@pytest.mark.parametrize(
    ("name", "inputs", "outputs", "message"),
    [
        ("image.onnx", {"x": (FLOAT, (1, 3, 96, 128))}, DENSE, "expected inputs image, found x"),
        (
            "image.onnx",
            {"image": (FLOAT, (1, 3, 128, 96))},
            DENSE,
            r"image: expected .*96, 128\], found .*128, 96\]",
        ),
        ("image.onnx", {"image": (10, (1, 3, 96, 128))}, DENSE, "float16"),
        ("image.onnx", {"image": (FLOAT, ("n", 3, 96, 128))}, DENSE, "any, 3"),
        (
            "image.onnx",
            IMAGE,
            {"patches": DENSE["patches"]},
            "expected outputs global, patches, found patches",
        ),
        (
            "image.onnx",
            IMAGE,
            {**DENSE, "patches": (FLOAT, (1, 6, 8, 47))},
            "patches: expected .*48.*found .*47",
        ),
        ("text.onnx", {"tokens": (6, ("n", "l"))}, EMBEDDINGS, "int64"),
        ("text.onnx", {"tokens": (INT, (1, "l"))}, EMBEDDINGS, "any, any"),
        ("text.onnx", TEXT, {"embeddings": (FLOAT, ("n", 64))}, "found .*64"),
    ],
)
def test_wrong_inputs_and_outputs_are_found_on_load(name, inputs, outputs, message, bundle_copy, repack):
    repack(bundle_copy, name, graph(inputs, outputs))
    with pytest.raises(BundleError, match=rf"{name}: .*{message}"):
        load_bundle(bundle_copy)


def test_right_hash_but_no_model(bundle_copy, repack):
    repack(bundle_copy, "image.onnx", b"not a model")
    with pytest.raises(BundleError, match=r"image\.onnx: ONNX Runtime cannot open it"):
        load_bundle(bundle_copy)
    repack(bundle_copy, "vocabulary.txt.gz", b"no words")
    with pytest.raises(BundleError):
        load_bundle(bundle_copy)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_embeddings_that_are_not_finite_are_an_error(value, bundle_copy, repack):
    repack(bundle_copy, "image.onnx", graph(IMAGE, DENSE, value))
    repack(bundle_copy, "text.onnx", graph(TEXT, EMBEDDINGS, value))
    bundle = load_bundle(bundle_copy)
    with pytest.raises(BundleError, match=r"image\.onnx: expected finite"):
        bundle.image_encoder().encode(np.zeros((1, 3, 96, 128), np.float32))
    with pytest.raises(BundleError, match=r"text\.onnx: expected finite"):
        bundle.text_encoder().encode(["cone"])


def test_image_encoder_keeps_the_contract(tiny_bundle):
    encoder = tiny_bundle.image_encoder(threads=1)
    image = np.random.default_rng(0).normal(size=(1, 3, 96, 128)).astype(np.float32)
    features = encoder.encode(image)
    assert isinstance(features, DenseFeatures)
    assert features.patches.shape == (6, 8, 48)
    assert features.patches.dtype == features.global_embedding.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(features.patches, axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(features.global_embedding), 1, atol=1e-5)
    strided = np.asfortranarray(image)
    np.testing.assert_array_equal(encoder.encode(strided).patches, features.patches)
    assert (encoder.input_size, encoder.patch_size) == ((96, 128), 16)
    assert (encoder.mean, encoder.std) == (tiny_bundle.manifest.mean, tiny_bundle.manifest.std)
    assert encoder.provider in ("CPUExecutionProvider", "CUDAExecutionProvider")


@pytest.mark.parametrize(
    "batch",
    [np.zeros((1, 3, 96, 128)), np.zeros((3, 96, 128), np.float32), np.zeros((1, 3, 128, 96), np.float32)],
)
def test_wrong_batches_are_refused(batch, tiny_bundle):
    with pytest.raises(VisionError, match=r"expected float32 \(1, 3, 96, 128\), found"):
        tiny_bundle.image_encoder().encode(batch)


def test_negative_threads_are_refused(tiny_bundle):
    with pytest.raises(BundleError, match="threads"):
        tiny_bundle.image_encoder(threads=-1)


def test_text_encoder_gives_each_prompt_the_same_alone_and_among_others(tiny_bundle):
    encoder = tiny_bundle.text_encoder()
    prompts = ["cone", "a photo of a baggage trailer.", "very long " * 60, "cone", "", "ü" * 90] * 13
    together = encoder.encode(prompts)
    assert together.shape == (78, 48)
    for index in range(6):
        np.testing.assert_allclose(together[index], encoder.encode([prompts[index]])[0], atol=1e-5)
        np.testing.assert_allclose(together[index::6], np.tile(together[index], (13, 1)), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert encoder.encode([]).shape == (0, 48)
    assert encoder.provider == tiny_bundle.image_encoder().provider


def test_writing_leaves_either_the_old_or_the_new_bundle(tiny_bundle, tmp_path):
    target = tmp_path / "models" / "b"
    files = {name: tiny_bundle.folder / name for name in tiny_bundle.manifest.files}
    write_bundle(target, tiny_bundle.manifest, files)
    assert load_bundle(target).hash == tiny_bundle.hash
    with pytest.raises(FileNotFoundError):
        write_bundle(target, tiny_bundle.manifest, {**files, "image.onnx": tmp_path / "gone"}, overwrite=True)
    assert load_bundle(target).hash == tiny_bundle.hash
    assert [path.name for path in target.parent.iterdir()] == ["b"]
    with pytest.raises(BundleError, match="--overwrite"):
        write_bundle(target, tiny_bundle.manifest, files)
    shutil.rmtree(target)
    target.mkdir()
    write_bundle(target, tiny_bundle.manifest, files)  # an empty folder is as good as none
    assert load_bundle(target).id == tiny_bundle.id


def test_a_context_length_that_the_text_tower_does_not_have_is_an_error_of_the_bundle(bundle_copy):
    manifest = parse_manifest((bundle_copy / MANIFEST_FILE).read_bytes())
    (bundle_copy / MANIFEST_FILE).write_bytes(dump_manifest(replace(manifest, context_length=200)))
    encoder = load_bundle(bundle_copy).text_encoder()
    assert encoder.encode(["a cone"]).shape == (1, 48)
    with pytest.raises(BundleError, match=r"text\.onnx: ONNX Runtime cannot run it on tokens \(1, 200\)"):
        encoder.encode(["cone " * 300])


@pytest.mark.parametrize("name", [MANIFEST_FILE, "text.onnx"])
def test_a_file_larger_than_any_bundle_has_is_not_read(bundle_copy, name):
    with (bundle_copy / name).open("r+b") as stream:
        stream.truncate(2**31)  # no disk space is used
    with pytest.raises(BundleError, match=rf"{name}: expected at most \d+ bytes, found 2147483648"):
        load_bundle(bundle_copy)


def test_what_is_opened_stays_what_was_hashed_whatever_takes_its_name(bundle_copy):
    bundle, path = load_bundle(bundle_copy), bundle_copy / "image.onnx"
    content = path.read_bytes()
    with bundle.opened("image.onnx") as model:
        (bundle_copy / "other").write_bytes(b"something else")
        (bundle_copy / "other").replace(path)
        seen = model if isinstance(model, bytes) else Path(model).read_bytes()
        assert seen == content


def test_a_file_written_to_while_it_is_opened_is_refused(bundle_copy):
    opened = load_bundle(bundle_copy).opened("image.onnx")
    if isinstance(opened.__enter__(), bytes):
        pytest.skip("no /proc/self/fd here: the content itself is handed out")
    with (bundle_copy / "image.onnx").open("ab") as file:
        file.write(b"more")
    with pytest.raises(BundleError, match="changed while it was opened"):
        opened.__exit__(None, None, None)


def test_a_model_that_keeps_its_weights_beside_it_is_refused(bundle_copy, repack, tmp_path):
    onnx = pytest.importorskip("onnx")
    path, weights = tmp_path / "image.onnx", tmp_path / "weights.bin"
    onnx.save_model(
        onnx.load(bundle_copy / "image.onnx"),
        path,
        save_as_external_data=True,
        location=weights.name,
        size_threshold=0,
    )
    repack(bundle_copy, "weights.bin", weights.read_bytes())  # listed, with the right hash
    repack(bundle_copy, "image.onnx", path.read_bytes())
    with pytest.raises(BundleError, match=r"image\.onnx: ONNX Runtime cannot open it"):
        load_bundle(bundle_copy).image_encoder()
