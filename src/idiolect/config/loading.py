"""idiolect.toml and settings given beside it, read; unknown keys are refused with the nearest known one."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from idiolect.config.checks import check
from idiolect.config.config import SECTIONS, Config
from idiolect.errors import ConfigError


def load(path: Path | None = None, settings: Iterable[str] = ()) -> Config:
    """Read `path` (./idiolect.toml where None and it exists), then apply `section.key=value` settings.

    Raises ConfigError naming the key, and the nearest known one where it is unknown.
    """
    raw: dict[str, Any] = {}
    if path is None and Path("idiolect.toml").is_file():
        path = Path("idiolect.toml")
    if path is not None:
        raw = _read_toml(path)
    return resolved(raw, settings)


def resolved(raw: dict[str, Any], settings: Iterable[str] = ()) -> Config:
    """The config of the sections in `raw`, which `settings` are applied to. Raises ConfigError as `load`."""
    for setting in settings:
        _apply(raw, setting)
    _refuse_unknown(raw)
    generate = raw.get("generate", {})
    if isinstance(generate, dict) and generate.get("base_url") and "teacher" not in generate:
        raw["generate"] = {**generate, "teacher": "llm"}
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"config: {error}".replace("$.", "").replace("`", "")) from None
    check(config)
    return config


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"config file {path} does not exist") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"config file {path} cannot be read: {error}") from None


def _apply(raw: dict[str, Any], setting: str) -> None:
    key, equals, text = setting.partition("=")
    if not equals:
        raise ConfigError(f"--set {setting!r} is not of the form section.key=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, name = key.strip().split(".")
    target = raw
    for section in sections:
        target = target.setdefault(section, {})
        if not isinstance(target, dict):
            raise ConfigError(f"--set {setting!r}: {section!r} is no section")
    target[name] = value


def _refuse_unknown(raw: Mapping[str, Any]) -> None:
    known = {"seed": None} | {name: set(kind.__struct_fields__) for name, kind in SECTIONS.items()}
    everything = ["seed", *(f"{name}.{key}" for name, keys in known.items() if keys for key in sorted(keys))]
    for name, value in raw.items():
        if name not in known:
            raise ConfigError(_unknown(name, [*known, *everything]))
        keys = known[name]
        if keys is None:
            continue
        if not isinstance(value, dict):
            raise ConfigError(f"config: {name!r} is a section, write [{name}]")
        for key in value:
            if key not in keys:
                raise ConfigError(_unknown(f"{name}.{key}", everything))


def _unknown(key: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
    return f"unknown config key {key!r}; the nearest known one is {nearest[0]!r}"
