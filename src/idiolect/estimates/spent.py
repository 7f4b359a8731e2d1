"""What a stage's run cost: a bill for each purpose that it asked an LLM for, from what it counted."""

from collections.abc import Mapping
from typing import Any

import msgspec

from idiolect.config import Generate
from idiolect.estimates.asking import Requests
from idiolect.estimates.bills import Bill, bill
from idiolect.teachers.endpoint import of_judge, of_teacher


def spent(settings: Generate, summary: Mapping[str, Any]) -> list[Bill]:
    """The bills of generate's or train's summary, which hold what earlier attempts at the same run cost too.

    Near misses are written by the teacher and judged by the judge on one account: where these are two models, the
    price of the sum is not known. Raises ConfigError where the file of prices cannot be read.
    """
    counted = {"queries": summary, "judge": summary.get("judge"), "negatives": summary.get("negatives")}
    return [
        _bill(settings, purpose, counts)
        for purpose, counts in counted.items()
        if isinstance(counts, Mapping) and "calls" in counts
    ]


def _bill(settings: Generate, purpose: str, counts: Mapping[str, Any]) -> Bill:
    requests = Requests(
        purpose=purpose,
        calls=counts["calls"],
        prompt_tokens=counts["prompt_tokens"],
        completion_tokens=counts["completion_tokens"],
    )
    made, _ = bill(settings, requests)
    if purpose == "negatives" and of_judge(settings).model != of_teacher(settings).model:
        return msgspec.structs.replace(made, price=None)
    return made
