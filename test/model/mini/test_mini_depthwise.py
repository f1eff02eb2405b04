"""The quick depthwise convolution is the same convolution."""

import pytest
import torch
from torch import nn

from clipomaly_ros.model.mini.depthwise import quicken_depthwise


def networks(kernel, stride):
    torch.manual_seed(0)
    plain = nn.Sequential(
        nn.Conv2d(8, 8, kernel, stride, kernel // 2, groups=8, bias=False), nn.Conv2d(8, 4, 1)
    ).to(memory_format=torch.channels_last)
    quick = nn.Sequential(
        nn.Conv2d(8, 8, kernel, stride, kernel // 2, groups=8, bias=False), nn.Conv2d(8, 4, 1)
    ).to(memory_format=torch.channels_last)
    quick.load_state_dict(plain.state_dict())
    assert quicken_depthwise(quick) == 1
    return plain, quick


def slopes(network, picture, autocast):
    picture = picture.clone().requires_grad_()
    network.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        output = network(picture)
    output.float().square().sum().backward()
    return [output.float(), picture.grad, *(parameter.grad for parameter in network.parameters())]


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (5, 1), (5, 2)])
@pytest.mark.parametrize(("autocast", "bound"), [(True, 0.03), (False, 1e-5)])
def test_outputs_and_slopes_are_those_of_the_plain_one(kernel, stride, autocast, bound):
    plain, quick = networks(kernel, stride)
    picture = torch.randn(2, 8, 12, 12).to(memory_format=torch.channels_last)
    for expected, found in zip(slopes(plain, picture, False), slopes(quick, picture, autocast), strict=True):
        assert (expected - found).norm() <= bound * expected.norm()


def test_names_weights_and_other_layers_stay():
    plain, quick = networks(5, 1)
    assert list(plain.state_dict()) == list(quick.state_dict())
    assert type(quick[1]) is nn.Conv2d
    assert quicken_depthwise(quick) == 0
    weight = quick[0].weight
    assert weight.requires_grad
    assert not weight.is_meta
