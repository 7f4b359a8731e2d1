"""An assessment as people read it: lines for a terminal of 80 columns or more."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from idiolect.assessment.assess import Assessment
from idiolect.assessment.costs import Cost
from idiolect.assessment.searching import RUNS, Searching
from idiolect.assessment.vocabulary import SHATTERED
from idiolect.evaluation.wording import counted

_SHOWN = 8


def lines(found: Assessment, width: int = 80) -> list[str]:
    """The advice first, then the figures behind it."""
    result = _wrap(found.recommendation.sentence, width)
    for title, texts in (
        ("Why:", found.recommendation.reasons),
        ("What speaks against trusting this:", found.recommendation.uncertainty),
    ):
        if texts:
            result += ["", title, *_items(texts, width)]
    for heading, texts in _sections(found):
        result += ["", heading, *_items(texts, width)]
    result += ["", f"{found.seconds:.0f} s; nothing was trained, asked of an LLM or written."]
    return result


def _sections(found: Assessment) -> Iterator[tuple[str, list[str]]]:
    about = "" if found.complete else ", extrapolated from a sample"
    yield f"Documents in {found.source}{about}:", list(_documents(found))
    yield f"Words, as {found.base} splits them:", list(_words(found))
    if found.searching is not None:
        yield "Search without training, by queries cut from the documents:", list(_search(found.searching))
    yield (
        "What tuning would cost:",
        [_cost(cost) for cost in found.costs] + [text for text in (found.busy,) if text],
    )


def _documents(found: Assessment) -> Iterator[str]:
    yield (
        f"{counted(found.documents, 'document', 'documents')}, {found.characters:,} characters, "
        f"{counted(found.chunks, 'chunk', 'chunks')}, {found.tokens:,} tokens"
    )
    if not found.complete:
        yield f"read: {found.documents_read:,} documents with {found.chunks_read:,} chunks"
    yield "files: " + _listed(
        {f"{suffix} ({kind.megabytes:,.1f} MB)": kind.files for suffix, kind in found.files.items()}
    )
    yield "languages: " + ", ".join(
        f"{code} {share:.1%}" for code, share in list(found.languages.items())[:_SHOWN]
    )
    yield "licences: " + ", ".join(
        f"{licence} {share:.1%}" for licence, share in list(found.licences.items())[:_SHOWN]
    )
    if found.denied:
        shares = ", ".join(f"{use} {share:.1%}" for use, share in found.denied.items())
        yield f"denied by [licences], of the documents: {shares}"
    repeated = found.repetition
    yield (
        f"repetition: {repeated.exact_documents:.1%} of the documents are exact copies, "
        f"{repeated.near_chunks:.1%} of the chunks near duplicates, "
        f"{repeated.boilerplate_characters:.1%} of the text boilerplate"
    )
    if found.set_aside:
        yield "set aside: " + _listed(found.set_aside)


def _words(found: Assessment) -> Iterator[str]:
    words = found.vocabulary
    yield (
        f"{words.pieces_a_word:.2f} pieces a word; in {SHATTERED} pieces or more: "
        f"{words.split_occurrences:.1%} of occurrences, {words.split_distinct:.1%} of {words.distinct:,} "
        "different words"
    )
    if words.most_frequent:
        yield "the most frequent of these: " + ", ".join(
            f"{one.word} ({one.count:,}: {' '.join(one.pieces)})" for one in words.most_frequent[:_SHOWN]
        )
    if words.unknown >= 0.001:
        yield f"{words.unknown:.1%} of occurrences hold characters unknown to it"


def _search(searching: Searching) -> Iterator[str]:
    yield (
        f"{searching.queries:,} queries from {counted(searching.documents, 'document', 'documents')} over "
        f"{searching.passages:,} chunks, mean reciprocal rank with 95% interval:"
    )
    for run in RUNS:
        score = searching.runs[run]
        weight = f", fusion weight {searching.weight:g}" if run == "hybrid" else ""
        yield f"{run:7} {score.mrr:.3f}  {score.ci95[0]:.3f}–{score.ci95[1]:.3f}{weight}"
    yield "by fusion weight: " + "  ".join(
        f"{weight}: {value:.3f}" for weight, value in searching.curve.items()
    )


def _cost(cost: Cost) -> str:
    time = "time unknown" if cost.hours is None else _duration(cost.hours)
    money = f"{cost.llm_calls:,} LLM calls, {cost.llm_tokens:,} tokens" if cost.llm_calls else "no LLM calls"
    if cost.price is not None and cost.llm_calls:
        money += f", {cost.price:,.2f} {cost.currency}"
    notes = f" ({'; '.join(cost.notes)})" if cost.notes else ""
    own = " and the LLM's own time" if cost.llm_calls else ""
    return f"{cost.teacher}: {time}{own}, {cost.memory_mb / 1000:.1f} GB of memory, {money}{notes}"


def _duration(hours: float) -> str:
    return f"about {hours * 60:,.0f} minutes" if hours < 2 else f"about {hours:,.1f} hours"


def _listed(counts: Mapping[str, int]) -> str:
    shown = list(counts.items())
    rest = sum(count for _, count in shown[_SHOWN:])
    texts = [f"{count:,} {name}" for name, count in shown[:_SHOWN]]
    return ", ".join([*texts, f"{rest:,} others"] if rest else texts)


def _items(texts: Iterable[str], width: int) -> list[str]:
    return [line for text in texts for line in _wrap(text, width, "  - ", "    ")]


def _wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
