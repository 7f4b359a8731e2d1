"""Common ways to call a window drifted, for comparison: each takes pooled samples and says yes or no."""

import numpy as np

from idiolect.lifecycle.drift.detectors.mmd import kernel_of
from idiolect.lifecycle.drift.detectors.stability import stability
from idiolect.lifecycle.drift.detectors.topics import topics
from idiolect.lifecycle.drift.samples import Pooled
from idiolect.teachers.reporting.lead_bias import chi_square_tail
from idiolect.teachers.reporting.realness import standard_error

COSINE = 0.05
BOOTSTRAPS = 100


def means(pooled: Pooled, seed: int) -> bool:
    """The cosine distance of the two mean vectors above a fixed limit."""
    a, b = (pooled.measured.vectors[side].mean(axis=0) for side in (~pooled.current, pooled.current))
    return bool(1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b) > COSINE)


def _index(pooled: Pooled, seed: int) -> tuple[float, int]:
    classes = topics(pooled.measured.vectors, seed)
    return float(stability(classes, pooled.current[:, None])[0]), int(classes.max())


def psi_10(pooled: Pooled, seed: int) -> bool:
    return _index(pooled, seed)[0] > 0.1


def psi_25(pooled: Pooled, seed: int) -> bool:
    return _index(pooled, seed)[0] > 0.25


def psi_chi_square(pooled: Pooled, seed: int) -> bool:
    """Yurdakul's threshold: for texts that are independent of one another."""
    found, freedom = _index(pooled, seed)
    reference, current = pooled.sizes
    return chi_square_tail(found / (1 / reference + 1 / current), freedom) <= 0.05


def mmd_bootstrap(pooled: Pooled, seed: int) -> bool:
    """MMD² above what two resamples of the reference give in 95% of the cases."""
    rng = np.random.default_rng(seed)
    kernel = kernel_of(np.asarray(pooled.measured.vectors, np.float64)) + np.eye(len(pooled))
    reference, current = np.flatnonzero(~pooled.current), np.flatnonzero(pooled.current)

    def biased(x, y):
        return kernel[np.ix_(x, x)].mean() + kernel[np.ix_(y, y)].mean() - 2 * kernel[np.ix_(x, y)].mean()

    drawn = [
        biased(rng.choice(reference, len(reference)), rng.choice(reference, len(current)))
        for _ in range(BOOTSTRAPS)
    ]
    return bool(biased(reference, current) > np.quantile(drawn, 0.95))


def logistic(pooled: Pooled, seed: int) -> bool:
    """Cross-fitted logistic regression: an area surely above a half, by the textbook's error of an area."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    model = LogisticRegression(max_iter=200)
    scores = cross_val_predict(
        model, pooled.measured.vectors, pooled.current, cv=folds, method="decision_function"
    )
    area = float(roc_auc_score(pooled.current, scores))
    reference, current = pooled.sizes
    return area - 1.645 * standard_error(area, current, reference) > 0.5


RULES = {
    "cosine of means > .05": means,
    "PSI > 0.1": psi_10,
    "PSI > 0.25": psi_25,
    "PSI > χ² threshold": psi_chi_square,
    "MMD, bootstrap": mmd_bootstrap,
    "logistic, textbook's error": logistic,
}
