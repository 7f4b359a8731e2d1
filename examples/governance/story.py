"""The life of one model under an auditor's eyes: run, publish, explain, promote, erase, verify, roll back.

python examples/governance/story.py DOCS PLACE [--set SECTION.KEY=VALUE ...]

DOCS is any folder of documents. It is copied to PLACE/documents, two made-up documents with personal data are planted
among them, and every command is shown with what it prints. PLACE must not exist yet.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from planted import PERSON, VALUES, holders, plant, sentences

HERE = Path(__file__).parent
NAME = "telemetry"
DOMAIN = "harbour/operations"
LOOKED_THROUGH = ("work", "store", "idiolect-registry")
EXAMPLES = "^(Won|Lost|What to try next):$"
"""Where a run's closing words begin to quote documents, and to advise."""


class Story:
    """Runs commands in PLACE, and shows them."""

    def __init__(self, place: Path, settings: Sequence[str]) -> None:
        self.place = place
        self.settings = [
            "-c",
            str(HERE / "idiolect.toml"),
            *(part for one in settings for part in ("--set", one)),
        ]

    def tell(self, text: str) -> None:
        print(f"\n# {text}", flush=True)

    def idiolect(
        self, *arguments: str, expect: Sequence[int] = (0,), hidden: Sequence[str] = (), until: str = r"\Z"
    ) -> int:
        """Run a command, with `hidden` arguments that are not shown; print it and what it says before `until`.

        Returns its exit code, which must be one of `expect`.
        """
        print(f"$ idiolect {' '.join(map(_quoted, arguments))}", flush=True)
        command = [sys.executable, "-m", "idiolect", *arguments, *hidden]
        done = subprocess.run(command, cwd=self.place, capture_output=True, text=True)
        shown, *more = re.split(until, done.stdout, maxsplit=1, flags=re.MULTILINE)
        errors = [line for line in done.stderr.splitlines() if line.startswith(("error:", "warning:"))]
        code = [f"[exit code {done.returncode}]"] if done.returncode else []
        print(
            "\n".join([shown.rstrip(), *(["…"] if any(more) else []), *errors, *code]).strip("\n"), flush=True
        )
        if done.returncode not in expect:
            raise SystemExit(f"that was not expected here:\n{done.stderr}")
        return done.returncode

    def run(self) -> None:
        arguments = ("run", "documents", "-w", "work", "-q")
        self.idiolect(*arguments, expect=(0, 3), hidden=self.settings, until=EXAMPLES)

    def publish(self) -> None:
        self.idiolect("models", "publish", "work", "--name", NAME, "--domain", DOMAIN)

    def promote(self, version: int) -> None:
        """Through the gate; past it, for a reason that is recorded, where the tuned model brought no gain."""
        promote = ("models", "promote", f"{NAME}@{version}")
        if self.idiolect(*promote, expect=(0, 1)):
            self.idiolect(*promote, "--override", "the story goes on; nobody searches with it")

    def look_for(self, texts: Sequence[str], what: str, expected: bool = False) -> None:
        """Read every byte of WORK, the store and the registry, and say how many of these texts are in it."""
        found = holders(texts, [self.place / name for name in LOOKED_THROUGH])
        print(
            f"(of {len(texts)} {what}, {len(found)} in the files of {', '.join(LOOKED_THROUGH)})", flush=True
        )
        if bool(found) != expected:
            raise SystemExit(f"that was not expected here: {found}")


def tell(story: Story, docs: Path) -> None:
    documents = story.place / "documents"
    shutil.copytree(docs, documents)

    story.tell("A first model, of the documents and the rota of those on call")
    plant("on-call.md", documents / "people")
    story.run()
    story.publish()
    story.promote(1)

    story.tell("Nobody's address, phone number, account or key went further than the folder of documents")
    story.look_for(list(VALUES.values()), "planted values")
    story.idiolect(
        "search", "the on-call rota for collectors that drop spans at night", "-w", "work", "--top", "1"
    )

    story.tell("A second model: somebody's notes have come in")
    plant(PERSON, documents / "people")
    story.run()
    story.publish()
    story.promote(2)
    story.idiolect("index", "work/bundle", "work", "--store", "store", "-q")

    story.tell("What shaped it?")
    story.idiolect("audit", "explain", "work", "-w", "work", "--limit", "3")
    story.tell("And what did those notes shape?")
    story.idiolect("audit", "explain", "--document", f"people/{PERSON}", "-w", "work")

    story.tell("She asks to be forgotten: first what would go, then it goes")
    story.look_for(sentences(PERSON), "traces of her notes", expected=True)
    erase = ("audit", "erase", "--document", f"people/{PERSON}", "-w", "work")
    story.idiolect(*erase, "--dry-run")
    (documents / "people" / PERSON).unlink()
    story.idiolect(*erase, "-q")
    story.look_for(sentences(PERSON), "traces of her notes")

    story.tell("The log still holds, and says what was done")
    story.idiolect("audit", "verify", "-w", "work")

    story.tell("The second model learned from her notes: the first comes back, and the second may not")
    story.idiolect("models", "list")
    story.idiolect("models", "rollback", NAME)
    story.idiolect("models", "promote", f"{NAME}@2", expect=(1,))

    story.tell("The retraining that the erasure queued makes a third one without her")
    story.run()
    story.publish()
    story.idiolect("models", "show", f"{NAME}@3")
    story.idiolect("models", "list")
    story.idiolect("audit", "verify", "-w", "work")
    story.look_for(sentences(PERSON), "traces of her notes")


def _quoted(argument: str) -> str:
    return f'"{argument}"' if " " in argument else argument


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("docs", type=Path)
    parser.add_argument("place", type=Path)
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="SECTION.KEY=VALUE")
    given = parser.parse_args()
    given.place.mkdir(parents=True)
    tell(Story(given.place.resolve(), given.settings), given.docs)


if __name__ == "__main__":
    main()
