"""Weights and inputs by formula, so that Python and Rust have the same bits and none are committed.

Element k (row-major, from 0) of the tensor named n, all in unsigned 64-bit arithmetic that wraps
and then in float64, with the operations in the order written; the cast to float32 comes last:

    h = fnv1a64(n as UTF-8)
    u = splitmix64(h + k)              z = x + 0x9E3779B97F4A7C15
                                       z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9
                                       z = (z ^ z >> 27) * 0x94D049BB133111EB
                                       z ^ z >> 31
    r = (u >> 40) / 2^24               in [0, 1)
    c = (2 r - 1) * sqrt(3)            mean 0, variance 1

    convolution, weight                c * sqrt(gain / fan_in), fan_in = in / groups * kh * kw
    linear, weight                     c * sqrt(1 / fan_in)
    convolution and linear, bias       0.05 * c
    batch norm, weight                 1 + 0.1 * c
    batch norm, bias, running_mean     0.1 * c
    batch norm, running_var            1 + 0.2 * |c|

with gain = 3: with less, EfficientNet-B0 hardly sees its input; with more, it turns chaotic and
float32 no longer agrees with float64. Lite0, whose ReLU6 damps less, has gain = 2.

An input is the tensor named "input" with shape 1 x C x H x W. Over its noise lies one bright,
off-centre mound, so that a map that is flipped or transposed is seen to be wrong:

    y = (2 i + 1 - H) / H + 0.25,  x = (2 j + 1 - W) / W - 0.25
    0.5 * c + 1.5 * max(0, 1 - 2 * (y * y + x * x))
"""

import numpy as np
import torch
from torch import nn

GAIN = 3.0
_CHUNK = 1 << 20  # elements at a time: VGG16 has a layer of 103 million


def fnv1a64(name: str) -> int:
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) % (1 << 64)
    return h


def splitmix64(x: np.ndarray) -> np.ndarray:
    z = x + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def noise(name: str, start: int, stop: int) -> np.ndarray:
    """The values c of the elements start..stop of the tensor called `name`, float64."""
    h = np.uint64(fnv1a64(name))
    u = splitmix64(np.arange(start, stop, dtype=np.uint64) + h)
    r = (u >> np.uint64(40)).astype(np.float64) / 2.0**24
    return (2.0 * r - 1.0) * np.sqrt(3.0)


def _formula(module: nn.Module, kind: str, gain: float):
    """What turns the noise into the parameter or buffer `kind` of `module`."""
    if isinstance(module, nn.BatchNorm2d):
        return {
            "weight": lambda c: 1.0 + 0.1 * c,
            "bias": lambda c: 0.1 * c,
            "running_mean": lambda c: 0.1 * c,
            "running_var": lambda c: 1.0 + 0.2 * np.abs(c),
        }[kind]
    if kind == "bias":
        return lambda c: 0.05 * c
    fan_in = module.weight[0].numel()  # a convolution's is in / groups * kh * kw
    scale = np.sqrt((gain if isinstance(module, nn.Conv2d) else 1.0) / fan_in)
    return lambda c: c * scale


@torch.no_grad()
def fill(model: nn.Module, gain: float = GAIN) -> nn.Module:
    """Gives every parameter and buffer its value by formula; returns the model in eval mode."""
    for path, module in model.named_modules():
        if not isinstance(module, (nn.Conv2d, nn.Linear, nn.BatchNorm2d)):
            continue
        for kind, tensor in module.state_dict().items():
            if kind == "num_batches_tracked":
                continue
            formula, flat = _formula(module, kind, gain), tensor.view(-1)
            for start in range(0, flat.numel(), _CHUNK):
                stop = min(start + _CHUNK, flat.numel())
                values = formula(noise(f"{path}.{kind}", start, stop)).astype(np.float32)
                flat[start:stop] = torch.from_numpy(values)
    return model.eval()


def make_input(channels: int, height: int, width: int) -> torch.Tensor:
    c = noise("input", 0, channels * height * width).reshape(1, channels, height, width)
    y = (2.0 * np.arange(height)[:, None] + 1.0 - height) / height + 0.25
    x = (2.0 * np.arange(width)[None, :] + 1.0 - width) / width - 0.25
    mound = 1.5 * np.maximum(0.0, 1.0 - 2.0 * (y * y + x * x))
    return torch.from_numpy((0.5 * c + mound).astype(np.float32))
