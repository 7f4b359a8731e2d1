"""What was masked over many documents, counted by kind: no value, nor anything made from one."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from idiolect.config import Privacy
from idiolect.lifecycle.privacy.documents import VERDICT
from idiolect.lifecycle.privacy.names import NOT_LOOKED_FOR
from idiolect.records import Document


class MaskedCounts:
    def __init__(self, settings: Privacy) -> None:
        self.settings = settings
        self._documents = 0
        self._masked: Counter[str] = Counter()

    def add(self, document: Document) -> None:
        """Count what its verdicts say."""
        found = [one.split(":") for one in document.verdicts if one.startswith(VERDICT)]
        self._documents += bool(found)
        self._masked.update({entity: int(count) for _, entity, count in found})

    def figures(self, dropped: int) -> dict[str, Any]:
        """For the manifest; `dropped` documents were set aside for what they hold."""
        if not self.settings.scan:
            return {"scanned": False}
        return {
            "scanned": True,
            "masked": dict(self._masked.most_common()),
            "documents_masked": self._documents,
            "documents_dropped": dropped,
            "names": self._model or "not looked for",
        }

    def notes(self) -> Iterator[str]:
        """What a person should hear: what was masked, and what was not looked for."""
        if not self.settings.scan:
            yield "personal data and secrets were not looked for: privacy.scan is false"
            return
        if self._masked:
            shown = ", ".join(f"{count:,} {entity}" for entity, count in self._masked.most_common())
            yield f"masked in {self._documents:,} documents: {shown}"
        if not self._model:
            yield NOT_LOOKED_FOR

    @property
    def _model(self) -> str:
        return "" if self.settings.name == "allow" else self.settings.names
