"""generate: chunks → queries, by the teacher that the config names; duplicates and boilerplate get none."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from idiolect.errors import TeacherError
from idiolect.evaluation.labels import read_labels
from idiolect.files import read_jsonl, write_json, write_jsonl
from idiolect.readers.language import most_frequent
from idiolect.records import Chunk, Document
from idiolect.stages.checking import check
from idiolect.stages.context import Context, Summary
from idiolect.teachers.base import Generated, Teacher
from idiolect.teachers.reporting.before_and_after import Corrected
from idiolect.teachers.reporting.synthetic_report import synthetic_report

WITHHELD = "no-llm"
"""The verdict on a document of which nothing is ever sent to an LLM."""


def run(context: Context) -> Summary:
    work = context.workspace
    chunks = list(read_jsonl(work.require(work.chunks, "ingest"), Chunk))
    corpus = _Corpus.of(read_jsonl(work.documents, Document))
    teacher = _teacher(context, corpus)
    left_out = _left_out(chunks, context)
    generated = teacher.write([chunk for chunk in chunks if chunk.trains], context.progress)
    corrected = generated.corrected
    if context.config.generate.teacher == "llm":
        language = most_frequent(read_jsonl(work.documents, Document))
        generated = check(context, chunks, language, generated, corpus.withheld)
    write_jsonl(work.rejected, generated.rejected)
    if not generated.queries:
        raise TeacherError(
            f"the {teacher.name} teacher kept no query of {len(generated.rejected)} written; "
            f"see the reasons in {work.rejected}"
        )
    known = {chunk.id for chunk in chunks}
    write_jsonl(work.queries, (query for query in generated.queries if query.source in known))
    _report(context, generated, chunks, corrected)
    styles = Counter(query.style for query in generated.queries)
    context.progress.note(
        f"{len(generated.queries):,} queries ("
        + ", ".join(f"{count:,} {style}" for style, count in styles.most_common())
        + f"), {len(generated.rejected):,} rejected"
    )
    return {
        "teacher": teacher.name,
        "queries": len(generated.queries),
        "rejected": len(generated.rejected),
        **left_out,
        **generated.summary,
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


def _report(
    context: Context, generated: Generated, chunks: Sequence[Chunk], corrected: Corrected | None
) -> None:
    """generate_report.json, and what in it calls for a warning."""
    settings = context.config.prepare
    real = [query.text for query in read_labels(settings)] if settings.queries else []
    asked = generated.summary.get("asked", {})
    report = synthetic_report(
        generated.queries,
        generated.rejected,
        chunks,
        asked.get("styles", {}),
        real,
        asked_hops={int(hops): count for hops, count in asked.get("hops", {}).items()},
        corrected=corrected,
    )
    write_json(context.workspace.generate_report, report)
    if report.correction:
        context.progress.note(report.correction.sentence)
    for finding in report.findings:
        context.progress.note(f"{finding.text} {finding.advice}")


def _left_out(chunks: Sequence[Chunk], context: Context) -> Summary:
    duplicates = sum(bool(chunk.duplicate_of) for chunk in chunks)
    boilerplate = sum(not chunk.trains for chunk in chunks) - duplicates
    if duplicates or boilerplate:
        context.progress.note(
            f"no queries for {duplicates:,} duplicate chunks and {boilerplate:,} that are mostly boilerplate"
        )
    return {"chunks_duplicate": duplicates, "chunks_boilerplate": boilerplate}


def _teacher(context: Context, corpus: _Corpus) -> Teacher:
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
        )
    from idiolect.teachers.extractive import ExtractiveTeacher

    return ExtractiveTeacher(settings.max_queries, seed, corpus.languages)
