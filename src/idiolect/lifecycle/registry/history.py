"""Who was champion when: entries that are only ever added, and whose order decides which promotions came about.

An entry names the one that it follows. Adding one is a single transaction of the registry, which numbers them;
of two that follow one entry the first holds, and the second is void for everybody who reads. So no lock is
needed, on a file or a server, and a process that dies half-way leaves nothing undecided. MLflow's alias follows.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from idiolect.lifecycle.registry.backend import Backend
from idiolect.lifecycle.registry.references import HISTORY, Alias
from idiolect.lifecycle.registry.versions import PROMOTION, TAG, Promotion, Version, from_tags, to_tags

DESCRIPTION = (
    "Not a model: idiolect's history of promotions, which decides who is champion. Leave its versions alone."
)


@dataclass(frozen=True)
class Replayed:
    """What a history of one alias amounts to. `stack`: the versions that it stood on and may go back to, the last
    being the present one; `held`: the entries that came about; `void`: number of one that did not → what came first.
    """

    stack: list[int] = field(default_factory=list)
    held: list[Promotion] = field(default_factory=list)
    void: dict[int, Promotion] = field(default_factory=dict)

    @property
    def standing(self) -> int:
        """0 where the alias stands on nothing."""
        return self.stack[-1] if self.stack else 0

    @property
    def last(self) -> int:
        """The number of the entry that a next one follows; 0 for the first."""
        return self.held[-1].number if self.held else 0


def history(backend: Backend, name: str) -> list[Promotion]:
    """A model's entries, of all aliases, in their order."""
    return [_promotion(entry) for entry in backend.entries(PROMOTION, HISTORY, **{f"{TAG}name": name})]


def replayed(entries: list[Promotion], alias: Alias) -> Replayed:
    """A rollback takes the present one away; a promotion puts one on top."""
    result = Replayed()
    for entry in entries:
        if entry.alias != alias:
            continue
        if entry.after != result.last:
            result.void[entry.number] = next(
                (held for held in result.held if held.after == entry.after), entry
            )
            continue
        result.held.append(entry)
        if entry.action == "promote":
            result.stack.append(entry.version)
        else:
            result.stack.pop()
    return result


def added(backend: Backend, entry: Promotion, version: Version) -> Promotion:
    """The entry with its number; whether it came about is for `replayed` to say."""
    backend.ensure_model(HISTORY, PROMOTION, DESCRIPTION)
    tags = {**to_tags(entry, PROMOTION), f"{TAG}id": uuid.uuid4().hex}
    source = backend.source(version.run_id, "bundle")
    return _promotion(backend.create_version(HISTORY, source, version.run_id, tags))


def settle(backend: Backend, name: str, alias: Alias) -> int:
    """Let MLflow's alias stand where the history says; the version, 0 where there is none.

    The history is read again afterwards, for another promotion may have overtaken the alias meanwhile.
    """
    standing = replayed(history(backend, name), alias).standing
    while standing:
        if backend.aliases(name).get(name, {}).get(alias) != standing:
            backend.set_alias(name, alias, standing)
        again = replayed(history(backend, name), alias).standing
        if again == standing:
            break
        standing = again
    return standing


def _promotion(entry: Any) -> Promotion:
    return from_tags(Promotion, entry.tags, number=int(entry.version))
