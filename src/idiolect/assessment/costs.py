"""What tuning would cost with each teacher, by the estimator that a dry run uses."""

import msgspec

from idiolect.config import Config, Generate
from idiolect.estimates.amounts import Corpus
from idiolect.estimates.estimate import Estimate, estimate_corpus
from idiolect.estimates.rates import Rates
from idiolect.records import Record
from idiolect.runtimes.model_files import ModelFiles

STAGES = ("ingest", "generate", "prepare", "train", "evaluate", "export")

NO_MODEL = "price unknown: name a model with --set generate.model=NAME and generate.base_url=URL"


class Cost(Record, frozen=True, kw_only=True):
    """A whole run with one teacher; `hours` without the LLM's own time; None where nothing is known."""

    teacher: str
    llm_calls: int
    llm_tokens: int
    price: float | None
    currency: str
    hours: float | None
    memory_mb: float
    disk_mb: float
    notes: list[str]


def tuning_costs(corpus: Corpus, config: Config, files: ModelFiles, rates: Rates | None) -> list[Cost]:
    """A run as configured, and one with an LLM where the config names none."""
    configured = [_cost(corpus, config, files, rates)]
    if config.generate.teacher == "llm":
        return configured
    llm = msgspec.structs.replace(config.generate, teacher="llm")
    return [*configured, _cost(corpus, msgspec.structs.replace(config, generate=llm), files, rates)]


def _cost(corpus: Corpus, config: Config, files: ModelFiles, rates: Rates | None) -> Cost:
    rows = estimate_corpus(corpus, None, config, files, STAGES, rates)
    generate = rows[STAGES.index("generate")]
    minutes = [row.minutes for row in rows if row.minutes is not None]
    unknown = [row for row in rows if row.minutes is None and row.stage != "generate"]
    return Cost(
        teacher=_name(config.generate),
        llm_calls=generate.llm_calls or 0,
        llm_tokens=(generate.prompt_tokens or 0) + (generate.completion_tokens or 0),
        price=generate.price,
        currency=generate.currency,
        hours=None if unknown else round(sum(minutes) / 60, 3),
        memory_mb=max(row.memory_mb or 0.0 for row in rows),
        disk_mb=sum(row.disk_mb or 0.0 for row in rows),
        notes=_notes(generate, config.generate),
    )


def _name(settings: Generate) -> str:
    if settings.teacher == "extractive":
        return "extractive"
    return f"llm:{settings.model}" if settings.model else "llm"


def _notes(generate: Estimate, settings: Generate) -> list[str]:
    if settings.teacher == "llm" and not settings.model:
        return [NO_MODEL]
    return generate.basis[1:]  # the first says what the corpus's figures rest on
