"""Writes figures/preprocess.safetensors: grey pictures, and the same resized to 96 x 96 by torch.

    python make_preprocess.py
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
from torchvision.transforms import v2

from weights import noise

FIGURES = Path(__file__).parent / "figures"
SIDE = 96
# Height and width: larger than the target, smaller, and one of each; the difference odd and even.
SIZES = [(151, 200), (75, 50), (120, 64)]


def picture(height, width):
    """A grey disc with a sharp rim, fine stripes and noise, 8 bits: what a careless resize spoils."""
    i, j = np.arange(height)[:, None], np.arange(width)[None, :]
    inside = (i / height - 0.45) ** 2 + (j / width - 0.55) ** 2 < 0.12
    stripes = 60 * ((i // 2 + j // 3) % 2)
    grain = 20 * noise("picture", 0, height * width).reshape(height, width)
    return np.clip(np.where(inside, 150 + stripes + grain, 20 + grain), 0, 255).astype(np.uint8)


def pad(pixels):
    """Zeros on both sides of the shorter side; of an odd number the extra row or column comes last."""
    height, width = pixels.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    return np.pad(pixels, ((top, side - height - top), (left, side - width - left)))


def resize(pixels):
    x = torch.from_numpy(pixels.astype(np.float32))[None, None]
    return F.interpolate(x, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)[0, 0]


if __name__ == "__main__":
    tensors = {}
    for height, width in SIZES:
        original = picture(height, width)
        name = f"{height}x{width}"
        tensors[f"picture.{name}"] = torch.from_numpy(original)
        for fit, pixels in (("stretch", original), ("pad", pad(original))):
            ours = resize(pixels)
            tensors[f"{fit}.{name}"] = ours
            # For information: 8-bit pictures are resized in 8 bits, with its rounding, by others.
            by_pil = v2.functional.pil_to_tensor(v2.functional.resize(Image.fromarray(pixels), [SIDE, SIDE]))[0]
            by_tensor = v2.functional.resize(torch.from_numpy(pixels)[None], [SIDE, SIDE], antialias=True)[0]
            print(
                f"{fit} {name}: float32 and PIL differ by {(ours - by_pil).abs().max():.2f} grey values, "
                f"float32 and torchvision's 8 bits by {(ours - by_tensor).abs().max():.2f}"
            )
    FIGURES.mkdir(exist_ok=True)
    save_file(tensors, FIGURES / "preprocess.safetensors", {"side": str(SIDE)})
