"""[registry] of idiolect.toml."""

from typing import Annotated

from msgspec import Meta

from idiolect.config.sections.section import Section


class Registry(Section, frozen=True, kw_only=True):
    uri: Annotated[
        str,
        Meta(
            description="where bundles are published: a folder, or http(s)://… of an MLflow server; empty: "
            "./idiolect-registry"
        ),
    ] = ""
