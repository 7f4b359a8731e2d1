"""A refresh that comes round: the line of a crontab, and the CronJob of a Kubernetes cluster; both only printed."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from idiolect.errors import UsageError

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 6))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMES = {
    "month": {name: number for number, name in enumerate(_MONTHS, 1)},
    "weekday": {name: number for number, name in enumerate(_DAYS)},
}
_PART = re.compile(r"(?P<from>\*|[a-z0-9]+)(?:-(?P<to>[a-z0-9]+))?(?:/(?P<step>[0-9]+))?")

USER = 10001
"""Of the image, as in deploy/kubernetes.yaml."""

KEPT = 3
"""The exit code of a refresh that kept the champion."""

_HEADER = """\
# The image: docker build --build-arg EXTRAS=train,documents,llm,openvino,registry --tag idiolect:refresh .
# Claims that the job needs: {claims}.
"""


def checked(schedule: str) -> str:
    """Five fields as crontab(5) and Kubernetes both have them, with single spaces; Sunday is 0, 7 is crontab's alone.

    Raises UsageError naming the field that is none.
    """
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        raise UsageError(
            f"--schedule {schedule!r} has {len(fields)} fields: give minute, hour, day, month and weekday, "
            'such as "0 3 * * 0"'
        )
    for field, (name, low, high) in zip(fields, _FIELDS, strict=True):
        if not all(_is_part(part, low, high, _NAMES.get(name, {})) for part in field.lower().split(",")):
            raise UsageError(
                f"--schedule {schedule!r}: {field!r} is no {name} ({low} to {high}, *, ranges, lists, /steps)"
            )
    return " ".join(fields)


def _is_part(text: str, low: int, high: int, names: dict[str, int]) -> bool:
    found = _PART.fullmatch(text)
    if found is None or (found["from"] == "*" and found["to"]):
        return False
    ends = [found[end] for end in ("from", "to") if found[end] and found[end] != "*"]
    values = [names.get(end, int(end) if end.isdecimal() else -1) for end in ends]
    return (
        all(low <= value <= high for value in values)
        and values == sorted(values)
        and int(found["step"] or 1) > 0
    )


def crontab_line(schedule: str, directory: Path, command: Sequence[str], log: Path) -> str:
    """`command` in `directory`, what it says added to `log`; a percent sign would end a crontab's command."""
    told = f"cd {shlex.quote(str(directory))} && {shlex.join(command)} >> {shlex.quote(str(log))} 2>&1"
    return f"{schedule} {told}".replace("%", r"\%")


def cron_job(schedule: str, command: Sequence[str], work: str, docs: str, registry: str) -> str:
    """A CronJob of batch/v1, in YAML: one refresh at a time, WORK and what else it writes on claims of their own.

    `command` names the places `work`, `docs` and `registry` in the container, the registry "" where it is a server.
    The LLM's key comes from the secret `idiolect-llm`, where there is one.
    """
    volumes = {"work": work, "documents": docs, **({"registry": registry} if registry else {})}
    container = {
        "name": "refresh",
        "image": "idiolect:refresh",
        "imagePullPolicy": "IfNotPresent",
        "command": [
            "sh",
            "-c",
            f"{shlex.join(command)} || [ $? -eq {KEPT} ]",
        ],  # a champion kept is no failure
        "env": [{"name": "HOME", "value": "/tmp"}],
        "envFrom": [{"secretRef": {"name": "idiolect-llm", "optional": True}}],
        "resources": {"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"cpu": "4", "memory": "8Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            *(
                {"name": name, "mountPath": path, **({"readOnly": True} if name == "documents" else {})}
                for name, path in volumes.items()
            ),
            {"name": "temporary", "mountPath": "/tmp"},
        ],
    }
    pod = {
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",  # the next time goes on where this one was
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            *({"name": name, "persistentVolumeClaim": {"claimName": f"idiolect-{name}"}} for name in volumes),
            {"name": "temporary", "emptyDir": {}},
        ],
    }
    job: dict[str, Any] = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "idiolect-refresh", "labels": {"app": "idiolect"}},
        "spec": {
            "schedule": schedule,
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": {"backoffLimit": 0, "template": {"spec": pod}}},
        },
    }
    claims = ", ".join(f"idiolect-{name}" for name in volumes)
    return _HEADER.format(claims=claims) + str(yaml.safe_dump(job, sort_keys=False, width=120))
