"""Real queries that show the LLM how the people of this place ask."""

import random
from pathlib import Path

from idiolect.errors import ConfigError

MOST = 12
_LONGEST = 500  # characters of one line: what is longer is no query


def read_exemplars(path: str, seed: int) -> list[str]:
    """At most 12 of the file's lines, drawn by `seed`, each once, in the file's order; none without a path.

    Raises ConfigError where the file cannot be read, holds no line, or a line that is no query.
    """
    if not path:
        return []
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"generate.exemplars: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"generate.exemplars: {path} is not UTF-8 text: save it as such") from None
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for number, line in enumerate(lines, 1):
        if len(line) > _LONGEST or "\0" in line:
            what = f"has {len(line):,} characters" if len(line) > _LONGEST else "is no text"
            raise ConfigError(f"generate.exemplars: line {number} of {path} {what}: write one query a line")
    queries = list(dict.fromkeys(filter(None, lines)))
    if not queries:
        raise ConfigError(f"generate.exemplars: {path} holds no query: write one a line")
    drawn = random.Random(seed).sample(range(len(queries)), min(MOST, len(queries)))
    return [queries[i] for i in sorted(drawn)]
