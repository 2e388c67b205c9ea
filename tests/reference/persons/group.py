"""How many validation scans have their person in training when a split is grouped by pixels alone.

    python group.py PROJECTED.npz

PROJECTED.npz is written by fit.py. The grouping is that of src/dataset/persons/group.rs.
"""

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np


def split(groups, classes, share, seed):
    """src/dataset/split.rs with numpy's shuffle: whole groups to validation while its class has room."""
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    room = {c: share * (classes == c).sum() for c in np.unique(classes)}
    validation = np.zeros(len(groups), bool)
    for k in np.random.default_rng(seed).permutation(len(members)):
        c = classes[members[k][0]]
        if room[c] >= len(members[k]):
            room[c] -= len(members[k])
            validation[members[k]] = True
    return validation


def leak(groups, person, classes, plane):
    """Share of validation scans with their person, and with their person in the same plane, in training;
    and the share of scans in validation: means of 40 seeds."""
    rows = []
    for seed in range(40):
        validation = split(groups, classes, 0.2, seed)
        train = set(person[~validation])
        views = set(zip(person[~validation], plane[~validation]))
        rows.append((np.mean([p in train for p in person[validation]]),
                     np.mean([v in views for v in zip(person[validation], plane[validation])]), validation.mean()))
    return np.mean(rows, 0)


def by_links(p, from_, limit, best_only):
    n = len(p)
    p = p.copy()
    np.fill_diagonal(p, -1)
    if best_only:
        i, j = np.arange(n), p.argmax(1)
    else:
        i, j = np.triu_indices(n, 1)
    keep = p[i, j] >= from_
    i, j = i[keep], j[keep]
    group, size = np.arange(n), np.ones(n, int)
    members = [[k] for k in range(n)]
    for k in np.argsort(-p[i, j], kind="stable"):
        a, b = sorted((group[i[k]], group[j[k]]))
        if a != b and size[a] + size[b] <= limit:
            group[members[b]] = a
            members[a] += members[b]
            size[a] += size[b]
    return group


def by_style(group, style, classes, from_, limit):
    names = np.unique(group)
    style = np.stack([style[group == g].sum(0) for g in names])
    size = np.array([(group == g).sum() for g in names], float)
    kind = np.array([classes[np.flatnonzero(group == g)[0]] for g in names])
    where = np.searchsorted(names, group)
    score = style @ style.T / size[:, None] / size[None]
    score[(kind[:, None] != kind[None]) | (size[:, None] + size[None] > limit)] = -9
    np.fill_diagonal(score, -9)
    while True:
        a, b = np.unravel_index(score.argmax(), score.shape)
        if score[a, b] < from_:
            return where
        style[a] += style[b]
        size[a] += size[b]
        where[where == b] = a
        size[b] = 1e9
        s = style @ style[a] / size / size[a]
        s[(kind != kind[a]) | (size + size[a] > limit)] = -9
        s[a] = -9
        score[a], score[:, a], score[b], score[:, b] = s, s, -9, -9


def main():
    f = np.load(sys.argv[1])
    for name, ask in (("chosen on", f["use"]), ("reported", ~f["use"])):
        p, style = f["p"][np.ix_(ask, ask)], f["style"][ask]
        person, classes, plane, index = (f[k][ask] for k in ("person", "cls", "plane", "index"))
        order = np.argsort(index)
        neighbours = np.zeros(len(index), int)
        neighbours[order] = np.cumsum(np.r_[0, np.diff(index[order]) > 1])
        show = lambda what, g: print(f"{name}: {what}: person %.3f, person and plane %.3f, validation %.3f; %d groups, largest %d, of the median scan %d" % (
            *leak(g, person, classes, plane), len(np.unique(g)), np.bincount(np.unique(g, return_inverse=True)[1]).max(),
            np.median([(g == x).sum() for x in g])), flush=True)
        show("no groups", np.arange(len(index)))
        show("neighbouring indices", neighbours)
        for from_, best in ((0.8, True), (0.5, True), (0.8, False), (0.5, False), (0.2, False)):
            show(f"links from {from_}, {'best' if best else 'all'}", by_links(p, from_, 60, best))
        for best, from_ in ((True, 0.8), (False, 0.5)):
            base = by_links(p, from_, 60, best)
            for limit in (30, 60, 120):
                for cut in (0.0, 0.3, 0.5):
                    show(f"{from_}, limit {limit}, style from {cut}", by_style(base, style, classes, cut, limit))


if __name__ == "__main__":
    main()
