"""What the endpoints cost that a run is compared with: every passage and query embedded once."""

from idiolect.config import Config, is_endpoint
from idiolect.estimates.bills import Bill
from idiolect.estimates.prices import quote
from idiolect.teachers.endpoint import Endpoint


def compared_bills(config: Config, tokens: float) -> list[tuple[Bill, str]]:
    """A bill for each endpoint of `evaluate.against` and a note on its price; `tokens` are those of all chunks.

    Vectors that WORK holds from earlier runs are not deducted.  Raises ConfigError where the file of
    prices cannot be read.
    """
    found = []
    for name in filter(is_endpoint, dict.fromkeys(config.evaluate.against)):
        url, _, model = name.partition("#")
        asked = Endpoint(base_url=url, model=model, api_key_env="", timeout=0)
        cost = quote(config.generate.prices, asked, tokens, 0)
        made = Bill(
            purpose="against",
            model=name,
            llm_calls=0,
            prompt_tokens=round(tokens),
            completion_tokens=0,
            price=cost.amount,
            currency=cost.currency,
        )
        found.append((made, f"{name} embeds all chunks once, unless it has before" + _noted(cost.note)))
    return found


def _noted(note: str) -> str:
    return f": {note}" if note else ""
