"""Simulated people: they search a server for what documents are headed with, and open the document that they meant.

They stand in for real ones, so that the story can be told of any documents. What they want is known beforehand, which
no real log says; how they come to it is as people do: they look at the hits from the top, each further one with less
chance, open one by mistake now and then, take their time, copy from what satisfies them, and give up.
"""

import datetime
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telling import posted

from idiolect.readers import Parsed, read_documents

PEOPLE, ASKERS = 48, 3
"""How many people there are, and how many of them ask the same question in a week."""

SHOWN = 10
MISTAKE = 0.05
LOOK_SECONDS, READ_SECONDS = (0.5, 1.5), (1.0, 2.0)
"""How long people look at a list before they act, and at a document before they copy from it: drawn between these."""

FEWEST_WORDS, MOST_WORDS = 3, 12


@dataclass(frozen=True)
class Question:
    """What somebody types, the document that would satisfy them, and the topmost folder it lies in."""

    text: str
    document: str
    folder: str


@dataclass
class Week:
    """What came of a week's searches; `outcomes`: in words → how many."""

    questions: int
    outcomes: Counter[str] = field(default_factory=Counter)


def questions(docs: Path) -> list[Question]:
    """One for each heading of each document: its words where no other document has them, else behind the title's."""
    headed: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for one in read_documents(docs):
        if isinstance(one, Parsed):
            document = one.document
            folder = document.path.partition("/")[0]
            for block in one.blocks:
                if block.heading:
                    headed[_plain(block.heading)].append((_plain(document.title), document.id, folder))
    found: dict[str, set[Question]] = defaultdict(set)
    for heading, places in headed.items():
        alone = len({document for _, document, _ in places}) == 1 and len(heading.split()) >= FEWEST_WORDS
        for title, document, folder in places:
            text = heading if alone or heading == title else f"{title} {heading}"
            if FEWEST_WORDS <= len(text.split()) <= MOST_WORDS:
                found[text].add(Question(text, document, folder))
    return [only for same in found.values() if len(same) == 1 for only in same]


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[\w.-]*\w", text.casefold()))


class People:
    """`url`: the server's. Each question is asked in one week alone."""

    def __init__(self, url: str, known: Sequence[Question], seed: int) -> None:
        self.url = url
        self.chance = random.Random(seed)
        self.left = self.chance.sample(list(known), len(known))
        self.weeks = 0

    def week(self, *wanted: tuple[Collection[str], int]) -> Week:
        """People ask so many questions of the documents in these folders; as many as are left, where they are fewer."""
        self.weeks += 1
        asked: list[Question] = []
        for folders, count in wanted:
            asked += [one for one in self.left if one.folder in folders][:count]
        self.left = [one for one in self.left if one not in set(asked)]
        told = Week(len(asked))
        turns = [one for one in asked for _ in range(ASKERS)]
        # dealt out like cards: the same question goes to different people, and everybody has about as many
        hands = {person: turns[person::PEOPLE] for person in range(PEOPLE)}
        seeds = {person: self.chance.random() for person in hands}
        with ThreadPoolExecutor(PEOPLE) as pool:
            for outcome in pool.map(
                lambda person: self._ask(person, hands[person], random.Random(seeds[person])), hands
            ):
                told.outcomes += outcome
        return told

    def _ask(self, person: int, mine: Iterable[Question], chance: random.Random) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        time.sleep(chance.uniform(0, LOOK_SECONDS[1]))
        for question in mine:
            outcomes["searches"] += 1
            outcomes[self._searched(person, question, chance)] += 1
        return outcomes

    def _searched(self, person: int, question: Question, chance: random.Random) -> str:
        who = {"user": f"person {person}", "session": f"week {self.weeks}, person {person}", "consent": True}
        found = posted(f"{self.url}/v1/search", {"query": question.text, "top": SHOWN, **who})
        for hit in found["hits"]:
            rank = hit["rank"]
            if chance.random() > rank**-0.5:
                continue  # not looked at
            right = hit["document_id"] == question.document
            if not right and chance.random() > MISTAKE:
                continue
            time.sleep(chance.uniform(*LOOK_SECONDS))
            self._act(found["impression_id"], "click", rank)
            if right:
                time.sleep(chance.uniform(*READ_SECONDS))
                self._act(found["impression_id"], "copy", rank)
                return "satisfied"
        time.sleep(chance.uniform(*LOOK_SECONDS))
        self._act(found["impression_id"], "abandon")
        return "given up"

    def _act(self, impression: str, kind: str, rank: int | None = None) -> None:
        now = datetime.datetime.now(datetime.UTC).isoformat()
        event: dict[str, Any] = {"type": "action", "impression": impression, "time": now, "kind": kind}
        posted(f"{self.url}/v1/feedback", event | ({"rank": rank} if rank else {}))
