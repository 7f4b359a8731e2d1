"""generate: chunks → queries, by the teacher that the config names; duplicates and boilerplate get none."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from idiolect.config import Generate
from idiolect.errors import TeacherError
from idiolect.estimates.prices import pricing
from idiolect.evaluation.labels import read_labels
from idiolect.files import read_jsonl, remove, write_json, write_jsonl
from idiolect.lifecycle.privacy import Masker, labels_masked, masker
from idiolect.mining.carried import read_carried
from idiolect.mining.permitted import permitted
from idiolect.readers.language import most_frequent
from idiolect.records import WITHHELD, Chunk, Document, Query, WrittenNegative
from idiolect.stages.carrying import shared_out, taken_over
from idiolect.stages.checking import check
from idiolect.stages.context import Context, Summary
from idiolect.stages.written_negatives import write_negatives
from idiolect.teachers import cache
from idiolect.teachers.base import Generated, Teacher
from idiolect.teachers.endpoint import of_teacher
from idiolect.teachers.failure_rounds import Round, Target, read_rounds, targets
from idiolect.teachers.reporting.before_and_after import Corrected
from idiolect.teachers.reporting.synthetic_report import synthetic_report
from idiolect.teachers.spending import settle


def run(context: Context) -> Summary:
    work = context.workspace
    chunks = permitted(read_jsonl(work.require(work.chunks, "ingest"), Chunk))
    corpus = _Corpus.of(read_jsonl(work.documents, Document))
    before = taken_over(read_carried(work), chunks, teacher_name(context.config.generate))
    rounds = [one for one in _rounds(context) if one.evaluation not in before.rounds]
    wanted = list(targets(rounds, (chunk for chunk in chunks if chunk.document_id not in corpus.withheld)))
    context = shared_out(context, before.share({target.chunk.id for target in wanted}))
    teacher = _teacher(context, corpus, wanted)
    left_out = _left_out(chunks, context)
    generated = Generated([], [], {})
    if before.about or before.about is None or wanted:
        trains = [chunk for chunk in chunks if chunk.trains]
        generated = teacher.write(trains, context.progress, before.about)
    corrected = generated.corrected
    if context.config.generate.teacher == "llm" and generated.queries:
        language = most_frequent(read_jsonl(work.documents, Document))
        generated = check(context, chunks, language, generated, corpus.withheld)
    written = generated
    generated = before.beside(generated)
    write_jsonl(work.rejected, generated.rejected)
    if not generated.queries:
        raise TeacherError(
            f"the {teacher.name} teacher kept no query of {len(generated.rejected)} written; "
            f"see the reasons in {work.rejected}"
        )
    known = {chunk.id for chunk in chunks}
    negatives = _write_negatives(context, chunks, written.queries, corpus.withheld, before.negatives)
    write_jsonl(work.queries, (query for query in generated.queries if query.source in known))
    sources = {query.source for query in written.queries}
    asked = [one for one in chunks if before.about is None or one.id in before.about or one.id in sources]
    _report(context, written, asked, corrected)
    styles = Counter(query.style for query in generated.queries)
    context.progress.note(
        f"{len(generated.queries):,} queries ("
        + ", ".join(f"{count:,} {style}" for style, count in styles.most_common())
        + f"), {len(generated.rejected):,} rejected"
    )
    if before.about is not None:
        context.progress.note(
            f"{len(before.queries):,} queries carried over, {len(before.dropped):,} dropped; "
            f"{len(before.about):,} chunks are new or changed"
        )
    if context.config.generate.teacher == "llm":
        with cache.opened(work.llm_cache) as answers:
            settle(answers.connection)
    return {
        "teacher": teacher.name,
        "queries": len(generated.queries),
        "rejected": len(generated.rejected),
        **left_out,
        **before.summary(),
        **generated.summary,
        **_about_failures(context, rounds, wanted, generated),
        **negatives,
    }


@dataclass(frozen=True)
class _Corpus:
    """Of each document, by id: its language, its path, and whether nothing of it may be sent to an LLM."""

    languages: dict[str, str]
    paths: dict[str, str]
    withheld: frozenset[str]

    @classmethod
    def of(cls, documents: Iterable[Document]) -> "_Corpus":
        languages, paths, withheld = {}, {}, set()
        for document in documents:
            languages[document.id], paths[document.id] = document.language, document.path
            if WITHHELD in document.verdicts:
                withheld.add(document.id)
        return cls(languages, paths, frozenset(withheld))


def _write_negatives(
    context: Context,
    chunks: Sequence[Chunk],
    queries: Sequence[Query],
    withheld: Collection[str],
    carried: Sequence[WrittenNegative],
) -> Summary:
    """negatives.jsonl, where negatives are to be written and any are kept; what was counted."""
    path, settings = context.workspace.negatives, context.config.generate
    if settings.teacher != "llm" or not settings.written_negatives:
        remove(path)
        return {}
    negatives, counts = write_negatives(context, chunks, queries, withheld)
    negatives = [*carried, *negatives]
    if negatives:
        write_jsonl(path, negatives)
    else:
        remove(path)
    return {"negatives": counts}


def _report(
    context: Context, generated: Generated, chunks: Sequence[Chunk], corrected: Corrected | None
) -> None:
    """generate_report.json about what was asked now, and what in it calls for a warning; none where nothing was."""
    if not generated.queries:
        remove(context.workspace.generate_report)
        return
    settings = context.config.prepare
    labels = labels_masked(read_labels(settings), _hide(context)) if settings.queries else []
    asked = generated.summary.get("asked", {})
    report = synthetic_report(
        generated.queries,
        generated.rejected,
        chunks,
        asked.get("styles", {}),
        [label.text for label in labels],
        asked_hops={int(hops): count for hops, count in asked.get("hops", {}).items()},
        corrected=corrected,
    )
    write_json(context.workspace.generate_report, report)
    if report.correction:
        context.progress.note(report.correction.sentence)
    for finding in report.findings:
        context.progress.note(f"{finding.text} {finding.advice}")


def _rounds(context: Context) -> list[Round]:
    """The rounds that --for-failures wrote down, where there is an LLM to ask."""
    if context.config.generate.teacher == "llm":
        return read_rounds(context.workspace.focuses)
    if context.workspace.focuses.exists():
        context.progress.note(f"{context.workspace.focuses.name} is left aside: only an LLM is asked by it")
    return []


def _about_failures(
    context: Context, rounds: Sequence[Round], wanted: Sequence[Target], generated: Generated
) -> Summary:
    """What came of each round, said and counted; nothing where there is none."""
    if not rounds:
        return {}
    kept = Counter(generated.rounds.get(query.id) for query in generated.queries)
    figures = [one.figures | {"kept": kept[number]} for number, one in enumerate(rounds, 1)]
    for number, row in enumerate(figures, 1):
        context.progress.note(
            f"failures, round {number}: {row['missed']:,} of {row['dev_queries']:,} dev queries missed, in "
            f"{row['clusters']:,} clusters; {row['asked']:,} queries asked for about {row['chunks']:,} chunks, "
            f"{row['kept']:,} kept"
        )
    gone = sum(len(one.requests) for one in rounds) - len(wanted)
    if gone:
        context.progress.note(
            f"{gone:,} requests about failures left out: their chunks are gone, do not train or are withheld"
        )
    return {"failures": figures, "failures_gone": gone}


def _left_out(chunks: Sequence[Chunk], context: Context) -> Summary:
    duplicates = sum(bool(chunk.duplicate_of) for chunk in chunks)
    boilerplate = sum(not chunk.trains for chunk in chunks) - duplicates
    if duplicates or boilerplate:
        context.progress.note(
            f"no queries for {duplicates:,} duplicate chunks and {boilerplate:,} that are mostly boilerplate"
        )
    return {"chunks_duplicate": duplicates, "chunks_boilerplate": boilerplate}


def teacher_name(settings: Generate) -> str:
    """What stands in `Query.teacher` of the queries that these settings bring."""
    return f"llm:{settings.model}" if settings.teacher == "llm" else settings.teacher


def _hide(context: Context) -> Masker:
    return masker(context.config.privacy, context.workspace.privacy_key)


def _teacher(context: Context, corpus: _Corpus, wanted: Sequence[Target]) -> Teacher:
    settings, seed = context.config.generate, context.config.seed
    if settings.teacher == "llm":
        from idiolect.teachers.llm import LLMTeacher

        work = context.workspace
        return LLMTeacher(
            settings,
            work.llm_cache,
            seed,
            languages=corpus.languages,
            paths=corpus.paths,
            withheld=corpus.withheld,
            styles_folder=work.styles,
            targets=wanted,
            priced=pricing(settings, of_teacher(settings)),
            hidden=_hide(context).text if settings.exemplars else str,
        )
    from idiolect.teachers.extractive import ExtractiveTeacher

    return ExtractiveTeacher(settings.max_queries, seed, corpus.languages)
