"""The config as a file, with each key's description."""

from typing import Any, get_args, get_type_hints

import msgspec

from idiolect.config.config import SECTIONS, Config


def render(config: Config) -> str:
    """The resolved config as a TOML file with a comment above each key."""
    lines = [f"# {_description(Config, 'seed')}", f"seed = {config.seed}"]
    for name, kind in SECTIONS.items():
        section = getattr(config, name)
        lines += ["", f"[{name}]"]
        for key in kind.__struct_fields__:
            lines += [f"# {_description(kind, key)}", f"{key} = {_toml(getattr(section, key))}"]
    return "\n".join(lines) + "\n"


def _description(kind: type, key: str) -> str:
    hint = get_type_hints(kind, include_extras=True)[key]
    return next(str(meta.description) for meta in reversed(get_args(hint)[1:]) if meta.description)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()  # JSON strings are TOML basic strings
    return repr(value)
