"""Queries that people asked, and the documents that answer them: BEIR's two files, or one table.

What is done with them rests on how many there are: see FEWEST_STEERING and FEWEST_DECIDING.
"""

import unicodedata
from pathlib import Path

from idiolect.config import Prepare
from idiolect.errors import InputError, UsageError
from idiolect.evaluation.beir import read_qrels, read_queries, refuse_unknown_queries
from idiolect.evaluation.label_table import read_table
from idiolect.mining.lexical import word_pattern
from idiolect.records import Record

NAME = "labelled"
"""What the set is called in every table, and the folder that holds it."""

FEWEST_STEERING = 20
"""Labelled dev queries from which these choose what is kept of the training.

Where two models' nDCG differs with a standard deviation of .15, the mean over 20 queries has a
standard error of .03: a coarse judge, but of what counts, where copied queries judge finely of
something else.
"""

FEWEST_DECIDING = 50
"""Labelled test queries from which these give the verdict: the number of topics that TREC's test
collections settled on (Voorhees and Buckley 2002, doi 10.1145/564376.564432)."""

FEWEST_DOCUMENTS = 10
"""Documents that deciding queries must come from at least: those of one document are not independent."""


class LabelledQuery(Record, frozen=True, kw_only=True):
    """A query that somebody asked; `judged`: document → grade, relevant from 1 on.

    As read, documents are called what the file calls them; `label_documents` makes ids of that.
    """

    id: str
    text: str
    judged: dict[str, int]
    style: str = ""

    @property
    def relevant(self) -> list[str]:
        return [document for document, grade in self.judged.items() if grade > 0]


def check_labels(prepare: Prepare) -> None:
    """Read the labels that the config names, for their errors alone: before anything is paid for.

    Raises UsageError where the options do not fit one another or a file is missing, else as `read_labels`.
    """
    if prepare.queries:
        read_labels(prepare)
    elif prepare.qrels:
        raise UsageError(f"--qrels {prepare.qrels} judges queries that are not given: add --queries FILE")


def read_labels(prepare: Prepare) -> list[LabelledQuery]:
    """The labelled queries of `prepare.queries` and `prepare.qrels`, in the order of the file.

    Raises UsageError as `check_labels`; InputError, with the line, for what cannot be read.
    """
    for option, name in (("--queries", prepare.queries), ("--qrels", prepare.qrels)):
        if name and not Path(name).is_file():
            raise UsageError(f"{option} {name} is no file")
    queries = Path(prepare.queries)
    lines = is_json_lines(queries)
    if lines and not prepare.qrels:
        raise UsageError(f"--queries {queries} says no documents: add --qrels FILE with their judgments")
    if prepare.qrels and not lines:
        raise UsageError(
            f"--queries {queries} is a table, which names the documents itself: leave --qrels out, "
            "or give BEIR's queries.jsonl"
        )
    return _from_beir(queries, Path(prepare.qrels)) if lines else _from_table(queries)


def normalised(text: str) -> str:
    """What two spellings of one query share: its words, without case, punctuation and spacing."""
    words = word_pattern().findall(unicodedata.normalize("NFKC", text).casefold())
    return " ".join(words) or " ".join(text.split())


def is_json_lines(path: Path) -> bool:
    """Whether a file of queries is BEIR's queries.jsonl rather than a table."""
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return True
    with path.open("rb") as file:
        return file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def _from_beir(queries: Path, judgments: Path) -> list[LabelledQuery]:
    lines, qrels = read_queries(queries), read_qrels(judgments)
    refuse_unknown_queries(qrels, lines, queries)
    return [
        LabelledQuery(id=id, text=" ".join(line.text.split()), judged=qrels[id], style=line.fact("style"))
        for id, line in lines.items()
        if id in qrels
    ]


def _from_table(path: Path) -> list[LabelledQuery]:
    """Rows of one query joined: of one id where the table has ids, else of the same words."""
    found: dict[str, LabelledQuery] = {}
    for row in read_table(path):
        key = row.id or normalised(row.query)
        query = found.setdefault(key, LabelledQuery(id=row.query_id, text=row.query, judged={}))
        if row.id and normalised(query.text) != normalised(row.query):
            raise InputError(f"{path}, line {row.line}: query {row.id!r} has another text further up")
        if query.judged.setdefault(row.document, row.grade) != row.grade:
            raise InputError(
                f"{path}, line {row.line}: {query.text[:60]!r} and {row.document!r} have another grade further up"
            )
    return list(found.values())
