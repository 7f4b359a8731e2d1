"""What LLMs are asked for: the teacher's requests as generate plans them, the others as its queries let one expect."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from idiolect.config import Config, Generate
from idiolect.estimates.paid import Answers
from idiolect.records import Chunk, Record
from idiolect.teachers.exemplars import read_exemplars
from idiolect.teachers.grounding import MOST_AT_ONCE
from idiolect.teachers.near_misses import MOST_AT_ONCE as NEAR_MISSES_AT_ONCE
from idiolect.teachers.plan import Ask, plan
from idiolect.teachers.prompt import Prompts, make_prompts
from idiolect.teachers.relabelling import MOST_CALLS
from idiolect.teachers.style_texts import load_style_texts
from idiolect.teachers.verdicts import Question
from idiolect.teachers.writing import reach

KEPT_OF_WRITTEN = 0.9
"""Share of an LLM's queries that pass the filters, a judgement call: recorded answers kept .99, real ones vary."""

ANSWER_TOKENS_A_QUERY = 65
"""Tokens of one query in an answer, with its style, short answer and JSON: recorded answers had 250 characters."""

VERDICT_TOKENS = 65
"""Tokens of one verdict in an answer: the query's words and five criteria."""

SHOWN_QUERY_TOKENS = 35
"""Tokens of a query and its short answer where a request shows them."""

SCHEMA_TOKENS = 110
"""Tokens that an endpoint counts for the JSON schema and the chat format of a request, about."""

ABOVE_A_QUERY = 0.5
"""Chunks above its own, of the three at most that are judged as well: 600 recorded queries on SciFact had .498."""

_CHARACTERS_A_TOKEN = 4.3  # of English prose
_WISH_TOKENS = 25  # of the line that says how many queries in which styles
_NEAR_MISS_TOKENS = 50  # in an answer, beside the passage: the query, what was changed, JSON

_HOLDING = {
    "queries": "queries",
    "judge": "verdicts",
    "negatives": "negatives",
    "judged negatives": "verdicts",
}
"""Purpose → the list that its answers hold."""


class Requests(Record, frozen=True, kw_only=True):
    """Of one purpose: `calls` beyond those `cached`, and what the caps leave `unasked`."""

    purpose: str
    calls: int
    cached: int = 0
    unasked: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Asked(Record, frozen=True, kw_only=True):
    """`queries` that pass the filters; `spared` are requests that generate.max_queries leaves out."""

    queries: float = 0.0
    spared: int = 0
    requests: list[Requests] = []


def asked(
    sample: Sequence[Chunk],
    total: float,
    config: Config,
    paid: Mapping[str, Answers],
    styles: Path | None = None,
) -> Asked:
    """The requests of a run of generate, in the order in which it makes them.

    `sample` stands for `total` chunks that queries are written for; `paid` are the cached answers by
    the list that they hold; `styles` is the folder of the user's own.  Round trip and judge are taken
    to reject nothing.  Raises ConfigError and UsageError for styles and exemplars that cannot be used.
    """
    settings, seed = config.generate, config.seed
    texts = load_style_texts(styles)
    names = list(texts.chosen(settings.styles))
    prompts = make_prompts(texts, names, read_exemplars(settings.exemplars, seed))
    offered = [chunk for chunk in sample if chunk.trains]
    asks = plan(offered, settings, seed, names)
    if not asks:
        return Asked(requests=[Requests(purpose="queries", calls=0)])
    scale = total / len(offered)
    made = asks[: reach(asks, 0, settings.max_queries / scale)]
    written = sum(ask.count for ask in made)
    caps = _Caps(settings, paid)
    teacher = caps.take(
        "queries",
        scale * len(made),
        sum(_prompt_tokens(prompts, ask) for ask in made) / len(made),
        ANSWER_TOKENS_A_QUERY * written / len(made),
    )
    each = (teacher.calls + teacher.cached) / len(made)
    requests = [teacher]
    if settings.judge:
        requests.append(_judge(made, each, total, caps))
    if settings.written_negatives:
        requests += _near_misses(made, each, settings.written_negatives, texts.negatives, caps)
    return Asked(
        queries=min(each * written, settings.max_queries) * KEPT_OF_WRITTEN,
        spared=round(scale * (len(asks) - len(made))),
        requests=requests,
    )


class _Caps:
    """What one purpose after the other leaves of the caps and of the cached answers."""

    def __init__(self, settings: Generate, paid: Mapping[str, Answers]) -> None:
        self.calls, self.tokens = float(settings.max_calls), float(settings.max_tokens)
        self.paid = paid
        self.unused = {holding: float(answers.count) for holding, answers in paid.items()}

    def take(self, purpose: str, wanted: float, prompt: float, told: float) -> Requests:
        """`wanted` requests of so many tokens each, or as many as cached answers of the kind have."""
        holding = _HOLDING[purpose]
        known = self.paid.get(holding, Answers())
        prompt, told = known.prompt_tokens or prompt, known.completion_tokens or told
        cached = min(wanted, self.unused.get(holding, 0.0))
        calls = min(wanted - cached, self.calls, self.tokens / (prompt + told))
        self.unused[holding] = self.unused.get(holding, 0.0) - cached
        self.calls -= calls
        self.tokens -= calls * (prompt + told)
        return Requests(
            purpose=purpose,
            calls=round(calls),
            cached=round(cached),
            unasked=round(wanted - cached - calls),
            prompt_tokens=round(calls * prompt),
            completion_tokens=round(calls * told),
        )


def _judge(made: Sequence[Ask], each: float, chunks: float, caps: _Caps) -> Requests:
    """Each query with its chunks, then with what ranks above them; a request of `made` stands for `each`.

    `chunks` are all that can rank above.
    """
    claims = _claims(made)
    grounding = each * sum(math.ceil(count / MOST_AT_ONCE) for count in claims.values())
    pairs = ABOVE_A_QUERY * each * sum(_claims(ask for ask in made if not ask.is_multi_hop).values())
    distinct = -chunks * math.expm1(-pairs / chunks)  # of so many drawn from the chunks, some are drawn twice
    above = min(distinct, MOST_CALLS)
    shown = each * sum(claims.values()) + pairs * above / max(distinct, 1.0)
    queries = shown / (grounding + above)
    prompt = _judge_tokens(made) + _chunk_tokens(made) + SHOWN_QUERY_TOKENS * queries
    return caps.take("judge", grounding + above, prompt, VERDICT_TOKENS * queries)


def _near_misses(
    made: Sequence[Ask], each: float, share: float, instructions: str, caps: _Caps
) -> list[Requests]:
    """A request for each chunk with a query that is drawn, then a judgment of each passage by itself."""
    alone = _claims(ask for ask in made if not ask.is_multi_hop).values()
    drawn = each * share * sum(alone)
    chunks = each * sum(max(1 - (1 - share) ** count, share * count / NEAR_MISSES_AT_ONCE) for count in alone)
    if not drawn:
        return []
    tokens, queries = _chunk_tokens(made), drawn / chunks
    writing = caps.take(
        "negatives",
        chunks,
        _tokens(instructions) + SCHEMA_TOKENS + tokens + SHOWN_QUERY_TOKENS * queries,
        (tokens + _NEAR_MISS_TOKENS) * queries,
    )
    written = drawn * (writing.calls + writing.cached) / chunks
    prompt = _judge_tokens(made) + tokens + SHOWN_QUERY_TOKENS
    return [writing, caps.take("judged negatives", written, prompt, VERDICT_TOKENS)]


def _claims(asks: Iterable[Ask]) -> dict[str, float]:
    """Chunk → queries kept that it is said to answer."""
    counts: dict[str, float] = defaultdict(float)
    for ask in asks:
        for chunk in ask.chunks:
            counts[chunk.id] += ask.count * KEPT_OF_WRITTEN
    return counts


def _chunk_tokens(asks: Sequence[Ask]) -> float:
    tokens = {chunk.id: chunk.tokens for ask in asks for chunk in ask.chunks}
    return sum(tokens.values()) / len(tokens)


def _prompt_tokens(prompts: Prompts, ask: Ask) -> float:
    system = prompts.multi_hop if ask.is_multi_hop else prompts.single
    passages = sum(chunk.tokens for chunk in ask.chunks)
    return _tokens(system) + SCHEMA_TOKENS + passages + _WISH_TOKENS


def _judge_tokens(asks: Sequence[Ask]) -> float:
    """What a request for judgment says before its passage."""
    rubric = Question(asks[0].chunks[0], ()).messages()[0]["content"]
    return _tokens(rubric) + SCHEMA_TOKENS


def _tokens(text: str) -> float:
    return len(text) / _CHARACTERS_A_TOKEN
