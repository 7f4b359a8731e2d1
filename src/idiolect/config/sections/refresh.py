"""[refresh] of idiolect.toml."""

from typing import Annotated

from msgspec import Meta

from idiolect.config.sections.section import Section


class Refresh(Section, frozen=True, kw_only=True):
    feedback: Annotated[
        bool, Meta(description="learn anew from what people found satisfying, where WORK has feedback")
    ] = True
    failures: Annotated[
        bool, Meta(description="with an LLM, ask also about what the last model mixes up on dev")
    ] = False
