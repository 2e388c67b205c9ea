"""Lengths, angles, areas and statistics by numpy for tests/measurements.rs: figures/measurements.json.

The picture is drawn here and stored beside the figures. A pixel counts where its centre lies inside the
shape, written out as a mask over all of them; values are rescaled first.
"""
import json
from pathlib import Path

import numpy as np

rng = np.random.default_rng(11)
HEIGHT, WIDTH = 29, 41
SLOPE, INTERCEPT = 0.75, -1024.0
ROW_MM, COLUMN_MM = 1.25, 0.5
stored = rng.integers(30000, 34000, size=(HEIGHT, WIDTH))
values = stored * SLOPE + INTERCEPT
x, y = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
mm = np.array([COLUMN_MM, ROW_MM])


def points(count):
    """On the slice, as float32, which is what a hand gives."""
    return (rng.random((count, 2)) * [WIDTH, HEIGHT]).astype(np.float32).astype(np.float64)


def region(kind):
    a, b = corners = points(2)
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    if kind == "rectangle":
        inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
        area = np.prod(np.abs(b - a) * mm)
    else:
        middle, half = (a + b) / 2, np.abs(b - a) / 2
        inside = ((x - middle[0]) / half[0]) ** 2 + ((y - middle[1]) / half[1]) ** 2 <= 1
        area = np.pi * np.prod(half * mm)
    found = values[inside]
    shape = {"kind": kind, "points": corners.tolist(), "area": area, "count": found.size}
    if found.size:
        shape |= {"mean": found.mean(), "sd": found.std(), "min": found.min(), "max": found.max()}
    return shape


def length():
    a, b = ends = points(2)
    return {"kind": "length", "points": ends.tolist(), "length": np.linalg.norm((b - a) * mm)}


def angle():
    a, apex, b = corners = points(3)
    u, v = (a - apex) * mm, (b - apex) * mm
    cosine = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
    return {"kind": "angle", "points": corners.tolist(), "degrees": np.degrees(np.arccos(cosine))}


shapes = [make() for make in [length, angle] for _ in range(12)]
shapes += [region(kind) for kind in ["rectangle", "ellipse"] for _ in range(24)]
figures = {
    "width": WIDTH, "height": HEIGHT, "slope": SLOPE, "intercept": INTERCEPT,
    "row_mm": ROW_MM, "column_mm": COLUMN_MM, "numpy": np.__version__,
    "stored": stored.ravel().tolist(), "shapes": shapes,
}
path = Path(__file__).parent / "figures" / "measurements.json"
path.write_text(json.dumps(figures, separators=(",", ":"), default=float) + "\n")
