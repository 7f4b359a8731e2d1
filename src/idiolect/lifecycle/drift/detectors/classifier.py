"""How well a classifier tells current texts from those of the reference: the area under its ROC curve.

A classifier two-sample test (Lopez-Paz and Oquab 2017, arXiv 1610.06545), the "domain classifier" of Rabanser et al.
2019 (arXiv 1810.11953).  0.5 is chance, 1 is told apart at every time.

It is cross-fitted: each text is scored by a model that has seen none of its fold.  Scores of different folds depend on
one another, so that the textbook's error of an area is too small for them; the p-value comes from training anew for
every relabelling.  Hence least squares: a linear classifier fitted to ±1 is Fisher's discriminant (Hastie et al., The
Elements of Statistical Learning, 4.3), and it is linear in the labels, so that one factorisation a fold serves all
relabellings, where logistic regression would have to be fitted thousands of times.
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.lifecycle.drift.relabelling import Floats, Labels

FOLDS = 5

RIDGE = 10.0
"""Penalty on the squared weights, in units of the vectors' mean scatter a dimension."""


def area(vectors: NDArray[np.float32], labels: Labels, groups: NDArray[np.int64], seed: int) -> Floats:
    """[1 + B]: areas within folds, a fold counting by its pairs. Texts of one group share a fold."""
    return _areas(scores(vectors, labels, groups, seed), labels, groups, seed)


def scores(vectors: NDArray[np.float32], labels: Labels, groups: NDArray[np.int64], seed: int) -> Floats:
    """[n, 1 + B]: how current each text looks to the model of the other folds; comparable within a fold alone."""
    x = np.asarray(vectors, np.float64)
    x = x - x.mean(axis=0)
    y = np.where(labels, 1.0, -1.0)
    gram, moments = x.T @ x, x.T @ y
    result = np.zeros_like(y)
    for fold in _folds(groups, seed):
        inside, wanted = x[fold], y[fold]
        trained = len(x) - len(fold)
        mean = (y.sum(axis=0) - wanted.sum(axis=0)) / max(trained, 1)
        centre = -inside.sum(axis=0) / max(trained, 1)  # of the other folds: all together have the mean 0
        covariance = gram - inside.T @ inside - trained * np.outer(centre, centre)
        penalty = RIDGE * np.trace(covariance) / len(gram) + 1e-9
        moment = moments - inside.T @ wanted - trained * np.outer(centre, mean)
        weights = np.linalg.solve(covariance + penalty * np.eye(len(gram)), moment)
        result[fold] = (inside - centre) @ weights
    return result


def _areas(found: Floats, labels: Labels, groups: NDArray[np.int64], seed: int) -> Floats:
    won: Floats = np.zeros(labels.shape[1])
    pairs: Floats = np.zeros(labels.shape[1])
    for fold in _folds(groups, seed):
        current = labels[fold]
        ranks = np.argsort(np.argsort(found[fold], axis=0, kind="stable"), axis=0) + 1
        size = current.sum(axis=0)
        won += (ranks * current).sum(axis=0) - size * (size + 1) / 2
        pairs += size * (len(fold) - size)
    return np.where(pairs > 0, won / np.maximum(pairs, 1), 0.5)


def _folds(groups: NDArray[np.int64], seed: int) -> list[NDArray[np.int64]]:
    """Rows of each fold, in a random order: equal scores are ranked by it, and not by where they come from."""
    rng = np.random.default_rng(seed)
    names, places = np.unique(groups, return_inverse=True)
    fold_of = rng.permutation(len(names))[places] % FOLDS
    order = rng.permutation(len(groups))
    return [rows for fold in range(FOLDS) if len(rows := order[fold_of[order] == fold])]
