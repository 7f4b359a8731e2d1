"""How many processors and how much memory this process may use, containers' limits included."""

import math
import os
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
MEMINFO = Path("/proc/meminfo")


def available_cpus(cgroups: Path = CGROUPS, own: Path = OWN) -> int:
    """Processors that affinity and the CPU quotas of cgroups (v1 or v2) leave to this process; at least 1."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for folder in _folders("cpu", cgroups, own) if (quota := _quota(folder)) is not None]
    return max(1, min([affinity, *(math.ceil(quota) for quota in quotas)]))


def available_memory(cgroups: Path = CGROUPS, own: Path = OWN, meminfo: Path = MEMINFO) -> int | None:
    """Bytes that the system and the memory limits of cgroups (v1 or v2) leave to this process.

    What files are cached in counts as free, swap does not.  None where nothing says it.
    """
    left = [room for folder in _folders("memory", cgroups, own) if (room := _room(folder)) is not None]
    free = _entry(meminfo, "MemAvailable:")
    if free is not None:
        left.append(free * 1024)
    return max(0, min(left)) if left else None


def _folders(controller: str, cgroups: Path, own: Path) -> list[Path]:
    """The cgroup folders of a controller that bind this process, from its own up to the root."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    folders = [cgroups, cgroups / controller]
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = cgroups / controller if controllers else cgroups
        path = root / name.lstrip("/")
        while path != root and root in path.parents:
            folders.append(path)
            path = path.parent
    return folders


def _quota(folder: Path) -> float | None:
    """Processors that a folder's quota grants, None where it sets no limit."""
    try:
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text(encoding="utf-8").strip()
            period = (folder / "cpu.cfs_period_us").read_text(encoding="utf-8").strip()
        return int(quota) / int(period) if quota not in ("max", "-1") else None
    except (OSError, ValueError):
        return None


def _room(folder: Path) -> int | None:
    """Bytes that a folder's memory limit leaves, None where it sets none."""
    for limit, used, cached in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        try:
            most = int((folder / limit).read_text(encoding="utf-8"))
            taken = int((folder / used).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        return most - taken + (_entry(folder / "memory.stat", cached) or 0)
    return None


def _entry(file: Path, name: str) -> int | None:
    """The number behind a name in a file of "name number" lines."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = (line.split() for line in lines)
    return next((int(parts[1]) for parts in found if len(parts) > 1 and parts[0] == name), None)
