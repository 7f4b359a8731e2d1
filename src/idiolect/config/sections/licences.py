"""[licences] of idiolect.toml."""

from typing import Annotated, Literal

from msgspec import Meta

from idiolect.config.sections.section import Section

Use = Literal["train", "index", "send", "redistribute"]
"""What may be done with a document; "send" is to an LLM, or to an endpoint that embeds."""

_DENIED = "SPDX ids, with * for any characters, of licences denied for "


class Licences(Section, frozen=True, kw_only=True):
    train: Annotated[
        tuple[str, ...],
        Meta(description=_DENIED + "training, selection and tests; '!ID' takes one out again"),
    ] = ()
    index: Annotated[tuple[str, ...], Meta(description=_DENIED + "search")] = ()
    send: Annotated[
        tuple[str, ...], Meta(description=_DENIED + "requests to an LLM or an embeddings endpoint")
    ] = ()
    redistribute: Annotated[
        tuple[str, ...], Meta(description=_DENIED + "handing on what was made of the document")
    ] = ("*-NC-*", "*-ND-*", "LicenseRef-all-rights-reserved")
    unknown: Annotated[
        tuple[Use, ...],
        Meta(description="uses denied to documents whose licence is not known; empty denies none, and warns"),
    ] = ()
    deny: Annotated[
        tuple[str, ...],
        Meta(description="documents denied for all uses: paths below DOCS, * and ** as in the shell"),
    ] = ()
    assumed: Annotated[
        str, Meta(description="SPDX expression that holds where a document and its folders state none")
    ] = ""
