"""A small residual network with a dense map of stride 8, known to open_clip as a timm model."""

from __future__ import annotations

from typing import Any

from timm.models import build_model_with_cfg, register_model
from timm.models.resnet import BasicBlock, ResNet

# What open_clip asks of a timm model: whether its features are a map, and their size.
_CONFIGURATION = {"num_classes": 0, "input_size": (3, 224, 224), "pool_size": (28, 28)}


@register_model
def clipomaly_resnet_stride8(pretrained: bool = False, **settings: Any) -> ResNet:
    """Build the image tower of apron-mini: 4 stages of basic blocks, the last two dilated.

    Dilation in place of strides (arXiv 1606.00915) keeps the map at 1/8 of the input while
    each cell sees several hundred pixels. ValueError if pretrained, since there are no
    weights to download.
    """
    if pretrained:
        raise ValueError("clipomaly_resnet_stride8: expected pretrained=False, found True: no weights exist")
    network: ResNet = build_model_with_cfg(
        ResNet,
        "clipomaly_resnet_stride8",
        pretrained=False,
        **{**settings, "pretrained_cfg": dict(_CONFIGURATION)},
        block=BasicBlock,
        layers=(1, 2, 3, 2),
        channels=(32, 64, 96, 128),
        stem_type="deep",
        stem_width=16,
        output_stride=8,
    )
    return network
