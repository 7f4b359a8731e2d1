"""The documentation's Python blocks, run as a reader would run them."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


def python_block(document: str, heading: str) -> str:
    """The one Python block below a heading of a file in the repository."""
    text = (ROOT / document).read_text(encoding="utf-8")
    section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", text, re.M | re.S)
    assert section, f"{document} has no heading {heading!r}"
    (block,) = BLOCK.findall(section[1])
    return str(block)


def run_block(code: str, **replaced: str) -> dict[str, Any]:
    """Run a block with some of its texts replaced, each of which must stand in it; what it then holds."""
    names: dict[str, Any] = {}
    for old, new in replaced.items():
        assert old in code, f"{old!r} is not in the block"
        code = code.replace(old, new)
    exec(compile(code, "<documentation>", "exec"), names)
    return names
