"""What is no longer as a manifest says: code, packages, machine, settings, and what the run was given."""

import platform
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from idiolect import __version__
from idiolect.config import Config
from idiolect.lifecycle.audit import provenance
from idiolect.lifecycle.audit.manifests import StageManifest, without_secrets
from idiolect.lifecycle.audit.provenance import Code


def surroundings(manifests: Iterable[StageManifest]) -> list[str]:
    """A line for each of code, packages, Python and hardware that is another now, once for all manifests."""
    lines: dict[str, None] = {}
    for manifest in manifests:
        for line in (_code(manifest), _lock(manifest), _python(manifest), *_hardware(manifest)):
            if line:
                lines[line] = None
    return list(lines)


def settings(manifest: StageManifest, config: Config) -> list[str]:
    """A line for each setting of a manifest that is given otherwise now, or that is new since."""
    then, now = _flat(manifest.config), _flat(without_secrets(msgspec.to_builtins(config)))
    return [
        f"setting {name}: {then[name]!r} then, {value!r} now" if name in then
        else f"setting {name} is new since, and takes its default {value!r}"
        for name, value in now.items()
        if name not in then or then[name] != value
    ]  # fmt: skip


def inputs(stage: str, then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """A line for each thing that a stage was given then and that has another digest now, is gone, or is new."""
    given = without_secrets(now)
    lines = []
    for name in sorted({*then, *given}):
        if name not in given:
            lines.append(f"input {name}: {stage} was given it then, and it is not there now")
        elif name not in then:
            lines.append(f"input {name}: {stage} was not given it then")
        elif then[name] != given[name]:
            lines.append(f"input {name}: not what {stage} was given then")
    return lines


def gpus(then: Mapping[str, StageManifest], now: Mapping[str, StageManifest]) -> list[str]:
    """A line where a stage ran on other GPUs: they are known once it has run, for only then is torch imported."""
    lines = []
    for stage, manifest in then.items():
        before, after = manifest.hardware.gpus, now[stage].hardware.gpus
        if before != after:
            lines.append(
                f"hardware: {stage} had GPUs {', '.join(before) or 'none'} then, {', '.join(after) or 'none'} now"
            )
    return lines


def _code(manifest: StageManifest) -> str:
    now = provenance.code()
    if (manifest.idiolect, manifest.code.digest) == (__version__, now.digest):
        return ""
    return f"code: {_named(manifest.idiolect, manifest.code)} then, {_named(__version__, now)} now"


def _named(version: str, code: Code) -> str:
    commit = f", commit {code.commit[:12]}{' with changes' if code.dirty else ''}" if code.commit else ""
    return f"idiolect {version} (files {code.digest[:12]}{commit})"


def _lock(manifest: StageManifest) -> str:
    then, now = manifest.lock, provenance.lock()
    if then.digest == now.digest:
        return ""
    differ = [
        f"{name} {then.packages.get(name, 'absent')} → {now.packages.get(name, 'absent')}"
        for name in sorted({*then.packages, *now.packages})
        if then.packages.get(name) != now.packages.get(name)
    ]
    return f"packages: {', '.join(differ) or 'some that idiolect does not ask for itself'} differ from then"


def _python(manifest: StageManifest) -> str:
    now = (platform.python_version(), f"{platform.system()} {platform.machine()}")
    then = (manifest.python, manifest.machine)
    return "" if then == now else f"system: Python {' on '.join(then)} then, Python {' on '.join(now)} now"


def _hardware(manifest: StageManifest) -> list[str]:
    then, now = manifest.hardware, provenance.hardware()
    words = {"cpu": "processor", "cores": "cores", "threads": "OMP_NUM_THREADS"}
    return [
        f"hardware: {word} {getattr(then, name) or 'unset'} then, {getattr(now, name) or 'unset'} now"
        for name, word in words.items()
        if getattr(then, name) != getattr(now, name)
    ]


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{key}": item for key, item in value.items()}
        else:
            flat[name] = value
    return {name: list(value) if isinstance(value, tuple) else value for name, value in flat.items()}
