"""A feature pyramid with a dense map of stride 8, known to open_clip as a timm model."""

from __future__ import annotations

from typing import Any

import timm
from timm.models import register_model
from torch import Tensor, nn
from torch.nn import functional

BACKBONE = "efficientnet_lite0"
# What open_clip asks of a timm model: whether its features are a map, and their size.
_CONFIGURATION = {"num_classes": 0, "input_size": (3, 224, 224), "pool_size": (28, 28)}
_STAGES = (1, 2, 3, 4)  # of the backbone, with strides 4, 8, 16, 32
_WIDTH, _FEATURES = 96, 128


class PyramidTower(nn.Module):
    """Image tower whose cells see both their own pixels and the whole scene around them.

    Feature pyramid (arXiv 1612.03144) over the maps of strides 4 to 32 of EfficientNet-Lite0,
    read at stride 8: context comes at the price of the small maps, where dilation would pay for
    it at stride 8.
    """

    def __init__(self) -> None:
        super().__init__()
        self.backbone = timm.create_model(BACKBONE, features_only=True, out_indices=_STAGES)
        finest, *channels = self.backbone.feature_info.channels()
        self.fine = _block(finest, _WIDTH, 3, stride=2)
        self.lateral = nn.ModuleList(_block(count, _WIDTH, 1) for count in channels)
        self.smooth = nn.ModuleList(_block(_WIDTH, _WIDTH, 3) for _ in channels[1:])
        self.out = nn.Sequential(_block(_WIDTH, _FEATURES, 3), nn.Conv2d(_FEATURES, _FEATURES, 1))
        self.num_features = _FEATURES
        self.default_cfg = self.pretrained_cfg = dict(_CONFIGURATION)

    def forward_features(self, image: Tensor) -> Tensor:
        """Return the map [N, 128, H/8, W/8] of pictures [N, 3, H, W], sides multiples of 32."""
        fine, *maps = self.backbone(image)
        coarse = self.lateral[2](maps[2])
        for level in (1, 0):
            wider = functional.interpolate(coarse, scale_factor=2.0, mode="nearest")
            coarse = self.smooth[level](self.lateral[level](maps[level]) + wider)
        return self.out(coarse + self.fine(fine))

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """Return the mean over the map [N, 128]."""
        return features.mean(dim=(2, 3))

    def forward(self, image: Tensor) -> Tensor:
        """Return the mean over the map of pictures [N, 3, H, W]."""
        return self.forward_head(self.forward_features(image))

    def reset_classifier(self, num_classes: int, global_pool: str = "avg") -> None:
        """Accept what open_clip asks for: no classifier, and the mean. ValueError for anything else."""
        if num_classes or global_pool != "avg":
            raise ValueError(
                f"expected no classifier and pooling 'avg', got {num_classes} and {global_pool!r}"
            )


def _block(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    )


@register_model
def clipomaly_lite0_pyramid(pretrained: bool = False, **settings: Any) -> PyramidTower:
    """Build the image tower of apron-mini. ValueError if pretrained, since nothing can be downloaded."""
    if pretrained:
        raise ValueError("clipomaly_lite0_pyramid: expected pretrained=False, found True: it has no weights")
    return PyramidTower()
