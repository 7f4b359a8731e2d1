"""A refreshed version and the registry's gate: champion now, or why not."""

from typing import TYPE_CHECKING

from idiolect.errors import RegistryError
from idiolect.lifecycle.registry.references import Reference
from idiolect.records import Record
from idiolect.refreshing.champion import Champion, standing

if TYPE_CHECKING:
    from idiolect.lifecycle.registry.catalogue import Registry
    from idiolect.lifecycle.registry.versions import Version


class Outcome(Record, frozen=True, kw_only=True):
    """`against`: why the version is not champion; `notes`: what else the gate looked at."""

    promoted: bool
    against: str = ""
    notes: list[str] = []


def judged(registry: "Registry", version: "Version", champion: Champion) -> Outcome:
    """Let a version that its report promotes be challenger, then champion in place of the one it was measured against.

    Raises RegistryError where the registry fails.
    """
    from idiolect.lifecycle.registry.gate import gate
    from idiolect.lifecycle.registry.promoting import promote

    stands = standing(registry, version.name)
    if stands is not None and stands.version == version.version:  # a killed call had come so far
        return Outcome(promoted=True)
    found = gate(registry, version, stands)
    if found.against:
        return Outcome(promoted=False, against="; ".join(found.against), notes=found.notes)
    reference = Reference(name=version.name, selector=str(version.version))
    promote(registry, reference, "challenger")
    expected = champion.version if champion.stands else 0
    try:
        done = promote(registry, reference, "champion", expect=expected)
    except RegistryError as error:
        another = standing(registry, version.name)
        if (another.version if another else 0) == expected:
            raise
        return Outcome(promoted=False, against=f"it was measured against {champion}, and {error}")
    first = [f"{champion} held no alias: it is the bundle that lay in WORK, and what was to be beaten"]
    return Outcome(promoted=True, notes=done.gate.notes if champion.stands else first)
