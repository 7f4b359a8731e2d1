"""[feedback] of idiolect.toml."""

from typing import Annotated, Literal

from msgspec import Meta

from idiolect.config.sections.section import Section


class Feedback(Section, frozen=True, kw_only=True):
    consent: Annotated[
        Literal["required", "given"],
        Meta(
            description="required: events without `consent`: true are dropped; given: your terms of use have it"
        ),
    ] = "required"
    retention_days: Annotated[
        int,
        Meta(
            ge=1,
            le=36_500,
            description="days after which events are deleted; what was learnt from them stays",
        ),
    ] = 180
    waiting_hours: Annotated[
        float,
        Meta(
            gt=0,
            le=8_760,
            description="hours that an action is kept whose impression is not known, or not yet",
        ),
    ] = 24.0
    user_daily: Annotated[
        int, Meta(ge=1, description="impressions of one user that count a day; more of them are left out")
    ] = 100
    flood_minute: Annotated[
        int,
        Meta(
            ge=2, description="a user with more impressions than this in a minute is a machine, and left out"
        ),
    ] = 20
    satisfied_seconds: Annotated[
        float, Meta(gt=0, description="seconds of reading from which on a click satisfied")
    ] = 30.0
    support: Annotated[
        int,
        Meta(ge=1, description="different people whom a hit satisfied before it counts as an answer"),
    ] = 2
    worth: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="a hit answers that satisfied at least this share of what the query's best did",
        ),
    ] = 0.5
    examinations: Annotated[
        int,
        Meta(
            ge=2,
            description="impressions in which a hit was passed over, by different users, before it may be a negative",
        ),
    ] = 5
