"""Documents out of a PostgreSQL schema: their rows of every generation, their terms, and the pages that held both."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Any

TABLES = ("state", "chunks", "postings")

COUNTED = """
update {name}.state set generation = generation + 1, indexed = indexed || (
    select jsonb_build_object('chunks', count(*), 'documents', count(distinct document_id),
        'mean_length', coalesce(avg(length), 0)::float8)
    from {name}.chunks where since is not null and until is null)
"""

KEPT_ELSEWHERE = (
    "PostgreSQL's write-ahead log, its archive and backups hold what was deleted until they are recycled"
)


def expunge(
    connected: Callable[[], AbstractContextManager[Any]],
    address: str,
    name: str,
    documents: Collection[str],
    fewer: str,
) -> str:
    """Delete, then write the tables anew with indexes and statistics; `fewer` keeps the terms of rows that stay."""
    import psycopg

    with connected() as connection:
        connection.execute(f"delete from {name}.chunks where document_id = any(%s)", [list(documents)])
        connection.execute(fewer)
        connection.execute(COUNTED.format(name=name))
    # outside any transaction, as VACUUM must be
    with psycopg.connect(address, autocommit=True) as connection:
        for table in TABLES:
            connection.execute(f"vacuum (full, analyze) {name}.{table}")
    return KEPT_ELSEWHERE
