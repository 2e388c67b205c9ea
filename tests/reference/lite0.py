"""EfficientNet-Lite0 as TensorFlow has it, made of torchvision's B0: ReLU6 for SiLU, no
squeeze-and-excitation, batch norm's epsilon 0.001, and "same" padding, which at stride 2 puts the
odd pixel at the right and the bottom."""

import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision.ops.misc import SqueezeExcitation


class SameConv2d(nn.Conv2d):
    def forward(self, x):
        pads = []
        for n, k, s in zip(reversed(x.shape[2:]), reversed(self.kernel_size), reversed(self.stride)):
            missing = max((-(-n // s) - 1) * s + k - n, 0)
            pads += [missing // 2, missing - missing // 2]
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, self.stride, 0, 1, self.groups)


def _change(module: nn.Module):
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d):
            same = SameConv2d(
                child.in_channels, child.out_channels, child.kernel_size, child.stride,
                groups=child.groups, bias=child.bias is not None,
            )
            setattr(module, name, same)
        elif isinstance(child, nn.SiLU):
            setattr(module, name, nn.ReLU6())
        elif isinstance(child, SqueezeExcitation):
            setattr(module, name, nn.Identity())
        else:
            if isinstance(child, nn.BatchNorm2d):
                child.eps = 1e-3
            _change(child)


def efficientnet_lite0(num_classes: int) -> nn.Module:
    model = torchvision.models.efficientnet_b0(num_classes=num_classes)
    _change(model)
    return model
