"""What the requests to LLMs cost: a bill for each purpose, at the price of the model that is asked."""

from collections.abc import Sequence

from idiolect.config import Generate
from idiolect.estimates.asking import Requests
from idiolect.estimates.prices import Quote, quote
from idiolect.records import Record
from idiolect.teachers.endpoint import of_judge, of_teacher


class Bill(Record, frozen=True, kw_only=True):
    """Calls of one purpose ("queries", "judge", …) to one model; `price` is None where none is known."""

    purpose: str
    model: str
    llm_calls: int
    prompt_tokens: int
    completion_tokens: int
    price: float | None
    currency: str = "USD"


def bill(settings: Generate, requests: Requests) -> tuple[Bill, str]:
    """The bill, and a note on the price. Raises ConfigError where the file of prices cannot be read."""
    endpoint = of_judge(settings) if requests.purpose.startswith("judge") else of_teacher(settings)
    cost = quote(settings.prices, endpoint, requests.prompt_tokens, requests.completion_tokens)
    made = Bill(
        purpose=requests.purpose,
        model=endpoint.model,
        llm_calls=requests.calls,
        prompt_tokens=requests.prompt_tokens,
        completion_tokens=requests.completion_tokens,
        price=cost.amount,
        currency=cost.currency,
    )
    return made, cost.note


def together(bills: Sequence[Bill]) -> Quote:
    """The price of all; None where one is not known, or where they are in several currencies."""
    paid = [one for one in bills if one.price]
    currencies = sorted({one.currency for one in paid})
    if any(one.price is None for one in bills):
        return Quote(amount=None)
    if len(currencies) > 1:
        return Quote(amount=None, note=f"prices in {' and '.join(currencies)} are not added up")
    return Quote(amount=sum(one.price or 0.0 for one in paid), currency="".join(currencies) or "USD")
