"""promote and rollback: through the gate, or past it with a reason; of two at once exactly one."""

import getpass
import os
from collections.abc import Sequence
from typing import Literal

import msgspec

from idiolect.errors import RegistryError, UsageError
from idiolect.lifecycle.registry.catalogue import Registry
from idiolect.lifecycle.registry.chronicle import caught_up
from idiolect.lifecycle.registry.gate import Gate, gate, standing_faults, warnings
from idiolect.lifecycle.registry.history import Replayed, added, history, replayed, settle
from idiolect.lifecycle.registry.references import Alias, Reference
from idiolect.lifecycle.registry.summaries import now
from idiolect.lifecycle.registry.versions import TAG, Promotion, Version
from idiolect.records import Record

LONGEST_REASON = 200
"""Characters of a reason, which the audit log takes whole."""


class Promoted(Record, frozen=True, kw_only=True):
    """`entry` is None where the version held the alias already."""

    version: Version
    alias: Alias
    gate: Gate
    entry: Promotion | None = None


def promote(
    registry: Registry,
    reference: Reference,
    alias: Alias = "champion",
    override: str | None = None,
    expect: int | None = None,
) -> Promoted:
    """Let an alias stand on a version, the newest where the reference names none.

    `override` is why what the gate has against it does not count: it is recorded with who said so. `expect` is the
    version that the alias must stand on now, 0 for none. Raises RegistryError where the gate refuses, where another
    promotion came first, naming it, or where the alias stands elsewhere than expected.
    """
    _check_reason(override)
    name = reference.name
    before = replayed(history(registry.backend, name), alias)
    _check_expected(before, name, alias, expect)
    version = registry.find(reference)
    if before.standing == version.version:
        _finish(registry, name, alias)
        return Promoted(version=version, alias=alias, gate=Gate())
    champion = _champion(registry, name, before) if alias == "champion" else None
    found = gate(registry, version, champion)
    if alias == "champion" and champion is None:
        found = msgspec.structs.replace(found, notes=["there is no champion to compare with", *found.notes])
    refused = _refused(found.against, override, f"{version} is not promoted", f"promote {version}")
    entry = _entered(registry, version, before, alias, "promote", override if refused else None, refused)
    return Promoted(version=version, alias=alias, gate=found, entry=entry)


def rollback(
    registry: Registry,
    name: str,
    alias: Alias = "champion",
    override: str | None = None,
    expect: int | None = None,
) -> Promoted:
    """Let an alias stand where it stood before its last promotion that was not taken back.

    The report is not asked again; an altered, tainted or forbidden version is refused. Raises what `promote` does.
    """
    _check_reason(override)
    before = replayed(history(registry.backend, name), alias)
    _check_expected(before, name, alias, expect)
    if len(before.stack) < 2:
        there = f"{name}@{before.standing} is its first" if before.standing else f"{name} never had one"
        raise RegistryError(f"{name} has no earlier {alias} to go back to: {there}")
    version = registry.find(Reference(name=name, selector=str(before.stack[-2])))
    faults = standing_faults(registry, version)
    refused = _refused(faults, override, f"{name} does not go back to {version}", f"rollback {name}")
    entry = _entered(registry, version, before, alias, "rollback", override if refused else None, refused)
    return Promoted(
        version=version, alias=alias, gate=Gate(against=faults, notes=warnings(version)), entry=entry
    )


def _entered(
    registry: Registry,
    version: Version,
    before: Replayed,
    alias: Alias,
    action: Literal["promote", "rollback"],
    override: str | None,
    refused: str,
) -> Promotion:
    """Add the entry, see whether it came about, and let alias, tag and log follow it."""
    entry = Promotion(
        name=version.name,
        alias=alias,
        action=action,
        version=version.version,
        before=before.standing,
        after=before.last,
        who=whoami(),
        when=now(),
        reason=override or "",
        refused=refused,
    )
    entry = added(registry.backend, entry, version)
    _finish(registry, version.name, alias)
    after = replayed(history(registry.backend, version.name), alias)
    if winner := after.void.get(entry.number):
        raise RegistryError(
            f"{version} was not made {alias}: meanwhile {winner.who} made {winner.name}@{winner.version} {alias}, at "
            f"{winner.when}; look at that one, and try again"
        )
    if override:
        told = f"{entry.action} as {alias} by {entry.who} at {entry.when}: {override}"
        registry.backend.set_tag(version.name, version.version, f"{TAG}override", told)
    return entry


def _finish(registry: Registry, name: str, alias: Alias) -> None:
    """Alias and log follow the history, also for what a killed process left."""
    settle(registry.backend, name, alias)
    caught_up(registry.backend, history(registry.backend, name))


def _champion(registry: Registry, name: str, before: Replayed) -> Version | None:
    """Whom a promotion would replace; None where nobody is, or where it is no longer there."""
    found = [version for version in registry.versions(name) if version.version == before.standing]
    return found[0] if found else None


def _refused(against: Sequence[str], override: str | None, what: str, command: str) -> str:
    """What an override sets aside. Raises RegistryError where there is none."""
    told = "; ".join(against)
    if against and override is None:
        raise RegistryError(
            f'{what}: {told}. Where that does not count: `idiolect models {command} --override "why"`'
        )
    return told


def _check_reason(override: str | None) -> None:
    if override is not None and not 0 < len(override.strip()) <= LONGEST_REASON:
        raise UsageError(f"--override needs a reason, of {LONGEST_REASON} characters at most")


def _check_expected(before: Replayed, name: str, alias: Alias, expect: int | None) -> None:
    if expect is None or expect == before.standing:
        return
    last = before.held[-1] if before.held else None
    who = f", since {last.who} at {last.when}" if last else ""
    raise RegistryError(
        f"the {alias} of {name} is {before.standing or 'nobody'}, not {expect or 'nobody'} as expected{who}: "
        "look at that one, and try again"
    )


def whoami() -> str:
    """Who runs this, as the system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"
