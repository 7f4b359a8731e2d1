"""What is looked for: the kinds of personal data and secrets, and what was found of them."""

from typing import Literal, NamedTuple, get_args

Entity = Literal["secret", "iban", "card", "national_id", "email", "ip", "phone", "name"]

ENTITIES: tuple[Entity, ...] = get_args(Entity)
"""Where two kinds claim the same characters, the longer gets them, and of equals the one further in front."""

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
    """In the order of the text; what overlaps is one, of the longest one's kind, so that nothing of either is left."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end, ENTITIES.index(one.entity))):
        if kept and one.start < kept[-1].end:
            kept[-1] = _joined(kept[-1], one)
        else:
            kept.append(one)
    return kept


def _joined(one: Found, other: Found) -> Found:
    kinds = {one.entity: one, other.entity: other}
    if kinds.keys() == {"secret", "email"}:  # user:password@host is no address of a password
        return kinds["secret"]
    longer = one if one.end - one.start >= other.end - other.start else other
    return longer._replace(end=max(one.end, other.end), start=min(one.start, other.start))
