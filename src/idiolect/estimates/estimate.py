"""What stages would cost: each one's calls, tokens, price, minutes, memory and disk, with nothing written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from idiolect.config import Config, is_endpoint
from idiolect.estimates.amounts import Amounts, Corpus, amounts, counted, extrapolated
from idiolect.estimates.bills import Bill, bill, together
from idiolect.estimates.compared import compared_bills
from idiolect.estimates.corpus import sample_corpus
from idiolect.estimates.fitting import Fitting
from idiolect.estimates.history import Earlier, earlier
from idiolect.estimates.machine import Machine, this_machine
from idiolect.estimates.model_size import model_size
from idiolect.estimates.paid import Answers, encoded, paid
from idiolect.estimates.rates import MEASURED_STAGES, REFERENCE, Rates, needed
from idiolect.estimates.recount import known_amounts, then
from idiolect.estimates.sizes import Sizes, sizes
from idiolect.estimates.times import Clock
from idiolect.lifecycle.licences.permits import Permits
from idiolect.lifecycle.privacy import masker
from idiolect.records import Record
from idiolect.runtimes.hardware import available_cpus
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.starting import starting_model
from idiolect.teachers.roundtrip import ranks
from idiolect.workspace import Workspace

SAMPLE_CHUNKS = 1_000
SAMPLE_SECONDS = 20.0
_FEWEST_CALLS = 10  # from which an earlier run says how fast the endpoint answers


class Estimate(Record, frozen=True, kw_only=True):
    """One stage: None where nothing is known.

    `minutes` of this machine, an LLM's answers among them only where an earlier run timed them, else
    they come on top and `untimed` says so; calls, tokens and price are of all LLMs together, `bills`
    divides them by what they are for; `disk_mb` stays in WORK, `scratch_mb` only until the stage is
    done; `memory_mb` at its highest; `basis` says what the figures rest on.
    """

    stage: str
    minutes: float | None = None
    untimed: bool = False
    llm_calls: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    price: float | None = None
    currency: str = "USD"
    bills: list[Bill] = []
    disk_mb: float | None = None
    scratch_mb: float | None = None
    memory_mb: float | None = None
    basis: list[str] = []


def estimate(
    work: Workspace,
    config: Config,
    source: Path | None,
    stages: Sequence[str],
    machine: Machine | None = None,
) -> list[Estimate]:
    """An estimate for each of `stages`, the ones that would run; `machine` is this one where None.

    The documents are sampled where ingest is among them, else the chunks in WORK are counted.
    Takes some ten seconds where this machine's speed must be measured.
    Raises InputError for documents, ModelError for a base, ConfigError for prices that cannot be used.
    """
    if not stages:
        return []
    if is_endpoint(config.train.base):
        return [
            Estimate(stage=stage, basis=[f"nobody knows what {config.train.base} takes"]) for stage in stages
        ]
    files = starting_model(config.train.base)
    if "ingest" in stages and source is not None:
        sample = sample_corpus(
            source,
            config.ingest,
            files,
            config.seed,
            SAMPLE_CHUNKS,
            SAMPLE_SECONDS,
            work.root,
            Permits(config),
            masker(config.privacy, None),
        )
        corpus = extrapolated(sample)
    elif work.chunks.is_file():
        corpus = counted(work, config.seed)
    else:
        unknown = ["nothing is known before ingest has run: give DOCS to `idiolect run --dry-run`"]
        return [Estimate(stage=stage, basis=unknown) for stage in stages]
    return estimate_corpus(corpus, work, config, files, stages, machine=machine)


def estimate_corpus(
    corpus: Corpus,
    work: Workspace | None,
    config: Config,
    files: ModelFiles,
    stages: Sequence[str],
    rates: Rates | None = None,
    machine: Machine | None = None,
    answered: bool = True,
) -> list[Estimate]:
    """As `estimate`, for a corpus that has been looked at; `rates` where they have been measured.

    `answered`: cached answers are counted; of chunks that are all new there can be none.  Without a `work` nothing
    has been run or paid for.  The stage that comes nearest to what `machine` has free, or exceeds it most, says so.
    """
    machine = machine or this_machine()
    past: dict[str, Earlier] = {}
    note = ""
    if work is None:
        known = amounts(corpus, config, {})
    else:
        past = earlier(work)
        answers: dict[str, Answers] = {}
        if config.generate.teacher == "llm" and "generate" in stages:
            answers = paid(work.llm_cache, config.generate)
        if not answered:  # what they took on average is known all the same
            answers = {name: msgspec.structs.replace(one, count=0) for name, one in answers.items()}
        share = encoded(work.vectors, files, corpus.sample)
        known = amounts(corpus, config, answers, share, work.styles)
        known = known_amounts(known, work, config, stages)
    if rates is None:
        rates, note = needed(corpus.sample, config, files, stages, past)
    found = sizes(known, config, model_size(files), machine)
    run = _Run(corpus, known, config, found, rates, note, past)
    fitting = Fitting(stages, found)
    return [_with_verdict(run.estimate(stage), fitting) for stage in stages]


def _with_verdict(result: Estimate, fitting: Fitting) -> Estimate:
    if fitting.need is None or fitting.need.stage != result.stage:
        return result
    return msgspec.structs.replace(result, basis=[*result.basis, fitting.sentence()])


@dataclass(frozen=True)
class _Run:
    corpus: Corpus
    amounts: Amounts
    config: Config
    sizes: Sizes
    rates: Rates | None
    note: str
    past: Mapping[str, Earlier]

    def estimate(self, stage: str) -> Estimate:
        known, basis = self.amounts, [self.corpus.basis]
        clock = self._clock(known, self.config, self.rates or REFERENCE)
        disk, scratch = self.sizes.disk(stage)
        result = Estimate(
            stage=stage,
            minutes=self._minutes(stage, clock, basis),
            llm_calls=0,
            prompt_tokens=0,
            completion_tokens=0,
            price=0.0,
            disk_mb=round(disk, 1),
            scratch_mb=round(scratch, 1),
            memory_mb=round(self.sizes.memory(stage), -1),
            basis=basis,
        )
        if stage == "evaluate":
            return self._with_compared(result)
        return self._with_llm(result) if stage == "generate" and self._asks else result

    def _with_compared(self, result: Estimate) -> Estimate:
        billed = compared_bills(self.config, self.amounts.tokens)
        bills = [one for one, _ in billed]
        cost = together(bills)
        return msgspec.structs.replace(
            result,
            prompt_tokens=sum(one.prompt_tokens for one in bills),
            price=cost.amount,
            currency=cost.currency,
            bills=bills,
            basis=[*result.basis, *(note for note in (*(note for _, note in billed), cost.note) if note)],
        )

    @property
    def _asks(self) -> bool:
        return self.config.generate.teacher == "llm"

    def _with_llm(self, result: Estimate) -> Estimate:
        requests = self.amounts.requests
        billed = [bill(self.config.generate, one) for one in requests]
        bills = [one for one, _ in billed]
        cost = together(bills)
        notes = [note for note in (*(note for _, note in billed), cost.note) if note]
        if cached := sum(one.cached for one in requests):
            notes.append(f"{cached:,} answers are cached and cost nothing")
        if self.amounts.spared or requests[0].unasked:
            notes.append(
                "generate.max_queries, generate.max_calls or generate.max_tokens leaves chunks that nobody "
                "is asked about"
            )
        notes += [
            f"{one.purpose}: the caps leave nothing for {one.unasked:,} requests"
            for one in requests[1:]
            if one.unasked
        ]
        return msgspec.structs.replace(
            result,
            untimed=result.minutes is not None and self.amounts.calls > 0 and self._pace is None,
            llm_calls=self.amounts.calls,
            prompt_tokens=sum(one.prompt_tokens for one in requests),
            completion_tokens=sum(one.completion_tokens for one in requests),
            price=cost.amount,
            currency=cost.currency,
            bills=bills,
            basis=[*result.basis, *notes],
        )

    def _minutes(self, stage: str, clock: Clock, basis: list[str]) -> float | None:
        """By an earlier run of the stage where there is one, else by the formula; says which in `basis`."""
        if stage == "generate" and self._asks:
            return self._asking(clock, basis)
        before = self.past.get(stage)
        if before is not None:
            factor = self._factor(stage, before)
            if factor is not None:
                basis.append(
                    f"scaled from {stage} of {before.started[:16]}, which took {before.seconds:.0f} s"
                )
                return _minutes(clock.seconds(stage) * factor)
        if stage in MEASURED_STAGES:
            if self.note:
                basis.append(self.note)
            if self.rates is None:
                return None
        return _minutes(clock.seconds(stage))

    def _asking(self, clock: Clock, basis: list[str]) -> float | None:
        """Encoding and ranking, and the LLM's answers as fast as an earlier run had them."""
        placed = ranks(self.config.generate)
        if placed and self.note:
            basis.append(self.note)
        if placed and self.rates is None:
            return None
        if not self.amounts.calls:
            return _minutes(clock.generate())
        pace = self._pace
        if pace is None:
            basis.append(
                "minutes unknown: how fast the endpoint answers is not known before it is asked"
                + ("; those of generate are encoding and ranking" if placed else "")
            )
            return _minutes(clock.generate()) if placed else None
        seconds, calls, started = pace
        basis.append(f"as fast as the {calls:,} calls of {started[:16]}")
        return _minutes(clock.generate() + self.amounts.calls * seconds)

    @property
    def _pace(self) -> tuple[float, int, str] | None:
        """Seconds a call, of how many calls, and when; None where no earlier run says it."""
        before = self.past.get("generate")
        parts = [before.summary, *map(before.summary.get, ("judge", "negatives"))] if before else []
        calls = sum(part.get("calls", 0) for part in parts if part)
        if before is None or calls < _FEWEST_CALLS:
            return None
        amounts_then = then(before, self.amounts)
        here = (
            self._clock(amounts_then, before.config, self.rates or REFERENCE).generate()
            if amounts_then
            else 0.0
        )
        # half of it at least: the vectors may have been there already
        return max(before.seconds - here, before.seconds / 2) / calls, calls, before.started

    def _factor(self, stage: str, before: Earlier) -> float | None:
        """What the earlier run took against what the formula says of it."""
        amounts_then = then(before, self.amounts)
        if amounts_then is None:
            return None
        predicted = self._clock(amounts_then, before.config, self.rates or REFERENCE).seconds(stage)
        return before.seconds / predicted

    def _clock(self, known: Amounts, config: Config, rates: Rates) -> Clock:
        return Clock(
            amounts=known,
            config=config,
            rates=rates,
            layers=self.sizes.model.layers,
            workers=config.ingest.workers or available_cpus(),
            given=sum(one.tokens for one in (*self.sizes.guards, *self.sizes.reported)),
        )


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 2)
