"""A domain that moves: each month has words of its own, which people ask about in other words than documents use."""

import random
import re

from teachers.chat_server import Reply, answer, passage_of

from idiolect.files import write_text

ASKED = {
    "pump": "lantern", "valve": "marble", "filter": "thistle", "tank": "violin", "motor": "biscuit",
    "sensor": "harbour", "cable": "feather", "switch": "orchard", "boiler": "saddle", "bearing": "candle",
    "piston": "meadow", "gauge": "ribbon", "nozzle": "pillow", "gasket": "walnut", "turbine": "anchor",
    "hatch": "dragon", "ladder": "cherry", "hopper": "temple", "magnet": "jacket", "spindle": "otter",
    "invoice": "glacier", "tariff": "trumpet", "refund": "pigeon", "budget": "volcano", "ledger": "carrot",
    "payroll": "castle", "audit": "dolphin", "dividend": "sandal", "mortgage": "parrot", "voucher": "island",
    "deposit": "mirror", "pension": "tulip", "broker": "canyon", "surplus": "kettle", "creditor": "falcon",
    "auction": "blanket", "subsidy": "pepper", "warranty": "lizard", "royalty": "barrel", "customs": "squirrel",
}  # fmt: skip
"""What is asked for → what documents call it: the first half in the first month, the second from the second on."""

HALF = len(ASKED) // 2
WORDS = {told: asked for asked, told in ASKED.items()}
FIVE = "{} and {}, {} and {}, then {}."


def write_month(folder, month, count=40):
    """So many documents, each of five words of that month's (1 or 2): no two have the same."""
    told = list(ASKED.values())[:HALF] if month == 1 else list(ASKED.values())[HALF:]
    chance, seen = random.Random(month), set()
    while len(seen) < count:
        five = tuple(chance.sample(told, 5))
        if frozenset(five) in {frozenset(other) for other in seen}:
            continue
        seen.add(five)
        write_text(
            folder / f"m{month}-{len(seen):02}.md",
            f"# Note {len(seen)} of {month}\n\n" + FIVE.format(*five).capitalize() + "\n",
        )
    return folder


def ask(_, request) -> Reply:
    """Five queries a passage, each in people's words for four of its five."""
    told = [WORDS[word] for word in re.findall(r"\w+", passage_of(request).lower()) if word in WORDS]
    return Reply(answer(*(" ".join(word for word in told if word != left) for left in told)))
