"""The line under the bar while an LLM is asked: what there is, what it has cost, and what the caps leave."""

from collections.abc import Callable

from idiolect.teachers.budget import Budget

Priced = Callable[[float, float], str]
"""(prompt tokens, tokens of answers) → their price in words, "" where it is not known or nothing."""


def no_price(prompt_tokens: float, completion_tokens: float) -> str:
    return ""


def tally(budget: Budget, got: str, cached: int, priced: Priced = no_price) -> str:
    """`got` says what has come so far; `cached` requests were answered by earlier runs.

    The price that is left is that of the calls and tokens left, if they are as those so far were.
    """
    more = min(budget.calls_left / max(budget.calls, 1), budget.tokens_left / max(budget.tokens, 1))
    prompt, told = budget.prompt_tokens, budget.completion_tokens
    parts = [
        got,
        f"{cached:,} from the cache" if cached else "",
        "spent " + _amounts(budget.calls, budget.tokens, priced(prompt, told)),
        "left " + _amounts(budget.calls_left, budget.tokens_left, priced(more * prompt, more * told)),
    ]
    return "; ".join(filter(None, parts))


def _amounts(calls: int, tokens: int, price: str) -> str:
    return ", ".join(filter(None, (f"{calls:,} calls", f"{_short(tokens)} tokens", price)))


def _short(count: int) -> str:
    if count < 10_000:
        return f"{count:,}"
    return f"{count / 1e3:,.0f}k" if count < 999_500 else f"{count / 1e6:,.1f}M"
