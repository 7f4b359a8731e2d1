"""generate: chunks → queries, by the teacher that the config names."""

from collections import Counter

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
    generated = teacher.write(chunks, context.progress)
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
        **generated.summary,
    }


def _teacher(context: Context, languages: dict[str, str]) -> Teacher:
    settings, seed = context.config.generate, context.config.seed
    if settings.teacher == "llm":
        from idiolect.teachers.llm import LLMTeacher

        return LLMTeacher(settings, context.workspace.llm_cache, seed)
    from idiolect.teachers.extractive import ExtractiveTeacher

    return ExtractiveTeacher(settings.max_queries, seed, languages)
