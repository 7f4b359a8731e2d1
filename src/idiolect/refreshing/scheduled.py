"""The same refresh for two schedulers: a crontab on this machine, and a cluster."""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from idiolect.config import Config
from idiolect.erasing.retraining import settings_of
from idiolect.lifecycle.registry.references import is_server
from idiolect.refreshing.schedule import checked, cron_job, crontab_line

_DOCS, _REGISTRY = "/documents", "/registry"


def scheduled(
    schedule: str, docs: Path, work: Path, uri: str, name: str, when: str | None, config: Config
) -> Iterator[str]:
    """A crontab's line, a line between, and a CronJob's YAML. Raises UsageError for what is no schedule.

    Both name every setting that differs from its default, so that no idiolect.toml need lie where they run.
    """
    schedule = checked(schedule)
    own = [
        part
        for setting in settings_of(msgspec.json.decode(msgspec.json.encode(config)))
        for part in ("--set", setting)
    ]
    own += [*(["--name", name] if name else []), *(["--when", when] if when else []), "--quiet"]
    root, server = work.resolve(), is_server(uri)
    registry = uri if server else str(Path(uri).resolve())

    def command(program: list[str], docs: str, work: str, registry: str) -> list[str]:
        return [*program, "refresh", docs, "-w", work, "--registry", registry, *own]

    here = command([sys.executable, "-m", "idiolect"], str(docs.resolve()), str(root), registry)
    yield "# crontab -e"
    yield crontab_line(schedule, Path.cwd(), here, root / "refresh.log")
    yield "# kubectl apply -f -"
    place = f"/refresh/{root.parent.name}/{root.name}"  # the model is called after it
    there = command(["idiolect"], _DOCS, place, uri if server else _REGISTRY)
    yield cron_job(schedule, there, place, _DOCS, "" if server else _REGISTRY).rstrip()
