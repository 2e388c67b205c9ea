"""Writes expected.json: shape and style of a picture made by a formula, and reported.txt: the persons of
the half on which nothing was chosen, each as the smallest figshare index of its slices.

    python make_expected.py DATA FEATURES.npz
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

from features import features

HERE = Path(__file__).parent


def picture(width=200, height=160):
    """An ellipse with waves in it, in whole numbers: made in the same way in audit/fingerprint.rs."""
    y, x = np.mgrid[:height, :width].astype(np.int64)
    inside = (x - 96) ** 2 * 64 + (y - 84) ** 2 * 100 < 400_000
    waves = 90 + (x * 7 + y * 3) % 61 + (x * y) % 37
    return np.where(inside, waves, (x * 5 + y * 11) % 7).astype(np.uint8)


def main():
    shape, style = features(picture())
    rounded = lambda values: [round(float(value), 6) for value in values]
    (HERE / "expected.json").write_text(json.dumps({"shape": rounded(shape), "style": rounded(style)}) + "\n")
    if len(sys.argv) > 2:
        from fit import halves, read

        data = Path(sys.argv[1])
        _, _, _, _, person, _, _ = read(data, Path(sys.argv[2]))
        reported, first = set(person[~halves(person)]), {}
        for row in csv.DictReader(open(data / "figshare_patients.csv")):
            of = row["patient"].rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            if of in reported:
                first[of] = min(int(row["first_index"]), first.get(of, 10**9))
        (HERE / "reported.txt").write_text("".join(f"{index}\n" for index in sorted(first.values())))


if __name__ == "__main__":
    main()
