"""Figures of calibration, prediction sets and AUROC by scipy, numpy and scikit-learn, for the unit
tests of src/reliability: `python3 make_reliability.py > figures/reliability.json`.

The answers are of a network that is overconfident the more, the farther a scan is."""

import json

import numpy as np
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(7)
N, K = 240, 4
score = rng.gamma(2.0, 0.5, N).round(4)
plain = rng.normal(0, 2, (N, K))
p = np.exp(plain) / np.exp(plain).sum(1, keepdims=True)
truth = np.array([rng.choice(K, p=row) for row in p])
logits = (plain * (1 + 1.5 * np.log1p(score))[:, None]).round(4)
weight = np.where(np.arange(N) % 3 == 0, 0.5, 1.0)


def temperature(base, slope):
    t = base + slope * np.log1p(np.minimum(score, 30))
    return np.clip(t, np.where(score > 1, 1.0, 0.05), 20.0)


def probabilities(base, slope):
    z = logits / temperature(base, slope)[:, None]
    z = np.exp(z - z.max(1, keepdims=True))
    return z / z.sum(1, keepdims=True)


def loss(x):
    total = weight.sum()
    other = 1 / (total + K)
    target = np.full((N, K), other)
    target[np.arange(N), truth] = (total + 1) / (total + K)
    each = -(target * np.log(probabilities(np.exp(x[0]), x[1]))).sum(1)
    return (weight * each).sum() / total


fits = [minimize(loss, [a, b], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12}) for a in (-1, 0, 1) for b in (0.2, 1.0, 2.0)]
best = min(fits, key=lambda fit: fit.fun)
base, slope = float(np.exp(best.x[0])), float(best.x[1])
p = probabilities(base, slope)
predicted, confidence = p.argmax(1), p.max(1)
correct = predicted == truth

bins = np.clip(np.ceil(confidence * 15).astype(int), 1, 15)
error = sum(abs((weight * (confidence - correct))[bins == b].sum()) for b in range(1, 16)) / weight.sum()

# Split conformal by class, of unit weights: the ceil((n + 1) 0.9)-th smallest score.
thresholds = []
for k in range(K):
    s = np.sort(1 - p[truth == k, k])
    rank = int(np.ceil((len(s) + 1) * 0.9 - 1e-9))
    thresholds.append(float(s[rank - 1]) if rank <= len(s) else 1.0)
held = [bool(1 - p[i, truth[i]] <= thresholds[truth[i]] or predicted[i] == truth[i]) for i in range(N)]

print(json.dumps({
    "logits": logits.tolist(), "truth": truth.tolist(), "score": score.tolist(), "weight": weight.tolist(),
    "base": base, "slope": slope, "loss": float(best.fun), "calibration_error": float(error),
    "thresholds": thresholds, "coverage": float(np.mean(held)),
    "auroc": float(roc_auc_score(correct == 0, score)),
}))
