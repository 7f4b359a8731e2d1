"""What a model was made from, as its bill of materials names it: the base, documents, queries, and who was asked."""

from typing import Any

from idiolect.lifecycle.cards.cyclonedx import Part, hashes, known, licences, properties
from idiolect.lifecycle.cards.described import Corpus, Described, Llm, Origin, Written
from idiolect.lifecycle.cards.markdown import plain


def inputs(described: Described) -> list[Part]:
    """What the model was made from, as components of their own: the base, the documents, the queries."""
    base, corpus, written = described.base, described.corpus, described.written
    parts = [] if base.endpoint else [{"bom-ref": "base-model", **base_model(base)}]
    parts += [_documents(corpus)] if corpus else []
    return parts + ([_queries(written, described.test_digest)] if written else [])


def base_model(base: Origin) -> Part:
    return known(
        type="machine-learning-model",
        name=plain(base.hub or base.name),
        version=base.digest[:12],
        hashes=[] if base.endpoint else hashes(base.digest),
        licenses=licences({base.licence: 1}),
        purl=f"pkg:huggingface/{base.hub}" if base.hub else "",
        properties=properties(
            {"endpoint": base.endpoint}
            if base.endpoint
            else {"hash-covers": "weights, tokenizer and settings: JSON of path to SHA-256, keys sorted"}
        ),
    )


def _documents(corpus: Corpus) -> Part:
    dataset = known(
        type="dataset",
        name="documents",
        contents={"properties": properties(_counts(corpus))},
        sensitiveData=[f"{kind}, masked" for kind in sorted(corpus.masked)],
    )
    return known(
        **{"bom-ref": "documents"},
        type="data",
        name="documents",
        version=corpus.digest[:12],
        hashes=hashes(corpus.digest),
        licenses=licences(corpus.licences),
        data=[dataset],
    )


def _counts(corpus: Corpus) -> dict[str, Any]:
    tables = {
        "language": corpus.languages,
        "licence": corpus.licences,
        "verdict": corpus.verdicts,
        "masked": corpus.masked,
    }
    told = {"documents": corpus.documents, "chunks": corpus.chunks, "set-aside": corpus.set_aside}
    return told | {
        f"{table}:{name or 'unknown'}": count
        for table, counts in tables.items()
        for name, count in sorted(counts.items())
    }


def _queries(written: Written, test_digest: str) -> Part:
    tables = {"teacher": written.teachers, "style": written.styles, "split": written.splits}
    told = {"queries": written.queries, "rejected": written.rejected, "frozen-test": test_digest} | {
        f"{table}:{name}": count for table, counts in tables.items() for name, count in sorted(counts.items())
    }
    dataset = {"type": "dataset", "name": "queries", "contents": {"properties": properties(told)}}
    return {
        "bom-ref": "queries",
        "type": "data",
        "name": "queries",
        "version": written.digest[:12],
        "hashes": hashes(written.digest),
        "data": [dataset],
    }


def services(described: Described) -> list[Part]:
    base, llm = described.base, described.llm
    found = [_llm(llm)] if llm else []
    if base.endpoint:
        texts = {"flow": "bi-directional", "classification": "not classified", "name": "texts to embed"}
        embedding = {"bom-ref": "base-endpoint", "name": plain(base.name), "endpoints": [base.endpoint]}
        found.append({**embedding, "data": [texts]})
    return found


def _llm(llm: Llm) -> Part:
    told: dict[str, Any] = {
        "judge": llm.judge,
        "calls": llm.calls,
        "cached": llm.cached,
        "prompt-tokens": llm.prompt_tokens,
        "completion-tokens": llm.completion_tokens,
    }
    told |= {f"prompts:{name}": digest for name, digest in sorted(llm.prompts.items())}
    told |= {
        f"bill:{bill.purpose}": f"{bill.llm_calls} calls of {bill.model}, {bill.price} {bill.currency}"
        for bill in llm.bills
        if bill.price is not None
    }
    passages = {
        "flow": "bi-directional",
        "classification": "not classified",
        "name": "passages of the documents",
    }
    return known(
        **{"bom-ref": "llm"},
        name=plain(llm.model),
        endpoints=[llm.endpoint] if llm.endpoint else [],
        data=[passages],
        properties=properties(told),
    )
