"""A domain that moves: each month has words of its own, which people ask about in other words than documents use."""

import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest
from teachers.chat_server import ChatServer, Reply, answer, passage_of

from idiolect.cli import main
from idiolect.files import read_jsonl, write_text
from idiolect.lifecycle.registry.catalogue import Registry
from idiolect.records import Chunk, Split
from idiolect.workspace import Workspace

ASKED = {
    "pump": "lantern", "valve": "marble", "filter": "thistle", "tank": "violin", "motor": "biscuit",
    "sensor": "harbour", "cable": "feather", "switch": "orchard", "boiler": "saddle", "bearing": "candle",
    "piston": "meadow", "gauge": "ribbon", "nozzle": "pillow", "gasket": "walnut", "turbine": "anchor",
    "hatch": "dragon", "ladder": "cherry", "hopper": "temple", "magnet": "jacket", "spindle": "otter",
    "invoice": "glacier", "tariff": "trumpet", "refund": "pigeon", "budget": "volcano", "ledger": "carrot",
    "payroll": "castle", "audit": "dolphin", "dividend": "sandal", "mortgage": "parrot", "voucher": "island",
    "deposit": "mirror", "pension": "tulip", "broker": "canyon", "surplus": "kettle", "creditor": "falcon",
    "auction": "blanket", "subsidy": "pepper", "warranty": "lizard", "royalty": "barrel", "customs": "squirrel",
}  # fmt: skip
"""What is asked for → what documents call it: the first half in the first month, the second from the second on."""

HALF = len(ASKED) // 2
WORDS = {told: asked for asked, told in ASKED.items()}
FIVE = "{} and {}, {} and {}, then {}."


def write_month(folder, month, count=40):
    """So many documents, each of five words of that month's (1 or 2): no two have the same."""
    told = list(ASKED.values())[:HALF] if month == 1 else list(ASKED.values())[HALF:]
    chance, seen = random.Random(month), set()
    while len(seen) < count:
        five = tuple(chance.sample(told, 5))
        if frozenset(five) in {frozenset(other) for other in seen}:
            continue
        seen.add(five)
        write_text(
            folder / f"m{month}-{len(seen):02}.md",
            f"# Note {len(seen)} of {month}\n\n" + FIVE.format(*five).capitalize() + "\n",
        )
    return folder


def ask(_, request) -> Reply:
    """Five queries a passage, each in people's words for four of its five."""
    told = [WORDS[word] for word in re.findall(r"\w+", passage_of(request).lower()) if word in WORDS]
    return Reply(answer(*(" ".join(word for word in told if word != left) for left in told)))


SETTINGS = (
    "generate.model=m",
    "generate.per_chunk=5",
    "train.epochs=5",
    "train.learning_rate=1e-3",
    "train.batch_size=16",
    "train.dimensions=[384]",
    "prepare.masked_queries=10",
    "prepare.test_fraction=0.25",
    "prepare.dev_fraction=0.15",
    "prepare.dev_corpus=50",
    "export.formats=[]",
    "ingest.workers=1",
)


class Place:
    """A WORK, its documents, its registry, and the endpoint that is asked."""

    def __init__(self, folder, base):
        self.docs, self.work, self.registry = folder / "docs", Workspace(folder / "acme"), folder / "registry"
        self.endpoint = ChatServer(ask)
        self.settings = (*SETTINGS, f"train.base={base}", f"generate.base_url={self.endpoint.url}")

    def words(self, command, *more):
        registry = ["--registry", str(self.registry)] if command == "refresh" else []
        given = [part for one in self.settings for part in ("--set", one)]
        return [command, str(self.docs), "-w", str(self.work.root), *registry, *given, *map(str, more)]

    def __call__(self, command, *more):
        """The exit code; what was said is left to capsys."""
        with pytest.raises(SystemExit) as stop:
            main(self.words(command, *more))
        return stop.value.code

    def killed(self):
        """A refresh that is killed as soon as it is under way."""
        process = subprocess.Popen(
            [sys.executable, "-m", "idiolect", *self.words("refresh")], start_new_session=True
        )
        deadline = time.monotonic() + 120
        while not self.work.refreshing.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL

    def chunks(self):
        return list(read_jsonl(self.work.chunks, Chunk))

    def documents(self, split):
        """The documents of which that split's queries were asked."""
        return sorted({one.group for one in read_jsonl(self.work.splits, Split) if one.split == split})

    def versions(self):
        return {version.version: version for version in Registry.at(str(self.registry)).versions("acme")}
