"""Logits and pooled stage features of scans and their shifted copies, once, into one file.

    dump.py WEIGHTS.safetensors SPLIT.csv PIXELS.pt OUT.pt [PICTURES…]
"""

import csv
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors_lite import load
from scans import CLASSES, preprocess
from shifts import KINDS, levels, same

sys.path.insert(0, str(Path(__file__).parent.parent))
from lite0 import efficientnet_lite0  # noqa: E402


class Stages(torch.nn.Module):
    def __init__(self, model, card):
        super().__init__()
        self.model, self.card = model.eval().to(memory_format=torch.channels_last), card

    @torch.no_grad()
    def forward(self, greys):
        """greys 0..255 [n, 1, s, s] → logits, list of stage features."""
        i = self.card["input"]
        low, high = i["range"]
        x = greys * ((high - low) / 255) + low
        x = (x - torch.tensor(i["mean"]).view(1, -1, 1, 1)) / torch.tensor(i["std"]).view(1, -1, 1, 1)
        x = x.contiguous(memory_format=torch.channels_last)
        pooled = []
        for stage in self.model.features:
            x = stage(x)
            pooled.append(torch.cat([x.mean((2, 3)), x.std((2, 3), unbiased=False)], 1))
        return self.model.classifier(x.mean((2, 3))), pooled


def thumbnail(greys):
    x = greys / 255
    mean = F.adaptive_avg_pool2d(x, 12).flatten(1)
    dev = (F.adaptive_avg_pool2d(x * x, 12).flatten(1) - mean ** 2).clamp_min(0).sqrt()
    hist = torch.stack([((x * 15.999).long() == b).float().mean((1, 2, 3)) for b in range(16)], 1)
    return torch.cat([mean, dev, hist], 1)


def main():
    torch.set_num_threads(1)
    weights, split, pixels, out, *pictures = sys.argv[1:]
    card = json.load(open(Path(weights).with_suffix(".json")))
    model = efficientnet_lite0(4)
    state = load(weights)
    missing, extra = model.load_state_dict({k: v for k, v in state.items() if "." in k and not k.startswith(("familiarity", "reliability"))}, strict=False)
    assert not [m for m in missing if "num_batches" not in m], missing
    net = Stages(model, card)
    pixels = torch.load(pixels)
    size = card["input"]["size"]
    side = {r["path"]: r["split"] for r in csv.DictReader(open(split))}
    rows = {part: [i for i, p in enumerate(pixels["paths"]) if side.get(p) == part] for part in ("training", "validation", "testing")}

    def measure(greys01):
        ls, fs, ts = [], [], []
        for chunk in greys01.split(32):
            g = chunk * 255
            l, f = net(g)
            ls.append(l), fs.append(f), ts.append(thumbnail(g))
        return dict(logits=torch.cat(ls), stages=[torch.cat(f).half() for f in zip(*fs)], thumb=torch.cat(ts).half())

    def scans(index):
        x = pixels["greys"][index].float()
        if x.shape[2] != size:
            x = F.interpolate(x, (size, size), mode="bilinear", antialias=True, align_corners=False)
        return x / 255

    result = {}
    def keep(name, value):
        result[name] = value
        torch.save(result, out + ".part")
        Path(out + ".part").rename(out)
        print(time.strftime("%X"), name, len(value["logits"]), flush=True)

    for part in ("validation", "testing", "training"):
        index = rows[part]
        labels = torch.tensor([CLASSES[pixels["paths"][i].split("/")[1]] for i in index])
        keep(part, dict(measure(scans(index)), labels=labels, index=index))
        print((result[part]["logits"].argmax(1) == labels).float().mean().item(), flush=True)
    g = torch.Generator().manual_seed(1)
    train = rows["training"]
    keep("training same", measure(same(scans(train[::3]), g)))
    # One in ten of the training scans shows each kind; other draws for validation.
    for n, (kind, (make, reason)) in enumerate(KINDS.items()):
        g = torch.Generator().manual_seed(100 + n)
        some = train[n % 10::10] if kind != "leaves" else train[::25]
        keep(f"training {kind}", dict(measure(make(scans(some), g)), reason=reason, index=some))
        g = torch.Generator().manual_seed(200 + n)
        v = rows["validation"] if reason not in ("no head", "no MRI") else rows["validation"][::4 if kind != "leaves" else 9]
        v = v if reason not in ("other field of view",) else v[::2]
        keep(f"validation {kind}", dict(measure(make(scans(v), g)), reason=reason, index=v,
                                            labels=torch.tensor([CLASSES[pixels["paths"][i].split("/")[1]] for i in v])))
    photos = []
    rng = np.random.default_rng(1)
    for path in pictures:
        p = np.asarray(Image.open(path).convert("L"), dtype=np.float32)
        for _ in range(5):
            side_ = int(min(p.shape) * rng.uniform(.5, 1))
            t, l = rng.integers(0, p.shape[0] - side_ + 1), rng.integers(0, p.shape[1] - side_ + 1)
            photos.append(preprocess(p[t:t + side_, l:l + side_], size))
    if photos:
        keep("photographs", dict(measure(torch.stack(photos)[:, None] / 255), reason="no MRI"))


main()
