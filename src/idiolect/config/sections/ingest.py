"""[ingest] of idiolect.toml."""

from typing import Annotated

from msgspec import Meta

from idiolect.config.sections.section import Section


class Ingest(Section, frozen=True, kw_only=True):
    chunk_tokens: Annotated[
        int,
        Meta(
            ge=32, description="tokens of a chunk at most: prompt, title, headings, special tokens included"
        ),
    ] = 256
    overlap_tokens: Annotated[
        int, Meta(ge=0, description="tokens that two neighbouring chunks of one section share")
    ] = 32
    languages: Annotated[
        tuple[str, ...],
        Meta(description="ISO 639-1 codes to keep, e.g. ['en', 'de']; empty keeps every language"),
    ] = ()
    text_columns: Annotated[
        tuple[str, ...],
        Meta(
            description="columns of a table that are a row's text; empty takes text, body or content, else all"
        ),
    ] = ()
    title_column: Annotated[
        str, Meta(description="column of a table that is a row's title; empty takes title or name")
    ] = ""
    id_column: Annotated[
        str,
        Meta(description="column of a table that is a row's id; empty takes _id, else file and row are it"),
    ] = ""
    near_duplicate: Annotated[
        float,
        Meta(gt=0, le=1, description="chunks whose shingles overlap by this Jaccard share are duplicates"),
    ] = 0.8
    boilerplate_documents: Annotated[
        int,
        Meta(ge=2, description="a paragraph in at least so many documents (and 1% of them) is boilerplate"),
    ] = 5
    largest_mb: Annotated[
        float, Meta(gt=0, description="MB of the largest document that is read; a corpus file may be larger")
    ] = 100.0
    seconds_per_file: Annotated[
        float, Meta(gt=0, description="seconds that reading one file may take, for each 5 MB of it begun")
    ] = 60.0
    memory_mb: Annotated[
        int, Meta(ge=256, description="MB of memory that a process reading files may take")
    ] = 2_048
    workers: Annotated[int, Meta(ge=0, description="processes that read files; 0 is one per CPU")] = 0
