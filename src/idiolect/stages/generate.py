"""generate: chunks → queries, by the teacher that the config names; duplicates and boilerplate get none."""

from collections import Counter
from collections.abc import Sequence

from idiolect.errors import TeacherError
from idiolect.files import read_jsonl, write_jsonl
from idiolect.records import Chunk, Document
from idiolect.stages.context import Context, Summary
from idiolect.teachers.base import Teacher


def run(context: Context) -> Summary:
    work = context.workspace
    chunks = list(read_jsonl(work.require(work.chunks, "ingest"), Chunk))
    languages = {document.id: document.language for document in read_jsonl(work.documents, Document)}
    teacher = _teacher(context, languages)
    left_out = _left_out(chunks, context)
    generated = teacher.write([chunk for chunk in chunks if chunk.trains], context.progress)
    if not generated.queries:
        raise TeacherError(
            f"the {teacher.name} teacher kept no query of {len(generated.rejected)} written; "
            f"see the reasons in {work.rejected}"
        )
    known = {chunk.id for chunk in chunks}
    write_jsonl(work.queries, (query for query in generated.queries if query.source in known))
    write_jsonl(work.rejected, generated.rejected)
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


def _left_out(chunks: Sequence[Chunk], context: Context) -> Summary:
    duplicates = sum(bool(chunk.duplicate_of) for chunk in chunks)
    boilerplate = sum(not chunk.trains for chunk in chunks) - duplicates
    if duplicates or boilerplate:
        context.progress.note(
            f"no queries for {duplicates:,} duplicate chunks and {boilerplate:,} that are mostly boilerplate"
        )
    return {"chunks_duplicate": duplicates, "chunks_boilerplate": boilerplate}


def _teacher(context: Context, languages: dict[str, str]) -> Teacher:
    settings, seed = context.config.generate, context.config.seed
    if settings.teacher == "llm":
        from idiolect.teachers.llm import LLMTeacher

        return LLMTeacher(settings, context.workspace.llm_cache, seed)
    from idiolect.teachers.extractive import ExtractiveTeacher

    return ExtractiveTeacher(settings.max_queries, seed, languages)
