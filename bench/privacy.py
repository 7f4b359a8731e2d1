"""What privacy at ingest finds, misses and costs.

    python bench/privacy.py recall [--count 400]
    python bench/privacy.py corpus DOCS [--rounds 3]
    python bench/privacy.py retrieval BEIR [--split train] [--passages 1200]

`recall`: made-up values with valid checksums (`tests/lifecycle/privacy/made_up.py`) that are found, with Wilson's 95%
interval, and values with a wrong checksum that are flagged.  `corpus`: what is found in documents, a sample of it
with its values hidden, seconds of CPU a megabyte, and those of `idiolect ingest` with and without the search, in turn.
`retrieval`: nDCG@10 of the base over the passages as they are and masked, and, so that there is something to mask,
with a made-up contact at the end of each passage: as it is, with pseudonyms, with the kind's name alone, without.
Queries that share a relevant document with a test query are left out.
"""

import argparse
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from _processes import cpu_seconds, group_of
from lifecycle.privacy.made_up import (
    CHECKED_IDS,
    SENTENCES,
    VALUES,
    altered,
    cards,
    emails,
    ibans,
    interval,
    phones,
    remains,
    written,
)

from idiolect.config import Privacy
from idiolect.lifecycle.privacy import masker
from idiolect.lifecycle.privacy.detecting import Detector
from idiolect.lifecycle.privacy.pseudonyms import PSEUDONYM
from idiolect.readers import Parsed, read_documents


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("recall")
    one.add_argument("--count", type=int, default=400)
    one.set_defaults(run=lambda given: recall(given.count))
    one = commands.add_parser("corpus")
    one.add_argument("docs", type=Path)
    one.add_argument("--rounds", type=int, default=3)
    one.set_defaults(run=lambda given: corpus(given.docs, given.rounds))
    one = commands.add_parser("retrieval")
    one.add_argument("beir", type=Path)
    one.add_argument("--split", default="train")
    one.add_argument("--passages", type=int, default=1_200)
    one.set_defaults(run=lambda given: retrieval(given.beir, given.split, given.passages))
    given = parser.parse_args()
    given.run(given)


def write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def recall(count: int) -> None:
    hide = masker(Privacy(), None)
    write(f"{'kind':12} {'found':>9} {'recall, 95% interval':>24} {'wrong checksums flagged':>25}")
    rng = random.Random(11)
    decoys = {
        "iban": lambda: altered(next(ibans(rng)), rng),
        "card": lambda: altered(next(cards(rng)), rng),
        "national_id": lambda: altered(rng.choice(CHECKED_IDS)(rng), rng),
    }
    for entity in VALUES:
        found = 0
        for text, value in written(entity, count):
            masked = hide.masked(text)
            found += entity in masked.counts and not remains(value, masked.text)
        low, high = interval(found, count)
        flagged = "no checksum"
        if entity in decoys:
            texts = [SENTENCES[i % len(SENTENCES)].replace("{}", decoys[entity]()) for i in range(count)]
            flagged = f"{sum(entity in hide.masked(text).counts for text in texts)} of {count}"
        write(
            f"{entity:12} {found:4} of {count} {f'{found / count:.3f} ({low:.3f} to {high:.3f})':>24} {flagged:>25}"
        )


def corpus(docs: Path, rounds: int) -> None:
    texts = [one.document.text for one in read_documents(docs) if isinstance(one, Parsed)]
    megabytes = sum(len(text.encode("utf-8", "replace")) for text in texts) / 1e6
    detector, hide = Detector(Privacy()), masker(Privacy(), None)
    detector.find(
        "mira@werk-ost.de DE44 5001 0517 5407 3249 31 tel 020 7946 0018"
    )  # what is loaded on the way
    began = time.process_time()
    found = [detector.find(text) for text in texts]
    seconds = time.process_time() - began
    write(f"{docs}: {len(texts):,} documents, {megabytes:.1f} MB; {seconds / megabytes:.3f} s of CPU a MB")
    counts = Counter(one.entity for some in found for one in some)
    documents = Counter(entity for some in found for entity in {one.entity for one in some})
    for entity, count in counts.most_common():
        a_thousand = 1_000 * count / len(texts)
        write(
            f"  {entity:12} {count:5} in {documents[entity]:4} documents, {a_thousand:.1f} per 1,000 documents"
        )
    rng = random.Random(1)
    flagged = [(text, one) for text, some in zip(texts, found, strict=True) for one in some]
    for text, one in rng.sample(flagged, min(20, len(flagged))):
        around = hide.text(text[max(0, one.start - 200) : one.end + 200])
        at = next(iter(PSEUDONYM.finditer(around)), None)
        if at:
            write("    " + " ".join(around[max(0, at.start() - 40) : at.end() + 20].split()))
    ingested(docs, rounds)


def ingested(docs: Path, rounds: int) -> None:
    """Seconds of CPU of ingest with and without the search, in turn: the ratio of the medians."""
    taken: dict[str, list[float]] = {"true": [], "false": []}
    for _ in range(rounds):
        for scan, seconds in taken.items():
            with tempfile.TemporaryDirectory() as folder:
                seconds.append(ingest(docs, Path(folder), scan))
    on, off = (median(seconds) for seconds in taken.values())
    write(f"  ingest: {on:.1f} s of CPU with, {off:.1f} s without: {on / off - 1:+.1%} ({taken})")


def ingest(docs: Path, work: Path, scan: str) -> float:
    """Seconds of CPU of the command and all its processes, looked up while these run."""
    command = [sys.executable, "-m", "idiolect", "ingest", str(docs), "-w", str(work), "-q"]
    process = subprocess.Popen([*command, "--set", f"privacy.scan={scan}"], start_new_session=True)
    seconds: dict[str, float] = {}
    while process.poll() is None:
        for folder in group_of(process.pid):
            seconds[folder.name] = max(cpu_seconds(folder), seconds.get(folder.name, 0.0))
        time.sleep(0.05)
    if process.returncode:
        sys.exit(f"ingest failed with exit code {process.returncode}")
    return sum(seconds.values())


def retrieval(folder: Path, split: str, count: int) -> None:
    from _human_dev import without_tested

    from idiolect.evaluation.beir import load_dataset

    dataset = without_tested(load_dataset(folder, split), folder)
    judged = {document for grades in dataset.qrels.values() for document in grades}
    chosen = sorted(dataset.corpus, key=lambda one: (one not in judged, one))[: max(count, len(judged))]
    texts = [dataset.corpus[one].full_text for one in chosen]
    rng = random.Random(2)
    contacts = _contacts(rng, len(texts))
    hide = masker(Privacy(), None)
    forms: dict[str, Callable[[str, str], str]] = {
        "as they are": lambda text, contact: text,
        "masked": lambda text, contact: hide.text(text),
        "a contact in each": lambda text, contact: f"{text} {contact}",
        "its pseudonyms": lambda text, contact: hide.text(f"{text} {contact}"),
        "its kinds' names": lambda text, contact: PSEUDONYM.sub(_kind, hide.text(f"{text} {contact}")),
    }
    write(f"{dataset.name} {split}: {len(dataset.queries)} queries over {len(texts):,} passages; nDCG@10")
    first: tuple[float, float] | None = None
    for name, form in forms.items():
        shown = [form(text, contact) for text, contact in zip(texts, contacts, strict=True)]
        dense, hybrid = scored(dataset, chosen, shown)
        first = first or (dense, hybrid)
        ratios = f"{dense / first[0]:.4f}, {hybrid / first[1]:.4f}"
        changed = sum(one != other for one, other in zip(shown, texts, strict=True))
        write(
            f"  {name:20} dense {dense:.4f} hybrid {hybrid:.4f}  ratios {ratios}  {changed:,} passages differ"
        )


def _contacts(rng: random.Random, count: int) -> list[str]:
    mail, tel = emails(rng), phones(rng)
    return [f"Contact: {next(mail)}, {next(tel)}." for _ in range(count)]


def _kind(match: re.Match[str]) -> str:
    return match[0][1:].partition(":")[0]


_runtime = None


def scored(dataset: object, ids: Sequence[str], texts: Sequence[str]) -> tuple[float, float]:
    from dataclasses import replace

    import numpy as np

    from idiolect.evaluation.beir import Dataset
    from idiolect.evaluation.metrics import aggregate
    from idiolect.evaluation.retrieval import retrieve
    from idiolect.mining.ranking import Corpus
    from idiolect.records import Fusion, Passage
    from idiolect.runtimes.model_files import resolve
    from idiolect.runtimes.opening import open_encoder

    global _runtime
    _runtime = _runtime or open_encoder(resolve("auto"))
    assert isinstance(dataset, Dataset)
    passages = [Passage(id=one, text=text) for one, text in zip(ids, texts, strict=True)]
    smaller = replace(dataset, corpus={one.id: one for one in passages})
    vectors = np.asarray(_runtime.encode(list(texts), "passage"))
    asked = np.asarray(_runtime.encode(list(dataset.queries.values()), "query"))
    runs = retrieve(smaller, Corpus(passages, vectors, Fusion()), asked, ("dense", "hybrid"))
    dense, hybrid = (
        aggregate(runs[kind].values, list(dataset.queries))["ndcg@10"] for kind in ("dense", "hybrid")
    )
    return dense, hybrid


if __name__ == "__main__":
    main()
