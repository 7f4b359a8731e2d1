"""How often the gate is wrong, on simulated runs whose truth is known.

    python bench/gate.py [--trials 1000] [--resamples 10000] [--seed 13]

Each trial draws documents with unequal numbers of queries and ranks the answer of every query twice.
How much a rank moves is shared within a document, and most do not move at all.  Three kinds of null: "alike",
where either run may be the better one of any document; "few gain", where the tuned run gains much on few
documents and loses little on many, with a mean difference of 0; and "few lose", the reverse.  Prints, for
each kind and number of documents, how often

- p ≤ .05: the test that counts documents finds a difference (two-sided; 5% is right);
- blind: the same test would, taking queries for independent;
- outside: the 95% interval leaves out the truth;
- promote: the verdict, which looks at one side (at most about 2.5%), with all slices;
- slice: any slice falls, after Holm's correction (at most about 5%);
- power: a true gain of the mean detectable effect that the reports print is found (80% is right).
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.resampling import cluster_sums, sign_flip_p
from idiolect.evaluation.significance import Comparison, compare
from idiolect.evaluation.slices import SliceResult, compare_slices
from idiolect.evaluation.verdict import decide

Run = dict[str, float]

KINDS = {"alike": 0, "few gain": 1, "few lose": -1}
"""Null → the sign of the skewness of its differences."""


@dataclass(frozen=True)
class Trial:
    """Two runs' nDCG@10 per query, what each query came from, and its slices."""

    base: Run
    tuned: Run
    clusters: dict[str, str]
    slices: dict[str, dict[str, str]]

    def compare(self, seed: int, resamples: int) -> Comparison:
        return compare(self.base, self.tuned, self.clusters, seed, resamples=resamples)

    def blind_p(self, seed: int, resamples: int) -> float:
        """p of a test that takes every query for a draw of its own."""
        sums, _ = cluster_sums({query: self.tuned[query] - self.base[query] for query in self.base}, {})
        return sign_flip_p(sums, (seed,), resamples)

    def compare_slices(self, seed: int, resamples: int) -> list[SliceResult]:
        return compare_slices(self.base, self.tuned, self.clusters, self.slices, seed, resamples=resamples)


def simulate(
    rng: np.random.Generator, documents: int, shift: float = 0.0, skew: int = 0, sliced: bool = True
) -> Trial:
    """One trial; `shift` lowers the logarithm of every rank of the tuned run that moves at all."""
    sizes = np.minimum(np.ceil(rng.lognormal(0.9, 0.8, documents)), 30).astype(int)
    owner = np.repeat(np.arange(documents), sizes)
    count = len(owner)
    own = skew * rng.exponential(1.0, documents) if skew else rng.normal(0, 1.0, documents)
    moves = own[owner] * (rng.random(documents) < 0.6)[owner] + rng.normal(0, 0.4, count)
    moves = np.where(rng.random(count) < 0.6, moves + shift, 0.0)
    middle = rng.normal(1.0, 0.8, documents)[owner] + rng.normal(0, 0.8, count)
    names = [f"q{number}" for number in range(count)]
    clusters = {name: f"d{document}" for name, document in zip(names, owner.tolist(), strict=True)}
    return Trial(
        base=_ndcg(names, middle + moves / 2),
        tuned=_ndcg(names, middle - moves / 2),
        clusters=clusters,
        slices=_slices(rng, names, owner) if sliced else {},
    )


def _ndcg(names: list[str], log_ranks: np.ndarray) -> Run:
    """nDCG@10 of queries with one right answer, from the logarithms of its ranks."""
    ranks = np.maximum(np.ceil(np.exp(log_ranks)), 1.0)
    values = np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0.0)
    return dict(zip(names, values.tolist(), strict=True))


def _slices(rng: np.random.Generator, names: list[str], owner: np.ndarray) -> dict[str, dict[str, str]]:
    """Styles and hops of queries, languages and sources of documents."""
    documents, queries = int(owner.max()) + 1, len(names)
    drawn = {
        "style": rng.choice(["question", "claim", "keywords"], queries, p=[0.5, 0.3, 0.2]),
        "hops": rng.choice(["1", "2"], queries, p=[0.85, 0.15]),
        "language": rng.choice(["en", "de"], documents, p=[0.7, 0.3])[owner],
        "source": rng.choice(["guide/", "api/", "faq/"], documents, p=[0.5, 0.3, 0.2])[owner],
    }
    return {name: dict(zip(names, values.tolist(), strict=True)) for name, values in drawn.items()}


def shift_for(effect: float, skew: int = 0, documents: int = 40_000) -> float:
    """The `shift` whose true mean difference is `effect`, by bisection on one large sample."""

    def mean(shift: float) -> float:
        trial = simulate(np.random.default_rng(1), documents, shift, skew, sliced=False)
        return float(np.mean(list(trial.tuned.values())) - np.mean(list(trial.base.values())))

    low, high = -3.0, 3.0
    for _ in range(14):
        middle = (low + high) / 2
        low, high = (middle, high) if mean(middle) < effect else (low, middle)
    return (low + high) / 2


def rate(of: Callable[[int], bool], trials: int) -> float:
    return float(np.mean([of(trial) for trial in range(trials)]))


def row(kind: str, documents: int, trials: int, resamples: int, seed: int) -> str:
    """A row of the table."""
    skew = KINDS[kind]
    none = shift_for(0.0, skew)
    rng = np.random.default_rng([seed, documents, skew + 1])
    drawn = [simulate(rng, documents, none, skew) for _ in range(trials)]
    found = [trial.compare(number, resamples) for number, trial in enumerate(drawn)]
    slices = [trial.compare_slices(number, resamples) for number, trial in enumerate(drawn)]
    blind = [trial.blind_p(number, resamples) for number, trial in enumerate(drawn)]
    mde = float(np.mean([comparison.mde for comparison in found]))
    planted = shift_for(mde, skew)
    gained = [simulate(rng, documents, planted, skew, sliced=False) for _ in range(trials)]
    shares = [
        rate(lambda n: found[n].p <= 0.05, trials),
        rate(lambda n: blind[n] <= 0.05, trials),
        rate(lambda n: not found[n].ci95[0] <= 0 <= found[n].ci95[1], trials),
        rate(lambda n: decide(found[n], [], slices[n]) == "promote", trials),
        rate(lambda n: any(result.fails for result in slices[n]), trials),
        rate(lambda n: decide(gained[n].compare(n, resamples), [], []) == "promote", trials),
    ]
    queries = np.mean([comparison.n for comparison in found])
    same = np.mean([trial.base[query] == trial.tuned[query] for trial in drawn for query in trial.base])
    cells = [kind, f"{documents}", f"{queries:.0f}", f"{same:.0%}", f"{mde:.3f}"]
    cells += [f"{share:.1%}" for share in shares]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--documents", type=int, nargs="+", default=[15, 40, 120])
    given = parser.parse_args()
    head = "null, documents, queries, unchanged, mde, p ≤ .05, blind, outside, promote, slice, power"
    sys.stdout.write(f"| {' | '.join(head.split(', '))} |\n|{'---|' * 11}\n")
    for kind in KINDS:
        for documents in given.documents:
            sys.stdout.write(row(kind, documents, given.trials, given.resamples, given.seed) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
