"""Figures of scikit-learn, SciPy and numpy for tests/metrics.rs: figures/metrics.json.

The answers are drawn here and stored beside the figures. Probabilities have two decimals, so that many
are tied; class 3 is rare, class 4 is predicted and never true.
"""
import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.stats import binomtest, chi2
from sklearn.metrics import (accuracy_score, average_precision_score, balanced_accuracy_score,
                             confusion_matrix, f1_score, precision_recall_curve, precision_score,
                             recall_score, roc_auc_score, roc_curve)

CLASSES = 5
rng = np.random.default_rng(7)
truth = rng.choice(CLASSES, size=240, p=[0.4, 0.3, 0.26, 0.04, 0.0])
logits = rng.normal(size=(240, CLASSES)) * 1.5
logits[np.arange(240), truth] += 1.6
probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
# As float32, which is what a model gives: JSON then holds exactly what is compared.
probabilities = probabilities.round(2).astype(np.float32).astype(np.float64)
predicted = probabilities.argmax(1)
confidence, right = probabilities.max(1), predicted == truth



def curves(is_class, probability):
    """Points from the highest threshold to the lowest, all of them."""
    false_positives, true_positives, _ = roc_curve(is_class, probability, drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(is_class, probability)
    return {
        "roc": np.stack([false_positives, true_positives], 1).tolist(),
        # The last is no threshold's: (0, 1) by definition.
        "precision_recall": np.stack([recall, precision], 1)[:-1][::-1].tolist(),
        "average_precision": average_precision_score(is_class, probability),
    }


confusion = confusion_matrix(truth, predicted, labels=range(CLASSES))
present = [c for c in range(CLASSES) if (truth == c).any()]
per_class = []
for c in range(CLASSES):
    is_class, called = truth == c, predicted == c
    known = c in present
    per_class.append({
        "support": int(is_class.sum()),
        "precision": precision_score(is_class, called) if called.any() else None,
        "sensitivity": recall_score(is_class, called) if known else None,
        "specificity": recall_score(~is_class, ~called),
        "f1": f1_score(is_class, called) if known else None,
        "auroc": roc_auc_score(is_class, probabilities[:, c]) if known else None,
        "curves": curves(is_class, probabilities[:, c]) if known else None,
    })

# Expected calibration error with numpy's own binning.
edges = np.linspace(0, 1, 16)
bins = np.digitize(confidence, edges[1:-1])
error = sum((bins == b).mean() * abs(right[bins == b].mean() - confidence[bins == b].mean())
            for b in range(15) if (bins == b).any())


def mcnemar(first, second):
    if first + second < 25:
        p = binomtest(first, first + second, 0.5).pvalue if first + second else 1.0
    else:
        p = chi2.sf(max(abs(first - second) - 1, 0) ** 2 / (first + second), 1)
    return {"first": first, "second": second, "p": float(p)}


about = {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__}
figures = {
    "versions": about,
    "answers": [{"truth": int(t), "predicted": int(c), "probabilities": list(map(float, p))}
                for t, c, p in zip(truth, predicted, probabilities)],
    "accuracy": accuracy_score(truth, predicted),
    "balanced_accuracy": balanced_accuracy_score(truth, predicted),
    "confusion": confusion.tolist(),
    "classes": per_class,
    "expected_calibration_error": float(error),
    "mcnemar": [mcnemar(*pair) for pair in
                [(0, 0), (0, 1), (3, 3), (1, 9), (7, 17), (12, 12), (5, 20), (13, 13), (40, 90), (0, 400)]],
}
folder = Path(__file__).parent / "figures"
(folder / "metrics.json").write_text(json.dumps(figures) + "\n")
