"""[drift] of idiolect.toml."""

from typing import Annotated

from msgspec import Meta

from idiolect.config.sections.section import Fraction, Section


class Drift(Section, frozen=True, kw_only=True):
    alpha: Annotated[
        Fraction, Meta(description="chance of a false alarm of each test in a window without drift")
    ] = 0.05
    windows: Annotated[
        int, Meta(ge=1, description="windows in a row that must differ before there is an alarm")
    ] = 2
    permutations: Annotated[
        int,
        Meta(
            ge=99,
            description="relabellings that a p-value is drawn from; 1/alpha of them for each slice that is tested",
        ),
    ] = 499
    sample: Annotated[
        int, Meta(ge=50, description="queries, and chunks, of each side that are compared at most")
    ] = 500
    smallest: Annotated[
        int, Meta(ge=10, description="fewest queries, or chunks, of a window or slice that are tested at all")
    ] = 50
