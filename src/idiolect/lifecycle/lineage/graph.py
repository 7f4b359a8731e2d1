"""What the graph is made of, as data: kinds of nodes, and the roles of edges with what each means.

An edge leads from what was used to what it shaped.  Nodes are known by ids and digests; no text of a
document or query ever stands in the graph.
"""

from typing import Literal, NamedTuple

Kind = Literal[
    "document",  # a version: its id, "@" and 16 digits of its file's SHA-256; the name is its path
    "chunk",
    "call",  # a request to an LLM, by its key in the cache of answers
    "exemplars",  # a file of real queries
    "query",
    "written-negative",
    "label",  # somebody's judgment of a document for a query
    "example",  # a line of train.jsonl or dev.jsonl
    "run",  # of a stage, by its manifest's name, or of `idiolect index`
    "dataset",
    "fusion",
    "model",  # by the digest of its weights and settings, as bundles give it
    "report",
    "calibration",
    "compression",
    "bundle",  # by the SHA-256 of its manifest.json
    "index",
]

CONTENT: tuple[Kind, ...] = (
    "document",
    "chunk",
    "call",
    "exemplars",
    "query",
    "written-negative",
    "label",
    "example",
)
"""Kinds below a dataset.  A node of these never gets another edge into it: its key is a digest of all of them."""

ARTEFACTS: tuple[Kind, ...] = (
    "dataset",
    "fusion",
    "model",
    "report",
    "calibration",
    "compression",
    "bundle",
    "index",
)
"""Kinds of which the graph keeps which documents shaped them; known by the digest of what was written."""

Use = Literal["weights", "choice", "figures", "vectors", "packaging"]

USES: dict[Use, str] = {
    "weights": "shaped the weights",
    "choice": "chose the checkpoint, the share of the change or the fusion",
    "figures": "was measured on: nothing but the report's figures, and with them the verdict",
    "vectors": "has its vectors in an index",
    "packaging": "fitted calibration, compression or the ranges of int8",
}
"""What a document did to an artefact, the heaviest first."""

Carries = Use | Literal["content", "whole", "nothing"]
"""A use, which all that led to its source is then put to; "content" leads on, and "whole" brings along every use that
shaped its source; "nothing" names what is no influence.
"""


class Role(NamedTuple):
    carries: Carries
    meaning: str


ROLES: dict[str, Role] = {
    "cut-from": Role("content", "the chunk is a stretch of the document"),
    "duplicate-of": Role("content", "the chunk says the same as the one that trains in its place"),
    "shown": Role("content", "the chunk stood in a request to an LLM for queries or near misses"),
    "judged": Role("content", "the chunk stood in a request for an LLM's judgment"),
    "exemplar": Role("content", "real queries that the request showed"),
    "wrote": Role("content", "the LLM's answer to the request holds it"),
    "verdict": Role("content", "it was kept by what the LLM's answer says of it"),
    "written-from": Role("content", "the query was written from the chunk"),
    "copied-from": Role("content", "the query was cut out of the chunk"),
    "positive": Role("content", "the chunk answers the query, or stands for what does in the example"),
    "hard-negative": Role("content", "the chunk was mined as what the example is trained against"),
    "satisfied": Role(
        "content", "people who asked the query found the chunk satisfying; it is the example's positive"
    ),
    "passed-over": Role(
        "content", "people who asked the query passed the chunk over; the example is trained against it"
    ),
    "teacher-score": Role("content", "the chunk is ranked in the example; that ranking is distilled"),
    "near-miss-from": Role("content", "the negative was written from the chunk"),
    "written-negative": Role(
        "content", "the example is trained against the passage, which was written for it"
    ),
    "asked": Role("content", "the query is asked there"),
    "label": Role("content", "somebody judged the document for a query"),
    "part-of": Role("content", "it is one of the dataset's examples, queries or judgments"),
    "searched": Role("content", "the chunk stands among the passages that are searched"),
    "trained-on": Role("weights", "the model was trained on the dataset"),
    "rated": Role("weights", "an LLM rated query and passage, and its ratings were distilled"),
    "tried": Role("choice", "a model was trained on it, of which no share was kept"),
    "selected-on": Role("choice", "checkpoint and share of the change were chosen on the dataset"),
    "fusion": Role("choice", "the weight of BM25 was chosen on the dataset"),
    "measured-on": Role("figures", "the report measures on the dataset"),
    "compared-on": Role("figures", "the bundle's graphs were compared with the model on it"),
    "indexed": Role("vectors", "its passages are in the index"),
    "calibration": Role("packaging", "what scores are worth was fitted on it"),
    "compression": Role("packaging", "what vectors are compressed with was fitted on it"),
    "int8": Role("packaging", "the ranges of an int8 graph come from it"),
    "tuned-from": Role("whole", "the model started as this base"),
    "exported": Role("whole", "the bundle holds it"),
    "decided": Role("whole", "the report's verdict chose the bundle's weights"),
    "encoded": Role("whole", "the index's vectors are the bundle's model's"),
    "reported": Role("nothing", "the report is about the model"),
    "read": Role("nothing", "the run read it"),
    "made": Role("nothing", "the run made it"),
}
"""The roles of edges."""
