"""What ingest left out, and why: a few lines at the end of a run."""

from collections import defaultdict
from pathlib import Path

from idiolect.files import read_jsonl
from idiolect.records import RejectedDocument

_NAMED = 3
_KINDS = 8


def set_aside(rejected: Path) -> list[str]:
    """One line a kind of reason, with the first documents that it met; none where nothing was left out."""
    if not rejected.exists():
        return []
    kinds: dict[str, list[RejectedDocument]] = defaultdict(list)
    total = 0
    for one in read_jsonl(rejected, RejectedDocument):
        total += 1
        kinds[one.reason.partition(":")[0]].append(one)
    if not total:
        return []
    lines = [f"Set aside: {total:,} ({rejected} lists each with its reason)"]
    ordered = sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0]))
    for kind, members in ordered[:_KINDS]:
        names = ", ".join(one.path for one in members[:_NAMED]) + (", …" if len(members) > _NAMED else "")
        lines.append(f"  {len(members):5,}  {kind}: {names}")
    if len(ordered) > _KINDS:
        lines.append(
            f"         and {sum(len(members) for _, members in ordered[_KINDS:]):,} for other reasons"
        )
    return lines
