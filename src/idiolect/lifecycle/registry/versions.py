"""What the registry knows of a version and of a promotion, and the MLflow tags that hold it."""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import msgspec

from idiolect.errors import RegistryError
from idiolect.lifecycle.registry.references import Alias
from idiolect.records import Record

TAG = "idiolect."
"""Before the name of each tag of ours; other tags in the registry are other people's."""

KIND = f"{TAG}kind"
"""The tag that tells our entries apart: BUNDLE on models and their versions, PROMOTION on entries of the history."""
BUNDLE, PROMOTION = "bundle", "promotion"

UNMEASURED = "not measured"

Held = TypeVar("Held", bound=Record)


class Version(Record, frozen=True, kw_only=True):
    """A published bundle. `digest` is of its manifest.json, which lists the digests of all its files.

    `created`, `published`: UTC, ISO 8601; `gain`: the report's deciding difference, in units of `metric`, None
    without a report. `taint` is "" as long as no erasure reached the model; `licences` says which deny that it was
    trained so, `redistribution` which deny that it is handed on, each "" where none does; all these, and `drift`, may
    be marked later. `run_id` is the MLflow run that holds the files.
    """

    name: str
    version: int
    digest: str
    model_digest: str
    bundle_name: str
    created: str
    published: str
    base: str
    base_digest: str
    weights: str
    verdict: str
    run_id: str
    domain: str = ""
    metric: str = ""
    gain: float | None = None
    bytes: int = 0
    audit_head: str = ""
    licences: str = ""
    redistribution: str = ""
    drift: str = UNMEASURED
    taint: str = ""
    override: str = ""
    aliases: list[str] = []

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


MARKS = ("drift", "taint", "licences", "redistribution", "override")
"""What of a version may change after it was published."""

_ELSEWHERE = ("name", "version", "run_id", "aliases")


class Promotion(Record, frozen=True, kw_only=True):
    """One entry of the history: `alias` of `name` goes from version `before` to `version`; 0 is none.

    `after` is the number of the entry that it follows: it came about where that was the last one that did
    (`history.replayed`). `reason` is that of an override, `refused` what the gate had against it.
    """

    name: str
    alias: Alias
    action: Literal["promote", "rollback"]
    version: int
    before: int
    after: int
    who: str
    when: str
    reason: str = ""
    refused: str = ""
    number: int = 0


def to_tags(record: Record, kind: str) -> dict[str, str]:
    """Every field that says something, as tags; MLflow's own fields are left out."""
    fields = msgspec.to_builtins(record)
    left_out = _ELSEWHERE if kind == BUNDLE else ("number",)
    told = {name: value for name, value in fields.items() if name not in left_out and value not in ("", None)}
    return {KIND: kind, **{f"{TAG}{name}": str(value) for name, value in told.items()}}


def from_tags(kind: type[Held], tags: Mapping[str, str], **others: Any) -> Held:
    """Raises RegistryError where a tag that belongs to it is missing, or no longer what was written."""
    fields = {name.removeprefix(TAG): value for name, value in tags.items() if name.startswith(TAG)}
    try:
        return msgspec.convert({**fields, **others}, kind, strict=False)
    except msgspec.ValidationError as error:
        raise RegistryError(
            f"{others} has tags in the registry that idiolect did not write so ({error}): put them right in MLflow"
        ) from None
