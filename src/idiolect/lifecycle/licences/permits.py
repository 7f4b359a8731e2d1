"""The policy on documents as they come in: set aside, or passed on with the verdicts that later stages honour."""

from collections.abc import Sequence

import msgspec

from idiolect.config import Config, is_endpoint
from idiolect.lifecycle.licences.policy import Policy
from idiolect.records import UNINDEXED, UNTRAINED, Chunk, Document

ON_CHUNKS = (UNTRAINED, UNINDEXED)
"""Verdicts that chunks carry too: stages that train and search read no documents."""


class Permits:
    """What [licences] says of each document of a run. Raises ConfigError as Policy does."""

    def __init__(self, config: Config) -> None:
        self.policy = Policy(config.licences)
        self.endpoint = is_endpoint(config.train.base)

    def refusal(self, document: Document) -> str:
        """Why a document is set aside; "" where it is not.

        A base that runs at an endpoint is sent every text: what may not be sent has no place then.
        """
        reason = self.policy.refusal(document)
        if reason or not self.endpoint:
            return reason
        denied = self.policy.denied(document.licence, document.path, document.id)
        licence = document.licence or "unknown"
        return (
            f"licence: {licence} is denied for send, and train.base is an endpoint"
            if "send" in denied
            else ""
        )

    def judged(self, document: Document, chunks: Sequence[Chunk]) -> tuple[Document, list[Chunk]]:
        """Document and chunks with the verdicts on them."""
        document = self.policy.judged(document)
        verdicts = [one for one in document.verdicts if one in ON_CHUNKS]
        if not verdicts:
            return document, list(chunks)
        return document, [msgspec.structs.replace(chunk, verdicts=verdicts) for chunk in chunks]
