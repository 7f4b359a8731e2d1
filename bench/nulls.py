"""Corpora without any meaning must never end in `promote`: ten of them, by the whole pipeline.

    python bench/nulls.py CORPUS.jsonl [--documents 400] [--corpora 10] [--set section.key=value]...

Half are the words of CORPUS (BEIR's `corpus.jsonl`) shuffled over all documents; in the others every
letter is drawn anew as well.  What one document says then tells nothing of another, nor the head of a
document of its end.  Each is run with the extractive teacher and the defaults; prints the verdict, the
share of the change that dev kept, and the gain with its interval.  About 5 minutes a corpus on two cores.
"""

import argparse
import json
import random
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

Texts = list[tuple[str, str]]
"""Title and text of documents."""


def shuffled(documents: Sequence[tuple[str, str]], seed: int) -> Texts:
    """The same words in another order, over all documents, each as long as it was."""
    words = [word for title, text in documents for word in f"{title} {text}".split()]
    random.Random(seed).shuffle(words)
    drawn = iter(words)
    return [(_take(drawn, title), _take(drawn, text)) for title, text in documents]


def letters(documents: Sequence[tuple[str, str]], seed: int) -> Texts:
    """Every letter another one, drawn anew wherever it stands; marks and lengths of words stay."""
    generator = random.Random(seed)

    def drawn(text: str) -> str:
        return "".join(generator.choice(string.ascii_lowercase) if sign.isalnum() else sign for sign in text)

    return [(drawn(title), drawn(text)) for title, text in documents]


def _take(words: Iterator[str], text: str) -> str:
    return " ".join(next(words) for _ in text.split())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--corpora", type=int, default=10)
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    with given.corpus.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line, _ in zip(lines, range(given.documents), strict=False)]
    documents = [(row.get("title") or "", row["text"]) for row in rows]
    promoted = 0
    for number in range(given.corpora):
        kind = (shuffled, letters)[number % 2]
        with tempfile.TemporaryDirectory() as folder:
            promoted += run(Path(folder), kind.__name__, number, kind(documents, number), given.set)
    sys.stdout.write(f"promoted: {promoted} of {given.corpora}\n")


def run(folder: Path, kind: str, number: int, documents: Texts, settings: Sequence[str]) -> bool:
    """One corpus from documents to verdict; whether it was promoted."""
    rows = [{"_id": f"d{n}", "title": title, "text": text} for n, (title, text) in enumerate(documents)]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    options = [part for setting in (f"seed={number}", *settings) for part in ("--set", setting)]
    command = ["run", folder / "corpus.jsonl", "-w", folder / "work", "--to", "evaluate", "-q", *options]
    done = subprocess.run(
        [sys.executable, "-m", "idiolect", *map(str, command)], stdout=subprocess.PIPE, text=True
    )
    name = f"{kind:9} seed {number}"
    if done.returncode not in (0, 3):
        sys.stdout.write(f"{name}  no verdict: the run ended with exit code {done.returncode}\n")
        return False
    report = json.loads((folder / "work" / "report.json").read_text(encoding="utf-8"))
    share = json.loads((folder / "work" / "selection.json").read_text(encoding="utf-8"))["share"]
    sys.stdout.write(f"{name}  {report['verdict']:13} share {share:g}  {report['sentence']}\n")
    sys.stdout.flush()
    return bool(report["verdict"] == "promote")


if __name__ == "__main__":
    main()
