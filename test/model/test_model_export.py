import copy
import json
import pickle
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the export needs torch")

from clipomaly_ros.model.export import ExportSettings, export_bundle, set_grid  # noqa: E402
from clipomaly_ros.model.manifest import BundleError  # noqa: E402
from clipomaly_ros.model.open_clip_source import build_source, exportable_models  # noqa: E402
from clipomaly_ros.model.torchvision_operators import define_missing_operators, import_open_clip  # noqa: E402

PROMPTS = ["a photo of a fuel truck.", "a cone"]


def quiet(line):
    """Report nothing."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_config):
    """Return a model that stands for a trained one, and a folder as the hub would hold it."""
    from safetensors.torch import save_file

    source = build_source(str(tiny_config), seed=42)
    folder = tmp_path_factory.mktemp("hub") / "tiny-model"
    folder.mkdir()
    state = source.model.state_dict()
    save_file(state, folder / "open_clip_model.safetensors")
    torch.save(state, folder / "open_clip_pytorch_model.bin")
    torch.save(
        {"epoch": 1, "state_dict": {f"module.{key}": value for key, value in state.items()}},
        folder / "epoch_1.pt",
    )
    model = json.loads(tiny_config.read_text())
    preprocess = {"mean": [0.5, 0.25, 0.125], "std": [0.5, 0.5, 0.25]}
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": model, "preprocess_cfg": preprocess})
    )
    return source, folder


def check_same_embeddings(bundle, source):
    source = copy.deepcopy(source)  # its position embeddings are about to change
    height, width = bundle.manifest.input_size
    patch = bundle.manifest.patch_size
    set_grid(source.visual, (height // patch, width // patch))
    image = np.random.default_rng(0).normal(size=(1, 3, height, width)).astype(np.float32)
    with torch.no_grad():
        expected = source.model.encode_image(torch.from_numpy(image), normalize=True)[0]
        tokens = import_open_clip().tokenize(PROMPTS)
        text = source.model.encode_text(tokens, normalize=True)
    np.testing.assert_allclose(bundle.image_encoder().encode(image).global_embedding, expected, atol=1e-5)
    np.testing.assert_allclose(bundle.text_encoder().encode(PROMPTS), text, atol=1e-5)


@pytest.mark.parametrize("file", ["open_clip_model.safetensors", "open_clip_pytorch_model.bin", "epoch_1.pt"])
def test_weight_files_of_the_hub_round_trip(file, trained, tiny_config, tmp_path):
    source, folder = trained
    settings = ExportSettings(str(tiny_config), pretrained=str(folder / file))
    bundle = export_bundle(settings, tmp_path / "b", report=quiet)
    assert not bundle.untrained
    assert bundle.manifest.origin.model == "test-clip-16"
    assert bundle.manifest.origin.pretrained == file
    assert len(bundle.manifest.origin.weights_sha256) == 64
    assert (bundle.manifest.threshold.mode, bundle.manifest.threshold.value) == ("fixed", 0.5)
    assert bundle.manifest.mean == (0.5, 0.25, 0.125)  # of the config beside the weights
    assert bundle.manifest.logit_scale == pytest.approx(1 / 0.07, rel=1e-5)
    check_same_embeddings(bundle, source)


def test_local_folder_in_the_hubs_layout(trained, tmp_path):
    source, folder = trained
    only = tmp_path / "hub-model"
    shutil.copytree(folder, only, ignore=shutil.ignore_patterns("*.bin", "*.pt"))
    settings = ExportSettings(f"local-dir:{only}", image_size=(48, 64))
    bundle = export_bundle(settings, tmp_path / "b", report=quiet)
    assert not bundle.untrained
    assert bundle.manifest.origin.model == "local-dir:hub-model"
    assert bundle.manifest.name == "hub-model-open_clip_model"
    assert bundle.manifest.std == (0.5, 0.5, 0.25)
    assert bundle.manifest.input_size == (48, 64)
    check_same_embeddings(bundle, source)


def test_local_folder_without_weights_is_not_taken_for_trained(trained, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    shutil.copy(trained[1] / "open_clip_config.json", folder)
    with pytest.raises(BundleError, match=r"weights.*could not be loaded"):
        build_source(f"local-dir:{folder}")


def test_random_weights_say_so_and_follow_the_seed(tiny_config, tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    lines = []
    first, second, other = (
        export_bundle(ExportSettings(str(tiny_config), seed=seed), tmp_path / name, report=lines.append)
        for seed, name in ((0, "a"), (0, "b"), (1, "c"))
    )
    assert torch.equal(torch.rand(1), expected)  # the caller's random state is left alone
    assert first.untrained
    assert first.manifest.name == "test-clip-16-untrained"
    assert first.manifest.origin.weights_sha256 is None
    assert (first.manifest.threshold.mode, first.manifest.threshold.value) == ("frame_quantile", 0.97)
    assert first.hash == second.hash
    assert first.manifest.files != other.manifest.files
    assert any("weights: random, seed 1" in line for line in lines)


def test_nonsense_beside_the_weights_is_refused(trained, tiny_config, tmp_path):
    folder = tmp_path / "odd"
    shutil.copytree(trained[1], folder)
    weights = str(folder / "open_clip_model.safetensors")
    for config, message in (
        ("{", "open_clip_config.json: expected"),
        ("[]", "open_clip_config.json: expected"),
        ('{"preprocess_cfg": {"mean": "grey"}}', "expected three numbers"),
        ('{"preprocess_cfg": {"std": [0.5]}}', "std: expected three numbers"),
    ):
        (folder / "open_clip_config.json").write_text(config)
        with pytest.raises(BundleError, match=message):
            export_bundle(ExportSettings(str(tiny_config), weights), tmp_path / "b", report=quiet)


def test_activation_of_a_quick_gelu_checkpoint_is_kept(trained, tiny_config, tmp_path):
    folder = tmp_path / "quick"
    shutil.copytree(trained[1], folder)
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["quick_gelu"] = True
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    source = build_source(str(tiny_config), str(folder / "open_clip_model.safetensors"))
    names = {type(module).__name__ for module in source.model.modules()}
    assert "QuickGELU" in names
    assert "GELU" not in names


def test_pickled_code_in_a_weight_file_is_never_run(tiny_config, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    for name, save in (
        ("zip.bin", torch.save),
        ("plain.pt", lambda value, path: path.write_bytes(pickle.dumps(value))),
    ):
        save({"state_dict": Trap()}, tmp_path / name)
        with pytest.raises(BundleError, match="unpickling is refused"):
            build_source(str(tiny_config), str(tmp_path / name))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_damaged_or_foreign_weights_are_refused(suffix, trained, tiny_config, tmp_path):
    from safetensors.torch import save_file

    broken = tmp_path / f"broken{suffix}"
    broken.write_bytes(b"\x80not weights")
    with pytest.raises(BundleError, match=r"broken.*cannot build it"):
        build_source(str(tiny_config), str(broken))
    foreign = tmp_path / f"foreign{suffix}"
    state = {**trained[0].model.state_dict(), "visual.proj": torch.zeros(64, 47)}
    (save_file if suffix == ".safetensors" else torch.save)(state, foreign)
    with pytest.raises(BundleError, match=r"size mismatch"):
        build_source(str(tiny_config), str(foreign))


def test_weights_that_are_not_finite_are_refused(trained, tiny_config, tmp_path):
    state = {key: value.clone() for key, value in trained[0].model.state_dict().items()}
    state["visual.proj"][0, 0] = float("nan")
    torch.save(state, tmp_path / "nan.bin")
    with pytest.raises(BundleError, match=r"visual\.proj: expected finite"):
        build_source(str(tiny_config), str(tmp_path / "nan.bin"))


def test_unknown_model_lists_close_names():
    with pytest.raises(BundleError, match=r"did you mean .*ViT-B-16") as caught:
        build_source("vit-b16")
    assert "SigLIP" not in str(caught.value)
    with pytest.raises(BundleError, match="list_models"):
        build_source("qqqqqqqqqqqq")


def test_unknown_tag_lists_the_tags_of_the_model():
    with pytest.raises(BundleError, match=r"openai.*laion2b_s34b_b88k"):
        build_source("ViT-B-16", "no_such_tag")


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("ViT-B-16-SigLIP", "timm"),
        ("RN50", "convolutional"),
        ("nllb-clip-base", "another tokenizer"),
        ("coca_ViT-B-32", "pools by attention"),
        ("roberta-ViT-B-32", "another tokenizer"),
    ],
)
def test_models_that_cannot_be_bundles_say_why(model, found):
    with pytest.raises(BundleError, match=found):
        build_source(model)


def test_plain_vits_and_convolutional_towers_are_exportable():
    names = exportable_models(import_open_clip())
    assert {"ViT-B-16", "ViT-B-32", "ViT-L-14", "ViT-S-16", "ViT-B-16-quickgelu", "convnext_base"} <= set(
        names
    )
    assert not [name for name in names if "SigLIP" in name or name.startswith("RN")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "JSON"),
        ("[1]", "embed_dim"),
        ('{"embed_dim": 8}', "vision_cfg"),
        ('{"embed_dim": 8, "vision_cfg": 1, "text_cfg": 2}', "mappings"),
        ('{"embed_dim": 8, "vision_cfg": {"colour": 1}, "text_cfg": {}}', "colour"),
        ('{"embed_dim": 8, "vision_cfg": {"width": 32}, "text_cfg": {}}', "cannot build it"),
    ],
)
def test_bad_config_files_are_refused(content, message, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(BundleError, match=message):
        build_source(str(path))


def test_missing_config_and_wrong_suffix(tmp_path, tiny_config):
    with pytest.raises(BundleError, match=r"gone\.json"):
        build_source(str(tmp_path / "gone.json"))
    (tmp_path / "weights.onnx").write_bytes(b"")
    with pytest.raises(BundleError, match=r"\.safetensors"):
        build_source(str(tiny_config), str(tmp_path / "weights.onnx"))
    with pytest.raises(BundleError, match="brings its own weights"):
        build_source(f"local-dir:{tmp_path}", "openai")


@pytest.mark.parametrize("size", [(100, 128), (96, 8), (0, 64)])
def test_sizes_that_do_not_fit_the_patches(size, tiny_config, tmp_path):
    with pytest.raises(BundleError, match="patch size of"):
        export_bundle(ExportSettings(str(tiny_config), image_size=size), tmp_path / "b", report=quiet)
    assert not (tmp_path / "b").exists()


def test_nothing_is_written_when_onnx_and_torch_disagree(tiny_config, tmp_path, monkeypatch):
    import clipomaly_ros.model.export as export

    monkeypatch.setattr(export, "TOLERANCE", 0.0)
    with pytest.raises(BundleError, match="differs from torch"):
        export_bundle(ExportSettings(str(tiny_config)), tmp_path / "b", report=quiet)
    assert list(tmp_path.iterdir()) == []


def test_every_needed_torchvision_operator_is_there_afterwards():
    define_missing_operators()
    assert define_missing_operators() == []
    import torchvision

    assert torchvision.__version__
