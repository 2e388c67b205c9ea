"""Fits assets/persons.bin on half of the people and measures on the other half.

    python fit.py DATA FEATURES.npz [OUT.bin]

DATA holds sartaj/, tumor_boxes.csv and figshare_patients.csv; FEATURES.npz is made when it is not there.
planes.csv says for runs of the figshare index which plane they show (by a classifier with votes within a
run; about nine in ten are right), which only the fit needs.
"""

import csv
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np

from features import features

SHAPE, STYLE, NEAREST = 64, 48, 10
SHAPE_REG, STYLE_REG = 0.01, 0.1
HERE = Path(__file__).parent


def read(data, cache):
    from PIL import Image

    boxes = {r["path"]: int(r["figshare_index"]) for r in csv.DictReader(open(data / "tumor_boxes.csv"))}
    if not cache.exists():
        rows = []
        for path in boxes:
            rows.append(features(np.asarray(Image.open(data / "sartaj" / path).convert("L"))))
        np.savez(cache, path=np.array(list(boxes)), shape=np.stack([r[0] for r in rows]), style=np.stack([r[1] for r in rows]))
    cached = np.load(cache)
    row = {path: i for i, path in enumerate(cached["path"])}
    runs = [(int(r["first_index"]), int(r["last_index"]), r["patient"]) for r in csv.DictReader(open(data / "figshare_patients.csv"))]
    planes = [(int(r["first_index"]), int(r["last_index"]), r["plane"]) for r in csv.DictReader(open(HERE / "planes.csv"))]
    of = lambda table, index: next((x for first, last, x in table if first <= index <= last), None)
    # One scan of each figshare slice: duplicates are one.
    scans, seen = [], set()
    for path in sorted(boxes):
        index = boxes[path]
        exam = of(runs, index)
        if path.startswith("Training") and exam and index not in seen:
            seen.add(index)
            scans.append((row[path], index, exam, exam.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), path.split("/")[1], of(planes, index)))
    rows, index, exam, person, cls, plane = map(np.array, zip(*scans))
    return cached["shape"][rows], cached["style"][rows], index, exam, person, cls, plane


def halves(person):
    """True for scans of the half that everything is chosen on: a shuffle of the sorted persons by
    numpy's legacy generator with seed 0, the first half of it."""
    people = sorted(set(person))
    first = [people[i] for i in np.random.RandomState(0).permutation(len(people))[: len(people) // 2]]
    return np.isin(person, first)


def unit(values):
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)


def discriminant(values, differences, size, ridge):
    """The `size` directions that separate most, scaled so that differences within have variance 1."""
    within = differences.T @ differences / len(differences)
    within += ridge * np.eye(len(within)) * np.trace(within) / len(within)
    e, v = np.linalg.eigh(within)
    white = v / np.sqrt(e)
    e, v = np.linalg.eigh(white.T @ (values.T @ values / len(values)) @ white)
    return (white @ v[:, ::-1][:, :size]).T


class Metric:
    def __init__(self, shape, style, index, exam, plane, use):
        from sklearn.linear_model import LogisticRegression

        self.shape_mean = shape[use].mean(0)
        order = np.argsort(index)
        a, b = order[:-1], order[1:]
        next_ = use[a] & use[b] & (exam[a] == exam[b]) & (plane[a] == plane[b]) & (index[b] - index[a] == 1)
        self.shape = discriminant(shape[use] - self.shape_mean, shape[a[next_]] - shape[b[next_]], SHAPE, SHAPE_REG)
        classifier = LogisticRegression(C=3, max_iter=300).fit(shape[use], plane[use])
        self.plane, self.plane_offset = classifier.coef_, classifier.intercept_
        weights = self.planes(shape)
        # Least squares of the style on the planes' probabilities.
        self.style_mean = np.linalg.lstsq(weights[use], style[use], rcond=None)[0]
        spread = style[use].std(0) + 1e-6
        rest = (style - weights @ self.style_mean) / spread
        differences = []
        for e in np.unique(exam[use]):
            means = [rest[(exam == e) & (plane == p)].mean(0) for p in "acs" if ((exam == e) & (plane == p)).any()]
            if len(means) > 1:
                differences.extend(np.array(means) - np.mean(means, 0))
        self.style = discriminant(rest[use], np.array(differences), STYLE, STYLE_REG) / spread

    def planes(self, shape):
        logits = shape @ self.plane.T + self.plane_offset
        logits = np.exp(logits - logits.max(1, keepdims=True))
        return logits / logits.sum(1, keepdims=True)

    def project(self, shape, style):
        return unit((shape - self.shape_mean) @ self.shape.T), unit((style - self.planes(shape) @ self.style_mean) @ self.style.T)


def evidence(shape, style):
    """Cosine, local cosine and style cosine of all pairs, and the scans' nearness."""
    s, c = shape @ shape.T, style @ style.T
    others = s.copy()
    np.fill_diagonal(others, -9)
    nearness = np.sort(others, 1)[:, -NEAREST:].mean(1)
    return np.stack([s, s - (nearness[:, None] + nearness[None]) / 2, c]), nearness


def pair_weights(shape, style, index, exam, person, plane, use):
    """Logistic weights of the evidence, each half of the people with a metric of the other half."""
    from sklearn.linear_model import LogisticRegression

    people = np.array(sorted(set(person[use])))
    half = np.isin(person, np.random.RandomState(1).permutation(people)[: len(people) // 2])
    x, y = [], []
    for fitted, asked in ((use & half, use & ~half), (use & ~half, use & half)):
        metric = Metric(shape, style, index, exam, plane, fitted)
        e, _ = evidence(*(part[use] for part in metric.project(shape, style)))
        same = person[use][:, None] == person[use][None]
        for i in np.flatnonzero(asked[use]):
            local = e[1, i].copy()
            local[i] = -9
            top = np.argsort(-local)[:5]
            x.append(e[:, i, top].T)
            y.append(same[i, top])
    x, y = np.concatenate(x), np.concatenate(y)
    fit = LogisticRegression(C=100, max_iter=1000).fit(x, y)
    return np.concatenate([fit.intercept_, fit.coef_[0]])


def report_links(name, p, person, ask):
    p = p.copy()
    np.fill_diagonal(p, -1)
    best, score = p.argmax(1), p.max(1)
    correct = person[best] == person
    print(f"{name}: nearest is the same person {correct[ask].mean():.3f} of {ask.sum()} scans")
    asked = np.flatnonzero(ask)
    for threshold in (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99):
        linked = asked[score[asked] >= threshold]
        pairs = {tuple(sorted((i, best[i]))) for i in linked}
        ok = np.mean([person[a] == person[b] for a, b in pairs]) if pairs else float("nan")
        covered = {i for pair in pairs for i in pair} & set(asked)
        print(f"  probability from {threshold:.2f}: {len(pairs):5} links, precision {ok:.3f}, coverage {len(covered) / len(asked):.3f}")
    order = asked[np.argsort(-score[asked])]
    precision = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    for wanted in (0.95, 0.98, 0.99):
        at = np.flatnonzero(precision >= wanted)
        print(f"  directed links at precision {wanted}: coverage {(at[-1] + 1 if at.size else 0) / len(order):.3f}")


def main():
    data, cache = Path(sys.argv[1]), Path(sys.argv[2])
    shape, style, index, exam, person, cls, plane = read(data, cache)
    use = halves(person)
    print(f"{len(index)} scans of {len(set(person))} persons; fitted on {use.sum()} of {len(set(person[use]))}")
    metric = Metric(shape, style, index, exam, plane, use)
    pair = pair_weights(shape, style, index, exam, person, plane, use)
    print("pair", pair)
    projected = metric.project(shape, style)
    e, nearness = evidence(*projected)
    p = 1 / (1 + np.exp(-(pair[0] + np.tensordot(pair[1:], e, 1))))
    report_links("chosen on (in-sample)", p, person, use)
    report_links("reported", p, person, ~use)
    np.savez(cache.with_name("projected.npz"), shape=projected[0], style=projected[1], p=p.astype(np.float32), use=use, person=person, exam=exam, cls=cls, plane=plane, index=index)
    if len(sys.argv) > 3:
        parts = [metric.shape_mean, metric.shape, metric.plane, metric.plane_offset, metric.style_mean, metric.style, pair, [np.median(nearness)]]
        np.concatenate([np.ravel(part) for part in parts]).astype("<f4").tofile(sys.argv[3])


if __name__ == "__main__":
    main()
