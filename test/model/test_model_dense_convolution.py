"""Convolutional towers: each cell is what the head makes of it, the whole is open_clip's own."""

import json

import numpy as np
import pytest
import torch

from clipomaly_ros.model.dense_convolution import DenseConvolutionTower
from clipomaly_ros.model.export import ExportSettings, export_bundle
from clipomaly_ros.model.manifest import POINTWISE, BundleError, Threshold
from clipomaly_ros.model.open_clip_source import build_source

TEXT = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}


def write_config(folder, timm_model):
    path = folder / f"test-{timm_model}.json"
    vision = {"timm_model_name": timm_model, "timm_pool": "avg", "timm_proj": "linear", "image_size": 64}
    path.write_text(json.dumps({"embed_dim": 16, "vision_cfg": vision, "text_cfg": TEXT}))
    return path


@pytest.mark.parametrize(
    ("timm_model", "stride"), [("clipomaly_lite0_pyramid", 8), ("test_convnext", 32), ("test_resnet", 32)]
)
def test_towers_export_with_their_stride(timm_model, stride, tmp_path):
    config = write_config(tmp_path, timm_model)
    bundle = export_bundle(
        ExportSettings(str(config), image_size=(64, 128)), tmp_path / "b", report=lambda _: 0
    )
    assert bundle.manifest.patch_size == stride
    assert bundle.manifest.dense_variant == POINTWISE
    image = np.random.default_rng(0).normal(size=(1, 3, 64, 128)).astype(np.float32)
    features = bundle.image_encoder(1).encode(image)
    assert features.patches.shape == (64 // stride, 128 // stride, 16)
    np.testing.assert_allclose(np.linalg.norm(features.patches, axis=2), 1, atol=1e-5)


@torch.no_grad()
def test_a_cell_is_the_head_of_a_map_that_is_that_cell_everywhere(tmp_path):
    source = build_source(str(write_config(tmp_path, "test_convnext")), seed=2)
    tower = DenseConvolutionTower(source.visual, (64, 96)).eval()
    image = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    cells, whole = tower(image)
    features = source.visual.trunk.forward_features(image)
    for row in range(2):
        for column in range(3):
            everywhere = features[:, :, row : row + 1, column : column + 1].expand(-1, -1, 5, 4)
            expected = source.visual.head(source.visual.trunk.forward_head(everywhere))
            expected = expected / expected.norm()
            torch.testing.assert_close(cells[:, row, column], expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(whole, source.model.encode_image(image, normalize=True), atol=1e-5, rtol=0)


def test_sizes_and_variants_that_do_not_fit_are_refused(tmp_path):
    config = str(write_config(tmp_path, "clipomaly_lite0_pyramid"))
    with pytest.raises(BundleError, match="multiples of 32"):
        export_bundle(ExportSettings(config, image_size=(68, 64)), tmp_path / "a", report=lambda _: 0)
    with pytest.raises(BundleError, match="choose pointwise"):
        export_bundle(ExportSettings(config, dense="naclip"), tmp_path / "b", report=lambda _: 0)
    convnext = ExportSettings(str(write_config(tmp_path, "test_convnext")), image_size=(68, 64))
    with pytest.raises(BundleError, match="stride divides"):
        export_bundle(convnext, tmp_path / "c", report=lambda _: 0)
    assert not [name for name in "abc" if (tmp_path / name).exists()]


def test_further_files_are_kept_and_hashed(tmp_path):
    config = str(write_config(tmp_path, "clipomaly_lite0_pyramid"))
    card = tmp_path / "README.md"
    card.write_text("what it can do\n")
    settings = ExportSettings(
        config, include=(card,), threshold=Threshold("fixed", 0.25, "candidate_mass", 0.2)
    )
    bundle = export_bundle(settings, tmp_path / "b", report=lambda _: 0)
    assert bundle.read("README.md") == card.read_bytes()
    assert bundle.manifest.threshold == Threshold("fixed", 0.25, "candidate_mass", 0.2)
