"""The life of one model under an auditor's eyes: run, publish, explain, promote, erase, verify, roll back.

python examples/governance/story.py DOCS PLACE [--set SECTION.KEY=VALUE ...]

DOCS is any folder of documents. It is copied to PLACE/documents, two made-up documents with personal data are planted
beside them, and every command is shown with what it prints. PLACE must not exist yet.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from planted import PERSON, VALUES, holders, plant

HERE = Path(__file__).parent
NAME = "telemetry"
DOMAIN = "harbour/operations"


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

    def idiolect(self, *arguments: str, expect: tuple[int, ...] = (0,), hidden: Sequence[str] = ()) -> str:
        """Run a command, print it and what it printed; its exit code must be one of `expect`."""
        print(f"$ idiolect {' '.join(_quoted(one) for one in arguments)}", flush=True)
        command = [sys.executable, "-m", "idiolect", *arguments, *hidden]
        done = subprocess.run(command, cwd=self.place, capture_output=True, text=True)
        print((done.stdout + _errors(done.stderr)).rstrip(), flush=True)
        if done.returncode:
            print(f"[exit code {done.returncode}]", flush=True)
        if done.returncode not in expect:
            raise SystemExit(f"exit code {done.returncode} was not expected here:\n{done.stderr}")
        return done.stdout

    def run(self) -> None:
        self.idiolect("run", "documents", "-w", "work", "-q", expect=(0, 3), hidden=self.settings)

    def publish(self) -> None:
        self.idiolect("models", "publish", "work", "--name", NAME, "--domain", DOMAIN)

    def promote(self, version: int) -> None:
        """Through the gate; past it, for a reason that is recorded, where the tuned model brought no gain."""
        verdict = json.loads((self.place / "work" / "report.json").read_text(encoding="utf-8"))["verdict"]
        self.idiolect("models", "promote", f"{NAME}@{version}", expect=(0, 1))
        if self.champion() != version:
            print(f"The gate refused: the verdict is {verdict}. Somebody who may decides otherwise.")
            self.idiolect(
                "models",
                "promote",
                f"{NAME}@{version}",
                "--override",
                "shown in a story; nobody searches with it",
            )

    def champion(self) -> int:
        """The version that is served, 0 for none."""
        command = [sys.executable, "-m", "idiolect", "models", "list", "--json"]
        found = subprocess.run(command, cwd=self.place, capture_output=True, text=True, check=True)
        models = json.loads(found.stdout)["models"]
        return next((one["champion"] or 0 for one in models if one["name"] == NAME), 0)

    def search_for_values(self) -> None:
        places = [
            self.place / name
            for name in ("work", "store", "idiolect-registry")
            if (self.place / name).exists()
        ]
        found = holders(*places)
        print(
            f"Of {len(VALUES)} planted values {len(found)} are found in {', '.join(path.name for path in places)}."
        )
        for value, paths in found.items():
            print(f"  {value}: {', '.join(str(path) for path in paths)}")
        if found:
            raise SystemExit("personal data got past ingest")


def tell(story: Story, docs: Path) -> None:
    documents = story.place / "documents"
    shutil.copytree(docs, documents)

    story.tell("A first model, of the documents as they are and the rota of those on call")
    plant("on-call.md", documents / "people")
    story.run()
    story.publish()
    story.promote(1)

    story.tell("Nobody's address, phone number, account or key went further than the folder of documents")
    story.search_for_values()
    story.idiolect("search", "who is on call in odd weeks", "-w", "work", "--top", "1")

    story.tell("A second model: somebody's notes have come in")
    plant(PERSON, documents / "people")
    story.run()
    story.publish()
    story.promote(2)
    story.idiolect("index", "work/bundle", "work", "--store", "store", "-q")

    story.tell("What shaped it?")
    story.idiolect("audit", "explain", "work", "-w", "work", "--limit", "5")
    story.tell("And what did that document do?")
    story.idiolect("audit", "explain", "--document", f"people/{PERSON}", "-w", "work")
    story.idiolect("audit", "licences", "-w", "work")

    story.tell("She asks to be forgotten: first what would go, then it goes")
    erase = ("audit", "erase", "--document", f"people/{PERSON}", "-w", "work")
    story.idiolect(*erase, "--dry-run")
    (documents / "people" / PERSON).unlink()
    story.idiolect(*erase, "--registry", "idiolect-registry", "-q")

    story.tell("The log still holds, and says what was done")
    story.idiolect("audit", "verify", "-w", "work")
    story.idiolect(
        "search",
        "one in forty of the traces where nothing happened",
        "-w",
        "work",
        "--store",
        "store",
        "--top",
        "1",
    )

    story.tell("The second model learned from her notes: it may not be promoted, and the first is back")
    story.idiolect("models", "list")
    story.idiolect("models", "rollback", NAME)
    story.idiolect("models", "promote", f"{NAME}@2", expect=(1,))
    story.idiolect("models", "show", f"{NAME}@champion")

    story.tell("The retrain that the erasure queued makes a third one without her")
    story.run()
    story.publish()
    story.idiolect("models", "list")
    story.idiolect("audit", "verify", "-w", "work")


def _quoted(argument: str) -> str:
    return f'"{argument}"' if " " in argument else argument


def _errors(text: str) -> str:
    """What a command says on stderr that is no log of a library."""
    return "".join(line + "\n" for line in text.splitlines() if line.startswith(("error:", "warning:")))


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
