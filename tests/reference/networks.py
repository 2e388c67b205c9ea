"""The networks, ready to be explained, and the modules at whose outputs they are tapped."""

import torchvision
from torch import nn
from torchvision.ops import StochasticDepth
from torchvision.ops.misc import Conv2dNormActivation, SqueezeExcitation

from lite0 import efficientnet_lite0
from small_cnn import SmallCnn
from weights import fill


class Copy(nn.Module):
    def forward(self, x):
        return x.clone()


def build(name: str) -> nn.Module:
    """The network with weights by formula, in eval mode, with nothing done in place.

    In place, VGG's ReLU overwrites the convolution's output and EfficientNet's residual sum
    overwrites the projection's, and a hook then sees the wrong activation and the wrong gradient.
    """
    if name == "small_cnn":
        model = SmallCnn()
    elif name == "efficientnet_lite0":
        model = efficientnet_lite0(num_classes=4)
    else:
        model = getattr(torchvision.models, name)(num_classes=4)
    for module in list(model.modules()):
        if getattr(module, "inplace", False):
            module.inplace = False
        for child_name, child in module.named_children():
            if isinstance(child, StochasticDepth):  # the identity in eval mode, then `+=`
                setattr(module, child_name, Copy())
    return fill(model)


def taps(model: nn.Module) -> dict[str, tuple[str, str]]:
    """Per spatial convolution, in network order: its name, and (module of tap "conv", of tap "unit").

    "conv" is the convolution itself; "unit" is after its batch norm and activation, where it has them.
    """
    modules = dict(model.named_modules())
    found = {}
    for name, module in modules.items():
        parent, _, index = name.rpartition(".")
        if not isinstance(module, nn.Conv2d) or isinstance(modules[parent], SqueezeExcitation):
            continue
        if isinstance(modules[parent], Conv2dNormActivation):  # EfficientNet; a projection has no activation
            unit = parent
        elif isinstance(modules[f"{parent}.{int(index) + 1}"], nn.ReLU):  # VGG
            unit = f"{parent}.{int(index) + 1}"
        else:  # the small network: convolution, batch norm, ReLU
            unit = f"{parent}.{int(index) + 2}"
            assert isinstance(modules[unit], nn.ReLU)
        found[name] = (name, unit)
    return found
