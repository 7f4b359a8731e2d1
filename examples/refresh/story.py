"""A model that lives: served, searched, told what people made of it, watched for drift, refreshed; promoted or not.

python examples/refresh/story.py DOCS PLACE [--set SECTION.KEY=VALUE ...]

DOCS is any folder of documents that has four folders or more. The first half of them makes the first model; the others
come in later, in two parts. The people are simulated (people.py), all else is real: commands, server, searches, clicks.
PLACE must not exist yet.
"""

import argparse
import http
import json
import re
import shutil
import urllib.error
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from people import PEOPLE, People, Week, questions
from telling import EXAMPLES, QUOTES, Telling, posted, until

NAME = "telemetry"
CHAMPION = f"registry:{NAME}@champion"
DOMAIN = "harbour/operations"
SEED = 13
QUESTIONS = 80
FOLLOWED_SECONDS = 120.0
ALARM = 4


@dataclass(frozen=True)
class Folders:
    """The topmost folders of DOCS, in the order of their names: the first model's, and two parts that come later."""

    first: list[str]
    later: tuple[list[str], list[str]]

    @property
    def come(self) -> list[str]:
        return [*self.later[0], *self.later[1]]


def folders(docs: Path) -> Folders:
    sizes = {one.name: sum(path.is_file() for path in one.rglob("*")) for one in sorted(docs.iterdir())}
    names = [name for name in sizes if (docs / name).is_dir() and not name.startswith(".")]
    if len(names) < 4:
        raise SystemExit(f"{docs} has {len(names)} folders, and this story needs four: two come in later")
    first = [names[0]]
    while len(first) < len(names) - 2 and sum(sizes[name] for name in first) * 2 < sum(sizes.values()):
        first.append(names[len(first)])
    later = names[len(first) :]
    half = len(later) // 2
    return Folders(first, (later[:half], later[half:]))


class Story(Telling):
    """The first model's folders are in PLACE/documents from the beginning, with the files beside them."""

    def __init__(self, place: Path, settings: Sequence[str], docs: Path) -> None:
        super().__init__(place, settings)
        self.docs = docs
        self.folders = folders(docs)
        self.documents = place / "documents"
        self.documents.mkdir()
        self.come_in(
            [
                one.name
                for one in docs.iterdir()
                if one.name not in self.folders.come and not one.name.startswith(".")
            ]
        )

    def come_in(self, names: Sequence[str]) -> None:
        for name in names:
            source, target = self.docs / name, self.documents / name
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)

    def index(self) -> None:
        """With the bundle in WORK, which is the champion's whenever this is called."""
        self.idiolect("index", "work/bundle", "documents", "--store", "store", "-q", hidden=self.settings)

    def drift(self, *arguments: str, expect: Sequence[int] = (0,)) -> int:
        drift = ("drift", *arguments, "-w", "work", "-q")
        return self.idiolect(*drift, expect=expect, hidden=self.settings, until=QUOTES)

    def asked(self, week: Week) -> None:
        figures = ", ".join(f"{count:,} {outcome}" for outcome, count in week.outcomes.items())
        self.aside(f"{PEOPLE} simulated people ask {week.questions:,} questions: {figures}")


def tell(story: Story, number: int) -> None:
    first, (soon, later) = story.folders.first, story.folders.later
    known = questions(story.docs)

    story.tell(f"A first model, of {', '.join(first)}")
    story.idiolect(
        "run", "documents", "-w", "work", "-q", expect=(0, 3), hidden=story.settings, until=EXAMPLES
    )
    story.idiolect("models", "publish", "work", "--name", NAME, "--domain", DOMAIN)
    if story.idiolect("models", "promote", f"{NAME}@1", expect=(0, 1)):
        story.idiolect(
            "models", "promote", f"{NAME}@1", "--override", "no gain yet, but somebody has to answer"
        )

    story.tell("It is served, with a store to search in and a log of what people make of it")
    story.index()
    with story.serving(CHAMPION, "--store", "store", "--feedback", "work") as url:
        people = People(url, known, SEED)
        before = served(url)

        story.tell("Two weeks in which people ask about what there is")
        story.asked(people.week((first, number)))
        story.drift()
        story.asked(people.week((first, number)))
        story.drift()

        story.tell(f"The third week: {', '.join(soon)} came in, and half of the questions are about that")
        story.come_in(soon)
        story.index()
        story.asked(people.week((first, number // 2), (soon, number // 2)))
        story.drift("documents", expect=(0, ALARM))

        story.tell(f"The fourth: {', '.join(later)} as well")
        story.come_in(later)
        story.index()
        story.asked(people.week((first, number // 2), (story.folders.come, number // 2)))
        code = story.drift("documents", "--metrics", "drift.prom", "--model", f"{NAME}@1", expect=(0, ALARM))
        story.aside("an alarm" if code == ALARM else "no alarm: new documents alone call for a refresh then")
        gauges(story)

        story.tell("What people made of it, and what can be learnt from that")
        story.idiolect("feedback", "show", "-w", "work")
        story.idiolect("feedback", "learn", "-w", "work", "-q", hidden=story.settings)

        story.tell("The refresh, from the champion on")
        story.idiolect(
            "refresh", "documents", "-w", "work", "--when", "drifted", expect=(0, 3), hidden=story.settings,
            until=EXAMPLES,
        )  # fmt: skip
        story.idiolect("models", "list")
        story.idiolect("audit", "explain", "work", "-w", "work", "--limit", "3")

        story.tell("Who answers now?")
        follow(story, url, before)

        story.tell("The fifth week: people ask about all of it, as in the fourth")
        story.asked(people.week((first, number // 2), (story.folders.come, number // 2)))
        story.drift("documents", expect=(0, ALARM))


def gauges(story: Story) -> None:
    """Whether Prometheus is told of an alarm, and which detectors have differed how often in a row."""
    lines = (story.place / "drift.prom").read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if re.match(r"idiolect_drift_(alarm|streak)\{.* [1-9]", line)]
    print("$ grep -E '(alarm|streak).* [1-9]' drift.prom", *told, sep="\n", flush=True)


def follow(story: Story, url: str, before: str) -> None:
    """Where another version is champion, wait until the server has it, and index with it; say who answers."""
    refreshed = json.loads((story.place / "work" / "refreshes.jsonl").read_text().splitlines()[-1])
    if not refreshed["promoted"]:
        story.aside(f"the server has {served(url)} as before: no other version is champion")
        return
    now = until(lambda: served(url) if served(url) != before else None, FOLLOWED_SECONDS, "it follows")
    story.aside(f"the server had {before}, and has {now} since the promotion")
    story.index()
    found = until(lambda: searched(url), FOLLOWED_SECONDS, "it searches what was indexed")
    story.aside(f"searches are answered with {found}")


def served(url: str) -> str:
    """The weights that the server encodes with, by the first digits of their digest."""
    (model,) = posted(f"{url}/v1/metadata")["models"]
    return f"{model['weights']} weights {model['model_digest'][:12]}"


def searched(url: str) -> str | None:
    """Whose answer a search gets; None while the store is not this model's."""
    try:
        answer = posted(f"{url}/v1/search", {"query": "where is this described", "top": 1})
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.SERVICE_UNAVAILABLE:
            raise
        return None
    return served(url) if answer["hits"] else None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("docs", type=Path)
    parser.add_argument("place", type=Path)
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="SECTION.KEY=VALUE")
    parser.add_argument("--questions", type=int, default=QUESTIONS, metavar="N", help="asked a week")
    given = parser.parse_args()
    given.place.mkdir(parents=True)
    tell(Story(given.place.resolve(), given.settings, given.docs), given.questions)


if __name__ == "__main__":
    main()
