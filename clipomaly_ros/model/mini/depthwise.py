"""Depthwise convolutions that train fast on processors: 16-bit forwards, 32-bit backwards."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def quicken_depthwise(network: nn.Module) -> int:
    """Replace the depthwise convolutions of a network, weights and names kept; return how many.

    oneDNN has no fast kernel for their 16-bit gradients: of a 5x5 kernel over 240 channels they
    took five times as long as the 32-bit ones, and most of a whole training step.
    """
    found = 0
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if type(child) is nn.Conv2d and child.groups == child.in_channels > 1 and child.bias is None:
                setattr(module, name, _Depthwise(child))
                found += 1
    return found


class _Depthwise(nn.Conv2d):
    def __init__(self, like: nn.Conv2d) -> None:
        super().__init__(
            like.in_channels,
            like.out_channels,
            like.kernel_size,  # type: ignore[arg-type]
            like.stride,  # type: ignore[arg-type]
            like.padding,  # type: ignore[arg-type]
            like.dilation,  # type: ignore[arg-type]
            like.groups,
            bias=False,
            device="meta",
        )
        self.weight = like.weight

    def forward(self, picture: Tensor) -> Tensor:
        if not (torch.is_grad_enabled() and torch.is_autocast_enabled("cpu")):
            return super().forward(picture)
        settings = (self.stride, self.padding, self.dilation, self.groups)
        output: Tensor = _Convolve.apply(picture, self.weight, settings)
        return output


class _Convolve(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, picture: Tensor, weight: Tensor, settings: tuple) -> Tensor:
        context.save_for_backward(picture, weight)
        context.settings = settings
        with torch.autocast("cpu", torch.bfloat16):
            return functional.conv2d(picture, weight, None, *settings)

    @staticmethod
    def backward(context: Any, slope: Tensor) -> tuple[Tensor | None, Tensor | None, None]:  # type: ignore[override]
        picture, weight = context.saved_tensors
        stride, padding, dilation, groups = context.settings
        with torch.autocast("cpu", enabled=False):
            to_picture, to_weight, _ = torch.ops.aten.convolution_backward(
                slope.float(),
                picture.float(),
                weight.float(),
                None,
                stride,
                padding,
                dilation,
                False,
                [0, 0],
                groups,
                [*context.needs_input_grad[:2], False],
            )
        return (
            None if to_picture is None else to_picture.to(picture.dtype),
            None if to_weight is None else to_weight.to(weight.dtype),
            None,
        )
