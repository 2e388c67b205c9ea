"""Reads scans as `mrimaster` does: greys by quantiles, the head cut out, padded square, resized."""

import csv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

CLASSES = {"glioma_tumor": 0, "meningioma_tumor": 1, "no_tumor": 2, "pituitary_tumor": 3}


def head(values):
    """The rows and columns of which more than 3 % are brighter than 25."""
    bright = values > 25
    def ends(counts, across):
        full = np.flatnonzero(counts > 0.03 * across)
        if len(full) == 0:
            return 0, len(counts)
        first, last = full[0], full[-1]
        return (0, len(counts)) if (last + 1 - first) * 4 < len(counts) else (first, last + 1)
    top, bottom = ends(bright.sum(1), values.shape[1])
    left, right = ends(bright.sum(0), values.shape[0])
    return values[top:bottom, left:right]


def preprocess(values, size):
    """Greys 0..=255, float32 [size, size], of an array of any shape."""
    low, high = np.quantile(values, [0.005, 0.995])
    values = np.clip((values - low) * (255.0 / (high - low) if high > low else 0.0), 0, 255)
    cut = head(values)
    height, width = cut.shape
    side = max(cut.shape)
    left, top = (side - width) // 2, (side - height) // 2
    square = np.pad(cut, ((top, side - height - top), (left, side - width - left)))
    tensor = torch.from_numpy(square.astype(np.float32))[None, None]
    return F.interpolate(tensor, (size, size), mode="bilinear", antialias=True, align_corners=False)[0, 0]


def read(path, size):
    return preprocess(np.asarray(Image.open(path).convert("L"), dtype=np.float32), size)


def read_all(root, paths, size):
    """Greys, uint8 [n, 1, size, size]."""
    with ThreadPoolExecutor(2) as pool:
        greys = list(pool.map(lambda path: read(Path(root) / path, size).round().byte(), paths))
    return torch.stack(greys)[:, None]


def people(data, paths):
    """The person of each scan, None where unknown: figshare's patient without the letter."""
    index = {row["path"]: int(row["figshare_index"]) for row in csv.DictReader(open(data / "tumor_boxes.csv"))}
    runs = [(int(r["first_index"]), int(r["last_index"]), r["patient"].rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
            for r in csv.DictReader(open(data / "figshare_patients.csv"))]
    person = {}
    for first, last, patient in runs:
        for i in range(first, last + 1):
            person[i] = patient
    return [person.get(index.get(path)) for path in paths]
