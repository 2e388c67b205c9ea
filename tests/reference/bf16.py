"""How far bfloat16 moves the logits of the shipped EfficientNets; writes nothing.

    python bf16.py FOLDER [--every 20]

FOLDER holds class folders of pictures, of which every so-manieth is taken. Batch norms are folded and
everything between the input and the logits is bfloat16, as on a processor that has it; one that has not
gives the same values, slowly. Printed are the largest difference of a scan's logits from float32
(median and maximum over the scans) and how many scans stay within 1e-2.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lite0 import efficientnet_lite0

ROOT = Path(__file__).resolve().parents[2]
BUILDERS = {
    "efficientnet_b0": torchvision.models.efficientnet_b0, "efficientnet_lite0": efficientnet_lite0,
}


def folded(name):
    state = load_file(ROOT / f"weights/{name}.safetensors")
    model = BUILDERS[name](num_classes=4).eval()
    weights = {k: v.float() for k, v in state.items() if k in model.state_dict()}
    model.load_state_dict(weights, strict=False)
    for parent in list(model.modules()):
        for (first, conv), (second, norm) in zip(*[list(parent.named_children())[i:] for i in (0, 1)]):
            if isinstance(conv, torch.nn.Conv2d) and isinstance(norm, torch.nn.BatchNorm2d):
                setattr(parent, first, fuse_conv_bn_eval(conv, norm))
                setattr(parent, second, torch.nn.Identity())
    return model


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=20)
    a = parser.parse_args()
    paths = sorted(p for p in a.folder.glob("*/*") if p.suffix in (".jpg", ".png"))[:: a.every]
    for name in BUILDERS:
        card = json.loads((ROOT / f"weights/{name}.json").read_text())["input"]
        size, model = card["size"], folded(name)
        grey = [np.asarray(Image.open(p).convert("L").resize((size, size)), np.float32) for p in paths]
        scans = (torch.from_numpy(np.stack(grey))[:, None] - card["mean"][0]) / card["std"][0]
        scans = scans.expand(-1, 3, -1, -1)
        with torch.no_grad():
            single = torch.cat([model(part) for part in scans.split(16)])
            model = model.to(torch.bfloat16)
            half = torch.cat([model(part.bfloat16()).float() for part in scans.split(16)])
        apart = (single - half).abs().amax(1)
        print(
            f"{name}: {len(paths)} scans, logits differ by {apart.median():.3f} (median) and "
            f"{apart.max():.3f} (largest); within 1e-2: {(apart <= 1e-2).sum()}"
        )
