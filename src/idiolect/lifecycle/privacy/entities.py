"""What is looked for: the kinds of personal data and secrets, and what was found of them."""

from typing import Literal, NamedTuple, get_args

Entity = Literal["secret", "iban", "card", "national_id", "email", "ip", "phone", "name"]

ENTITIES: tuple[Entity, ...] = get_args(Entity)
"""Where two kinds claim the same characters, the one further in front gets them."""

WORDED: dict[Entity, str] = {
    "secret": "a secret",
    "iban": "an IBAN",
    "card": "a card number",
    "national_id": "a national id",
    "email": "an e-mail address",
    "ip": "an IP address",
    "phone": "a phone number",
    "name": "a name",
}


class Found(NamedTuple):
    """`text[start:end]` is one; `value` is what all spellings of it share."""

    start: int
    end: int
    entity: Entity
    value: str


def disjoint(found: list[Found]) -> list[Found]:
    """In the order of the text, none overlapping another: of two that do, the graver kind, then the longer, stays."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if kept and one.start < kept[-1].end:
            if _graver(one, kept[-1]):
                kept[-1] = one
        else:
            kept.append(one)
    return kept


def _graver(one: Found, other: Found) -> bool:
    ranks = [(ENTITIES.index(item.entity), item.start - item.end) for item in (one, other)]
    return ranks[0] < ranks[1]
