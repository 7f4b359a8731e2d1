"""What a bundle is not for, and what nobody measured: sentences that its card and its bill of materials share."""

from collections.abc import Iterator
from pathlib import PurePath

from idiolect.evaluation import wording
from idiolect.lifecycle.cards.described import Described

NOT_LOOKED_FOR = "not looked for"
"""What ingest's summary says of names where no model finds them."""


def limits(described: Described) -> list[str]:
    """One sentence each, as plain text."""
    return [
        *_of_input(described),
        *_of_licences(described),
        *_of_the_test(described),
        *_unmeasured(described),
        *described.remarks,
    ]


def _of_input(described: Described) -> Iterator[str]:
    manifest, corpus = described.manifest, described.corpus
    if manifest.max_tokens:
        yield (
            f"Texts are cut at {manifest.max_tokens:,} tokens, prompt and special tokens included: cut longer ones "
            f"into chunks of {manifest.chunk_tokens:,} tokens, as was done with the documents."
        )
    else:
        yield "How long a text may be is known to the endpoint alone."
    known = sorted(name for name in corpus.languages if name) if corpus else []
    if known:
        yield (
            f"The documents are in {wording.listed(known)}: what the model does with texts in other languages was "
            "not measured."
        )


def _of_licences(described: Described) -> Iterator[str]:
    corpus = described.corpus
    if corpus and corpus.redistribution and described.tuned:  # the base's weights were not made of documents
        yield f"Handing it on is {corpus.redistribution}."


def _of_the_test(described: Described) -> Iterator[str]:
    report = described.report
    if report is None:
        yield "No evaluation is on record."
        return
    decided = report.decided
    if decided.kind == "synthetic":
        yield (
            f"The queries that decided are made up ({_made_by(described)}): they say how base and tuned compare, and "
            "not how well either answers what people ask."
        )
    if decided.remark:
        yield decided.remark
    if described.tuned:  # they are about the tuned model
        yield from (warning[:1].upper() + warning[1:] for warning in report.warnings)


def _made_by(described: Described) -> str:
    teacher = described.report.teacher if described.report else ""
    if teacher == "extractive":
        return "headings and definitions cut out of the documents"
    return f"by {teacher}" if teacher else "by a teacher that is not on record"


def _unmeasured(described: Described) -> Iterator[str]:
    report = described.report
    if report is not None:
        if not report.counts.get("queries that people asked"):
            yield "No query that a person asked was among what was measured."
        if not any(decision.guards for decision in report.decisions.values()):
            yield "No guard set was given: what tuning did to retrieval elsewhere was not measured."
    yield "Bias, fairness and the energy that training took were not measured."
    for name, left in described.manifest.left_out.items():
        yield f"The graph {name} was left out: {left.reason}."


def privacy(described: Described) -> list[str]:
    """What ingest's summary says of personal data: what was looked for and what was not."""
    told = described.corpus.privacy if described.corpus else {}
    if not told:
        return []
    if not told.get("scanned", True):
        return ["Personal data and secrets were not looked for in the documents."]
    lines = []
    if told.get("documents_dropped"):
        lines.append(f"Documents set aside for the personal data in them: {told['documents_dropped']:,}.")
    names = told.get("names", NOT_LOOKED_FOR)
    if names == NOT_LOOKED_FOR:
        return [*lines, "Names of people were not looked for in the documents."]
    return [*lines, f"Names of people were looked for with {PurePath(names).name}."]
