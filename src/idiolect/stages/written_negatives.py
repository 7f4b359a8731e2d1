"""Hard negatives that generate has written where its config asks for them: the teacher writes, the judge confirms."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from idiolect.files import digest_text
from idiolect.records import Chunk, Query, WrittenNegative
from idiolect.stages.context import Context, Summary
from idiolect.teachers.endpoint import of_judge, of_teacher
from idiolect.teachers.near_misses import MOST_SUPPORT, NearMiss, drawn, fault, wishes
from idiolect.teachers.rounds import Rounds
from idiolect.teachers.style_texts import load_style_texts
from idiolect.teachers.verdicts import Question, Verdict

_ACCOUNT = "negatives"
_SPENT = ("calls", "prompt_tokens", "completion_tokens")
_COUNTED = ("cached", "malformed", "failed", "unasked")


def write_negatives(
    context: Context, chunks: Sequence[Chunk], queries: Sequence[Query], withheld: Collection[str]
) -> tuple[list[WrittenNegative], Summary]:
    """One for each query that is drawn and whose near miss stands every test, in the order of `queries`; counts.

    `withheld` are the ids of documents of which nothing is ever sent.  Raises TeacherError where an
    endpoint cannot be used; answers that are of no use cost negatives, and never the run.
    """
    settings, work = context.config.generate, context.workspace
    sendable = {chunk.id: chunk for chunk in chunks if chunk.document_id not in withheld}
    chosen = drawn(queries, sendable, settings.written_negatives, context.config.seed)
    teacher = Rounds[NearMiss](of_teacher(settings), "the teacher", settings, work.llm_cache, _ACCOUNT)
    judge = Rounds[Verdict](of_judge(settings), "the judge", settings, work.llm_cache, _ACCOUNT)
    written = _written(context, teacher, chosen, sendable)
    dropped: Counter[str] = Counter()
    sound: dict[str, WrittenNegative] = {}
    for query in chosen:
        negative = written.get(query.id)
        reason = fault(negative.text, sendable[query.source]) if negative else "not written"
        if negative is None or reason:
            dropped[reason] += 1
        else:
            sound[query.id] = negative
    asking = [query for query in chosen if query.id in sound]
    kept = []
    for query, verdict in _judged(context, judge, asking, sound, sendable):
        if verdict is None:
            dropped["not judged"] += 1
        elif verdict.context_support > MOST_SUPPORT:
            dropped["answers"] += 1
        else:
            kept.append(replace(sound[query.id], scores={**verdict.scores}))
    reasons = dict(sorted(dropped.items()))
    _tell(context, len(chosen), len(kept), reasons, (teacher, judge))
    last = judge if sound else teacher  # of one account, on which the judge's calls come after the teacher's
    return kept, {
        "drawn": len(chosen),
        "kept": len(kept),
        "dropped": reasons,
        **{name: last.counts[name] for name in _SPENT},
        **{name: teacher.counts[name] + judge.counts[name] for name in _COUNTED},
    }


def _written(
    context: Context, teacher: Rounds[NearMiss], queries: Sequence[Query], chunks: Mapping[str, Chunk]
) -> dict[str, WrittenNegative]:
    """Query id → what the teacher wrote for it."""
    instructions = load_style_texts(context.workspace.styles).negatives
    asked = wishes(queries, chunks, instructions)
    sources = {query.id: query.source for query in queries}
    return {
        identifier: WrittenNegative(
            id="n" + digest_text(f"{identifier}\0{found.passage}")[:12],
            query_id=identifier,
            source=sources[identifier],
            text=found.passage.strip(),
            changed=" ".join(found.changed.split()),
            teacher=f"llm:{teacher.endpoint.model}",
        )
        for answer in teacher.ask(asked, context.progress, "asking for near misses")
        for identifier, found in answer.items()
    }


def _judged(
    context: Context,
    judge: Rounds[Verdict],
    queries: Sequence[Query],
    negatives: Mapping[str, WrittenNegative],
    chunks: Mapping[str, Chunk],
) -> Iterator[tuple[Query, Verdict | None]]:
    """Each query with the verdict on its negative, which is shown as a chunk in its source's place.

    The answer that is expected is not told: what gives another answer answers as well.
    """
    questions = []
    for query in queries:
        negative = negatives[query.id]
        shown = replace(chunks[query.source], id=negative.id, text=negative.text)
        questions.append(Question(shown, (replace(query, answer=""),), about="negative"))
    answers = judge.ask(questions, context.progress, "judging near misses")
    for query, answer in zip(queries, answers, strict=True):
        yield query, answer.get(query.id)


def _tell(
    context: Context, drawn: int, kept: int, dropped: Mapping[str, int], asked: Sequence[Rounds[Any]]
) -> None:
    why = ", ".join(f"{reason}: {count:,}" for reason, count in dropped.items())
    context.progress.note(f"near misses: {kept:,} of {drawn:,} kept" + (f" ({why})" if why else ""))
    for one in asked:
        if one.trouble:
            context.progress.note(f"{one.trouble}; the run goes on without these negatives")
        elif one.counts["unasked"]:
            context.progress.note(
                f"{one.counts['unasked']:,} requests for near misses were not made to {one.who}: the caps "
                "generate.max_calls and generate.max_tokens are reached; raise them and run again"
            )
