"""Writes figures/NETWORK.safetensors: logits and Grad-CAM maps by torch-cam and pytorch-grad-cam.

    python make_figures.py            (README.md says what to install, and what each tensor is)

All is computed in float64 and stored as float32, so that what is compared with these figures answers
for its own rounding only.
"""

import copy
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from pytorch_grad_cam import GradCAM as PytorchGradCam
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from safetensors.torch import save_file
from torchcam.methods import GradCAM as TorchCam

from networks import build, taps
from weights import make_input

FIGURES = Path(__file__).parent / "figures"

# File, network, input (channels, height, width), and the class explained beside the predicted one: one
# whose maps are no small difference of large sums in any layer, so that rounding cannot fail a test.
RUNS = [
    ("efficientnet_b0", "efficientnet_b0", (3, 96, 96), 0),
    ("efficientnet_b0_odd", "efficientnet_b0", (3, 75, 97), 1),
    ("efficientnet_lite0", "efficientnet_lite0", (3, 96, 96), 0),
    ("efficientnet_lite0_odd", "efficientnet_lite0", (3, 75, 97), 1),
    ("vgg16", "vgg16", (3, 64, 64), 0),
    ("small_cnn", "small_cnn", (1, 80, 80), 1),
]
CONVOLUTIONS = {"efficientnet_b0": 49, "efficientnet_lite0": 49, "vgg16": 13, "small_cnn": 5}
UPSAMPLED_LAYERS = 4


def torch_cam(model, layers, x, class_index):
    """Raw maps of all layers by torch-cam."""
    with TorchCam(model, layers) as extractor:
        maps = extractor(class_index, model(x), normalized=False)
        return [m[0].clone() for m in maps]


def by_definition(model, layers, x, class_index):
    """The same by the definition: ReLU(sum over k of alpha_k A_k), alpha_k the mean of the gradient."""
    modules, kept = dict(model.named_modules()), {}
    handles = [
        modules[layer].register_forward_hook(lambda _m, _i, out, layer=layer: kept.update({layer: out}))
        for layer in layers
    ]
    logit = model(x)[0, class_index]
    for handle in handles:
        handle.remove()
    activations = [kept[layer] for layer in layers]
    gradients = torch.autograd.grad(logit, activations)
    return [
        (g.mean((2, 3), keepdim=True) * a).sum(1).clamp(min=0)[0].detach()
        for a, g in zip(activations, gradients)
    ]


def upsampled(model, layer, x, class_index):
    """Upsampled and normalised map of one layer by pytorch-grad-cam."""
    with PytorchGradCam(model, [dict(model.named_modules())[layer]]) as cam:
        return torch.from_numpy(cam(x, [ClassifierOutputTarget(class_index)])[0]).contiguous()


def upsampled_by_recipe(raw, size):
    """What pytorch-grad-cam does to a raw map, in short: min-max, resize, min-max again."""

    def min_max(m):
        m = m - m.min()
        return m / (1e-7 + m.max())

    return min_max(F.interpolate(min_max(raw)[None, None], size, mode="bilinear", align_corners=False)[0, 0])


def relative_l2(found, wanted):
    return float((found.double() - wanted.double()).norm() / wanted.double().norm().clamp(min=1e-30))


def figures(file, network, shape, other):
    single, x = build(network), make_input(*shape)
    model, x_double = copy.deepcopy(single).double(), x.double()
    layers = taps(model)
    assert len(layers) == CONVOLUTIONS[network]

    logits = model(x_double).detach()
    assert torch.isfinite(logits).all() and 0.1 < logits.abs().max() < 50, logits
    predicted = logits.argmax().item()
    assert predicted != other
    tensors = {"logits": logits}

    empty, worst_library, worst_rounding = [], 0.0, 0.0
    for index in (predicted, other):
        for tap, column in (("conv", 0), ("unit", 1)):
            names = [pair[column] for pair in layers.values()]
            maps = torch_cam(model, names, x_double, index)
            checks = by_definition(model, names, x_double, index)
            # How much of the tolerance rounding alone takes.
            rounded = by_definition(single, names, x, index)
            for layer, found, check, in_float32 in zip(layers, maps, checks, rounded):
                tensors[f"{tap}.{index}.{layer}"] = found
                if found.max() == 0:
                    assert check.max() == 0 and in_float32.max() == 0, layer
                    empty.append(f"{tap}.{index}.{layer}")
                    continue
                worst_library = max(worst_library, relative_l2(found, check))
                worst_rounding = max(worst_rounding, relative_l2(in_float32, found))
    assert worst_library < 1e-12, f"torch-cam differs from the definition by {worst_library}"
    assert worst_rounding < 3e-5, f"rounding alone takes {worst_rounding}"
    total = 4 * len(layers)
    assert len(empty) < total / 10, f"{len(empty)} of {total} maps are zero"

    names = list(layers)
    for i in np.linspace(0, len(names) - 1, UPSAMPLED_LAYERS).round().astype(int):
        found = upsampled(model, names[i], x_double, predicted)
        recipe = upsampled_by_recipe(tensors[f"conv.{predicted}.{names[i]}"], shape[1:])
        assert (found - recipe).abs().max() < 1e-4, names[i]
        assert found.max() > 0.99, f"{names[i]} is empty"
        tensors[f"upsampled.{predicted}.{names[i]}"] = found

    about = {
        "network": network,
        "input": [1, *shape],
        "layers": names,
        "predicted": predicted,
        "other": other,
        "versions": {p: version(p) for p in ("torch", "torchvision", "torchcam", "grad-cam")},
    }
    # One entry: safetensors writes several in any order, and the file would differ from run to run.
    tensors = {name: tensor.float().contiguous() for name, tensor in tensors.items()}
    save_file(tensors, FIGURES / f"{file}.safetensors", {"about": json.dumps(about)})
    print(
        f"{file}: logits {[round(v, 4) for v in logits[0].tolist()]}, classes {predicted} and {other}; "
        f"torch-cam and the definition differ by {worst_library:.1e}, float32 and float64 by "
        f"{worst_rounding:.1e}; {len(empty)} of {total} maps are zero"
    )


if __name__ == "__main__":
    FIGURES.mkdir(exist_ok=True)
    for run in RUNS:
        figures(*run)
