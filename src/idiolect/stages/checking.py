"""What generate does with queries that an LLM wrote: round trip, judge, relabelling; each where it is set."""

from collections.abc import Collection, Mapping, Sequence

from idiolect.estimates.prices import pricing
from idiolect.mining.duplicates import saying_the_same
from idiolect.mining.fusion import DOCUMENTED_DEFAULT
from idiolect.mining.ranking import Corpus
from idiolect.progress import track
from idiolect.records import Chunk, Fusion, Query, RejectedQuery
from idiolect.stages.context import Context, Summary
from idiolect.teachers.base import Generated
from idiolect.teachers.endpoint import of_judge
from idiolect.teachers.grounding import ground, positives_of, questions
from idiolect.teachers.judge import Judge
from idiolect.teachers.relabelling import candidates, relabel
from idiolect.teachers.roundtrip import Place, places, ranks, travel


def check(
    context: Context,
    chunks: Sequence[Chunk],
    language: str,
    generated: Generated,
    withheld: Collection[str] = frozenset(),
) -> Generated:
    """The queries that stand every test that the config asks for; `language` is the corpus's, for BM25, and
    `withheld` the ids of documents of which nothing is ever sent.

    Raises TeacherError where the judge's endpoint cannot be used.
    """
    settings = context.config.generate
    if not generated.queries or not ranks(settings):
        return generated
    found = _places(context, chunks, language, generated.queries)
    trip = travel(generated.queries, found, settings.round_trip, settings.easy_share, context.config.seed)
    summary: Summary = {}
    if settings.round_trip or settings.easy_share < 1:
        summary["round_trip"] = {
            "kept": len(trip.kept),
            "not_found": trip.not_found,
            "too_easy": trip.too_easy,
            "easy": trip.easy,
        }
        for note in trip.notes(settings.easy_share):
            context.progress.note(note)
    queries, rejected = trip.kept, trip.rejected
    if settings.judge:
        by_id = {query.id: place for query, place in zip(generated.queries, found, strict=True)}
        priced = pricing(settings, of_judge(settings))
        judge = Judge(settings, context.workspace.llm_cache, priced=priced)
        sendable = {chunk.id: chunk for chunk in chunks if chunk.document_id not in withheld}
        queries, refused, summary["judge"] = _judged(context, judge, queries, sendable, by_id)
        rejected += refused
    return Generated(
        queries, [*generated.rejected, *rejected], {**generated.summary, **summary}, generated.rounds
    )


def _places(
    context: Context, chunks: Sequence[Chunk], language: str, queries: Sequence[Query]
) -> list[Place]:
    """Where the base finds each query's chunk; the chunks' vectors stay in WORK for prepare."""
    from idiolect.stages.encoders import base_encoder, encode  # torch: only where it is needed

    progress = context.progress
    encoder = base_encoder(context)
    passages = [chunk.passage for chunk in chunks]
    texts = [passage.full_text for passage in passages]
    vectors = encode(encoder, texts, "passage", progress, "encoding chunks")
    asked = encode(encoder, [query.text for query in queries], "query", progress, "encoding queries")
    default = DOCUMENTED_DEFAULT  # prepare chooses the weight, on queries that are only being checked here
    fusion = Fusion(weight=default.weight, k1=default.k1, b=default.b, language=language)
    ranked = places(queries, asked, Corpus(passages, vectors, fusion), saying_the_same(chunks))
    return list(track(progress, ranked, "round trip", len(queries), "queries"))


def _judged(
    context: Context,
    judge: Judge,
    queries: Sequence[Query],
    chunks: Mapping[str, Chunk],
    found: Mapping[str, Place],
) -> tuple[list[Query], list[RejectedQuery], Summary]:
    """Queries that the judge supports, with further positives where it found some; those refused; counts."""
    progress, minimum = context.progress, context.config.generate.min_judgment
    verdicts = judge.ask(questions(positives_of(queries), chunks), progress, "asking the judge")
    grounded = ground(queries, verdicts, minimum)
    asked_before = judge.counts["calls"]
    further = candidates(grounded.kept, found, chunks)
    kept, added = relabel(
        grounded.kept, judge.ask(further, progress, "looking for further positives"), minimum
    )
    progress.note(
        f"judge: {len(grounded.rejected):,} queries rejected, {grounded.positives_removed:,} positives "
        f"taken out, {added:,} added"
    )
    if grounded.unjudged:
        progress.note(f"{grounded.unjudged:,} queries were kept without a verdict: {_why(judge)}")
    counts: Summary = {
        "model": judge.endpoint.model,
        "rejected": dict(sorted(grounded.reasons.items())),
        "unjudged": grounded.unjudged,
        "positives_removed": grounded.positives_removed,
        "positives_added": added,
        "relabelling_requests": len(further),
        "relabelling_calls": judge.counts["calls"] - asked_before,
        **{name: judge.counts[name] for name in _COUNTS},
    }
    return kept, grounded.rejected, counts


_COUNTS = ("calls", "cached", "prompt_tokens", "completion_tokens", "malformed", "failed", "unasked")


def _why(judge: Judge) -> str:
    if judge.counts["unasked"]:
        return "the caps generate.max_calls and generate.max_tokens are reached; raise them and run again"
    return "the judge's answers left them out"
