"""How well a classifier tells the written queries from real ones: chance means that they look alike."""

import math
from collections.abc import Sequence

from idiolect.errors import MissingExtra
from idiolect.records import Record
from idiolect.teachers.reporting.likeness import evenly

FEWEST_REAL = 30
"""Real queries below which no classifier is trained: its AUC's standard error would pass 0.06."""

_FOLDS = 5
_FEATURES = 2**16
_LARGEST = 3_000
_NORMAL = 1.96


class Realness(Record, frozen=True, kw_only=True):
    """Area under the ROC curve, 0.5 by chance, 1 where every query is told apart; with its 95% interval."""

    auc: float
    interval: tuple[float, float]
    synthetic: int
    real: int


def realness(synthetic: Sequence[tuple[str, str]], real: Sequence[str], seed: int = 0) -> Realness:
    """Cross-validated logistic regression on hashed character n-grams (1 to 4).

    `synthetic`: text and document of each query; those of one document stay in one fold, so that
    subjects are not learnt for manners.  Of either side 3,000 are taken at most, evenly.  Raises
    MissingExtra without scikit-learn; both sides need five queries or more.
    """
    try:
        from sklearn.feature_extraction.text import HashingVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.metrics import roc_auc_score
        from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    except ImportError:
        raise MissingExtra("scikit-learn", "train") from None
    step = evenly([str(number) for number in range(len(synthetic))], _LARGEST)
    ours = [synthetic[int(number)] for number in step]
    theirs = evenly(real, _LARGEST)
    texts = [text for text, _ in ours] + theirs
    labels = [0] * len(ours) + [1] * len(theirs)
    documents = {document for _, document in ours}
    by_document = len(documents) >= 2 * _FOLDS
    groups = [f"d{document}" if by_document else f"q{n}" for n, (_, document) in enumerate(ours)]
    groups += [f"r{number}" for number in range(len(theirs))]
    vectors = HashingVectorizer(
        analyzer="char_wb", ngram_range=(1, 4), n_features=_FEATURES, lowercase=False
    ).transform(texts)
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
    model = LogisticRegression(solver="liblinear", class_weight="balanced", C=10.0, max_iter=200)
    scores = cross_val_predict(model, vectors, labels, groups=groups, cv=folds, method="decision_function")
    auc = float(roc_auc_score(labels, scores))
    error = standard_error(auc, len(theirs), len(ours))
    interval = (max(auc - _NORMAL * error, 0.0), min(auc + _NORMAL * error, 1.0))
    return Realness(auc=auc, interval=interval, synthetic=len(ours), real=len(theirs))


def standard_error(auc: float, positives: int, negatives: int) -> float:
    """Of an area under the ROC curve (Hanley and McNeil 1982, doi 10.1148/radiology.143.1.7063747).

    An area of 1 is taken as half a query short of it: none told wrong among a few is no certainty.
    """
    auc = min(auc, 1 - 0.5 / min(positives, negatives))
    first = auc / (2 - auc)
    second = 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (positives - 1) * (first - auc**2) + (negatives - 1) * (second - auc**2)
    return math.sqrt(max(variance, 0.0) / (positives * negatives))
