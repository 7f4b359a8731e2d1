"""Hybrid search alone, tuning, or neither: a rule over measured figures, and how sure it is.

All thresholds here are judgement calls, set between the few corpora that were measured and meant
to be argued with.  What they rest on: where the base is weak on a domain, tuning on an LLM's
queries gained a fifth; where it had been trained on the domain, a few percent.  (Dense scores here:
OpenTelemetry's documentation .29, Python's .44, CoSQA .65, SciFact .65.)  Fusing with BM25 at the
weight that masked pseudo-queries choose gained on six of seven sets, by people's queries, and fell
below dense search on none: so a gain need not be certain to be taken.  A sample shows less of it
than the whole corpus does (SciFact: weight .35 and +5% here, .5 and +15% by people's queries).
"""

from typing import Literal

from idiolect.assessment.repetition import Repetition
from idiolect.assessment.searching import Searching
from idiolect.assessment.vocabulary import Vocabulary
from idiolect.evaluation.verdict import SMALLEST_GAIN
from idiolect.evaluation.wording import percent, signed
from idiolect.records import Record

Advice = Literal["hybrid", "tune", "leave"]

WEAK = 0.5
"""Dense mean reciprocal rank below which the base does not know the domain well."""

STRONG = 0.8
"""The same from which there is little left to gain."""

FEWEST_CHUNKS = 300
"""Chunks to train on below which neither training nor its test has enough queries."""

FEWEST_DOCUMENTS = 20
"""Documents below which held-out ones are too few for any verdict."""

SPLIT = 0.12
"""Share of word occurrences in three pieces or more that is high: English prose has a few percent, technical
English six to ten."""

UNREADABLE = 0.05
"""Share of word occurrences with unknown tokens from which the base cannot read the documents."""


class Recommendation(Record, frozen=True, kw_only=True):
    """`sentence` is the advice; `reasons` the figures it rests on; `uncertainty` why it may be wrong."""

    advice: Advice
    sentence: str
    reasons: list[str]
    uncertainty: list[str]


def recommend(
    searching: Searching | None,
    vocabulary: Vocabulary,
    repetition: Repetition,
    chunks: float,
    documents: float,
    complete: bool,
) -> Recommendation:
    """The advice for a corpus of so many chunks and documents; `complete`: all of it was measured.

    Too little to train on: hybrid where fusion gains, else leave.  Else tune where dense
    search is below WEAK; hybrid where fusion gains; else leave.
    """
    trainable = chunks * repetition.training_chunks
    enough = trainable >= FEWEST_CHUNKS and documents >= FEWEST_DOCUMENTS
    reasons, uncertainty = [], []
    if searching is None:
        advice: Advice = "leave"
        reasons.append("no chunk is long enough to cut a query out of: nothing could be measured")
    else:
        advice = _advice(searching, enough)
        reasons += [_dense(searching), _hybrid(searching)]
        uncertainty += _doubts(searching, advice, complete)
    if not enough:
        reasons.append(
            f"{trainable:,.0f} chunks of {documents:,.0f} documents are too few to train on and test by "
            f"({FEWEST_CHUNKS} and {FEWEST_DOCUMENTS} at least)"
        )
    reasons += _words(vocabulary)
    return Recommendation(
        advice=advice,
        sentence=_sentence(advice, enough, searching),
        reasons=reasons,
        uncertainty=uncertainty,
    )


def fusion_gains(searching: Searching) -> bool:
    """Whether fusing with BM25 helps by as much as matters, chance not ruled out."""
    return searching.gain.delta >= SMALLEST_GAIN


def _certain(searching: Searching) -> bool:
    return fusion_gains(searching) and searching.gain.ci95[0] > 0


def _sentence(advice: Advice, enough: bool, searching: Searching | None) -> str:
    certain = searching is not None and _certain(searching)
    if advice == "tune":
        fuse = "; fuse with BM25 as well, which gains without any training" if certain else ""
        return f"Tune, on an LLM's queries where you can: the base is weak on these documents{fuse}."
    if advice == "hybrid":
        enough_alone = "is enough" if certain else "is probably enough"
        then = "tune only if that disappoints" if enough else "there is too little here to tune on"
        return f"Hybrid search alone {enough_alone}: fuse the base with BM25; {then}."
    return "Leave it: nothing here promises a gain that training or fusion would pay for."


def _advice(searching: Searching, enough: bool) -> Advice:
    if enough and searching.runs["dense"].mrr < WEAK:
        return "tune"
    return "hybrid" if fusion_gains(searching) else "leave"


def _dense(searching: Searching) -> str:
    score = searching.runs["dense"]
    low, high = score.ci95
    if score.mrr < WEAK:
        meaning = f"below {WEAK:g}: the base is weak here, and where it is weak tuning gains most"
    elif score.mrr < STRONG:
        meaning = f"between {WEAK:g} and {STRONG:g}: expect a few percent from tuning"
    else:
        meaning = f"{STRONG:g} or more: little is left to gain"
    return f"dense search has {score.mrr:.3f} MRR (95% interval {low:.3f} to {high:.3f}), {meaning}"


def _hybrid(searching: Searching) -> str:
    gain = searching.gain
    low, high = gain.ci95
    figures = (
        f"{gain.a_mean:.3f} → {gain.b_mean:.3f}, {percent(gain.relative)}; "
        f"95% interval {signed(low)} to {signed(high)}; weight {searching.weight:g}"
    )
    if _certain(searching):
        return f"fusing with BM25 gains without any training: {figures}"
    if fusion_gains(searching):
        return f"fusing with BM25 seems to gain without any training: {figures}"
    return f"fusing with BM25 gains nothing that matters: {figures}"


def _words(vocabulary: Vocabulary) -> list[str]:
    if vocabulary.unknown >= UNREADABLE:
        return [
            f"{vocabulary.unknown:.0%} of the words hold characters that the base does not know: take a base "
            "that does (train.base) before anything else"
        ]
    share = f"{vocabulary.split_occurrences:.1%} of the words are split into three pieces or more"
    if vocabulary.split_occurrences >= SPLIT:
        return [f"{share}, which is much: the base has seen little of this language"]
    return (
        [f"{share}, which is usual for technical English"]
        if vocabulary.split_occurrences >= SPLIT / 2
        else []
    )


def _doubts(searching: Searching, advice: Advice, complete: bool) -> list[str]:
    doubts = [
        f"{searching.queries:,} queries were cut from the documents, not asked by people: they share the "
        "documents' words, which flatters BM25, and say little about how people would ask"
    ]
    dense = searching.runs["dense"]
    if dense.ci95[0] < WEAK < dense.ci95[1]:
        doubts.append(
            f"the interval of dense search holds the threshold of {WEAK:g}: either side may be true"
        )
    high = searching.gain.ci95[1]
    if fusion_gains(searching) and not _certain(searching):
        doubts.append("what fusion gains may be chance: the interval holds 0")
    elif advice == "leave" and high >= SMALLEST_GAIN:
        doubts.append(f"fusion may still gain up to {high:.3f}: the queries are too few to tell")
    if not complete:
        doubts.append(
            f"a sample of {searching.passages:,} chunks was searched: over the whole corpus every score is "
            "lower, BM25 mostly counts for more, and duplicates are more"
        )
    if advice == "tune":
        doubts.append(
            "what tuning gains is only known once it was measured on held-out queries: idiolect run"
        )
    return doubts
