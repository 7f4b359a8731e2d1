"""What `models list`, `show` and `compare` tell."""

import datetime
from typing import TYPE_CHECKING

from idiolect.evaluation.significance import Comparison
from idiolect.lifecycle.registry.gate import compared, target_of, why_not
from idiolect.lifecycle.registry.history import history, replayed
from idiolect.lifecycle.registry.references import ALIASES, checked_domain
from idiolect.lifecycle.registry.versions import Promotion, Version
from idiolect.records import Record

if TYPE_CHECKING:
    from idiolect.lifecycle.registry.catalogue import Registry


class Model(Record, frozen=True, kw_only=True):
    """A model in one line: the facts are the champion's, or the newest version's where there is none.

    `champion` and `challenger` are versions, 0 where there is none; `age` is in seconds since it was made.
    """

    name: str
    versions: int
    champion: int
    challenger: int
    shown: int
    domain: str
    base: str
    verdict: str
    gain: float | None
    metric: str
    created: str
    age: float
    drift: str
    taint: str
    licences: str
    redistribution: str


class Shown(Record, frozen=True, kw_only=True):
    """A version with its figures and its model's history. `void`: numbers of entries that came second;
    `outside`: aliases that stand elsewhere than the history says, because somebody set them in MLflow."""

    version: Version
    metrics: dict[str, float]
    history: list[Promotion]
    void: list[int]
    outside: dict[str, int]
    files: list[str]


class Compared(Record, frozen=True, kw_only=True):
    """`comparisons` by data set: what `b` serves against what `a` serves, paired by query; `reason` where there are
    none; `metrics` side by side, of those that both were published with."""

    a: str
    b: str
    target: str
    comparisons: dict[str, Comparison]
    reason: str
    metrics: dict[str, tuple[float, float]]


def models(registry: "Registry", domain: str = "") -> list[Model]:
    """Every model by domain and name; of a domain those below it too: "company" has "company/team"."""
    domain = checked_domain(domain)
    by_name: dict[str, list[Version]] = {}
    for version in registry.versions():
        by_name.setdefault(version.name, []).append(version)
    found = [_model(versions) for versions in by_name.values()]
    return sorted(
        (model for model in found if not domain or f"{model.domain}/".startswith(f"{domain}/")),
        key=lambda model: (model.domain, model.name),
    )


def show(registry: "Registry", version: Version) -> Shown:
    entries = history(registry.backend, version.name)
    aliases = registry.backend.aliases(version.name).get(version.name, {})
    replays = {alias: replayed(entries, alias) for alias in ALIASES}
    return Shown(
        version=version,
        metrics=registry.backend.metrics(version.run_id),
        history=entries,
        void=sorted(number for replay in replays.values() for number in replay.void),
        outside={
            alias: aliases.get(alias, 0)
            for alias, replay in replays.items()
            if aliases.get(alias, 0) != replay.standing
        },
        files=registry.backend.parts(version.run_id),
    )


def compare(registry: "Registry", a: Version, b: Version) -> Compared:
    target = target_of(registry, b)
    comparisons = compared(registry, a, b, target=target)
    first, second = registry.backend.metrics(a.run_id), registry.backend.metrics(b.run_id)
    return Compared(
        a=str(a),
        b=str(b),
        target=target,
        comparisons=comparisons,
        reason="" if comparisons else why_not(registry, a, b),
        metrics={name: (value, second[name]) for name, value in sorted(first.items()) if name in second},
    )


def _model(versions: list[Version]) -> Model:
    held = {alias: version for version in versions for alias in version.aliases}
    shown = held.get("champion", versions[-1])
    now = datetime.datetime.now(datetime.UTC)
    return Model(
        name=shown.name,
        versions=len(versions),
        champion=held["champion"].version if "champion" in held else 0,
        challenger=held["challenger"].version if "challenger" in held else 0,
        shown=shown.version,
        domain=shown.domain,
        base=shown.base,
        verdict=shown.verdict,
        gain=shown.gain,
        metric=shown.metric,
        created=shown.created,
        age=(now - datetime.datetime.fromisoformat(shown.created)).total_seconds(),
        drift=shown.drift,
        taint=shown.taint,
        licences=shown.licences,
        redistribution=shown.redistribution,
    )
