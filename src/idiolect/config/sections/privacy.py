"""[privacy] of idiolect.toml."""

from typing import Annotated, Literal

from msgspec import Meta

from idiolect.config.sections.section import Section

Policy = Literal["mask", "drop", "allow"]


class Privacy(Section, frozen=True, kw_only=True):
    scan: Annotated[
        bool,
        Meta(
            description="look for personal data and secrets before anything is kept, sent or trained; false: never"
        ),
    ] = True
    email: Annotated[
        Policy,
        Meta(
            description="mask: a pseudonym takes its place; drop: its document is set aside; allow: it stays"
        ),
    ] = "mask"
    phone: Annotated[Policy, Meta(description="the same for phone numbers")] = "mask"
    iban: Annotated[Policy, Meta(description="the same for bank accounts, by IBAN")] = "mask"
    card: Annotated[Policy, Meta(description="the same for payment cards")] = "mask"
    ip: Annotated[
        Policy, Meta(description="the same for IP addresses; loopback, networks and those of examples stay")
    ] = "mask"
    national_id: Annotated[
        Policy, Meta(description="the same for numbers that a state gives a person (docs/privacy.md)")
    ] = "mask"
    secret: Annotated[Policy, Meta(description="the same for private keys, API keys and passwords")] = "mask"
    name: Annotated[
        Policy, Meta(description="the same for names of people, where privacy.names finds them")
    ] = "mask"
    names: Annotated[
        str,
        Meta(
            description="installed spaCy model or folder of a token classifier that finds names; empty: not looked for"
        ),
    ] = ""
    phone_regions: Annotated[
        tuple[str, ...],
        Meta(description="ISO 3166 codes of countries whose phone numbers are found without + in front too"),
    ] = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
    key: Annotated[
        str, Meta(description="file of the key that pseudonyms are made with; empty takes WORK/privacy.key")
    ] = ""
