"""What waits for a forward pass, and which of it comes next."""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

from idiolect.runtimes.base import TokenIds, Vectors

LANES = (64, 512)
"""Tokens of a request up to which it waits in the first lane and in the second; longer ones wait in the third."""

TURN = 4
"""Every so many passes, whichever request has waited longest leads, so that short ones starve nobody."""

SIMILAR = 0.85
"""Texts at least this share as long as the longest of a batch may be padded to it."""

PADDING = 16
"""And so may those that so many tokens of padding are enough for."""


@dataclass(eq=False)
class Job:
    """A request: `vectors` [texts, dimension] is filled in, `missing` counts the rows still to come."""

    vectors: Vectors
    lane: int
    missing: int = 0
    future: "Future[Vectors]" = field(default_factory=Future)
    texts: "deque[Text]" = field(default_factory=deque)
    since: float = field(default_factory=time.monotonic)


@dataclass(eq=False)
class Text:
    """A distinct text in flight, and the rows that its vector goes to."""

    key: bytes
    tokens: TokenIds
    rows: list[tuple[Job, int]] = field(default_factory=list)
    taken: bool = False

    @property
    def wanted(self) -> bool:
        return any(not job.future.done() for job, _ in self.rows)


def lane_of(tokens: int) -> int:
    """The lane of a request of so many tokens."""
    return sum(tokens > most for most in LANES)


class Lanes:
    """Short requests before long ones, those of one lane in turns, batches of texts about as long as one another.

    A pass is led by the longest waiting text of one request; texts that hardly need padding beside it,
    of its lane and of those before it, fill it up.  Short texts that share rows are led and joined by any others,
    in the order of their turns.  A request then goes behind the others of its lane.
    """

    def __init__(self, row_tokens: int = 0) -> None:
        """`row_tokens`: the runtime's."""
        self._row_tokens = row_tokens
        self._lanes = [_Lane() for _ in range(len(LANES) + 1)]
        self._passes = 0

    def add(self, job: Job, texts: list[Text]) -> None:
        """Queue a request's texts; one that waits for another request too is taken once."""
        job.texts.extend(sorted(texts, key=lambda text: -len(text.tokens)))
        self._lanes[job.lane].add(job)

    def take(self, budget: int) -> list[Text]:
        """The texts of the next pass, of `budget` tokens at most, padded to the longest unless they share rows;
        none where none wait.
        """
        lead = self._lead()
        if lead is None:
            return []
        self._passes += 1
        job = self._lanes[lead].jobs.popleft()
        longest = len(job.texts[0].tokens)
        sharing = longest <= self._row_tokens
        taken: list[Text] = []
        room = budget
        for text in self._sharing(job, lead) if sharing else self._similar(job, lead):
            self._remove(text)
            taken.append(text)
            room -= len(text.tokens) if sharing else longest
            if room < (self._row_tokens if sharing else longest):
                break
        self._lanes[lead].jobs.append(job)
        return taken

    def drop(self, job: Job) -> list[Text]:
        """Take out what only `job`, which is done, was waiting for."""
        dropped = [text for text in job.texts if not text.taken and not text.wanted]
        for text in dropped:
            self._remove(text)
        return dropped

    def _remove(self, text: Text) -> None:
        text.taken = True
        for lane in self._lanes:
            lane.remove(text)

    def _lead(self) -> int | None:
        """The lane that is served next."""
        waiting = [index for index, lane in enumerate(self._lanes) if lane.waits()]
        if not waiting:
            return None
        if (self._passes + 1) % TURN:
            return waiting[0]
        return min(waiting, key=lambda index: self._lanes[index].oldest())

    def _sharing(self, job: Job, lead: int) -> Iterator[Text]:
        """The job's own texts and then others that are as short as to share rows, by turns.

        The caller takes each before it asks for the next.
        """
        others = [other for lane in reversed(self._lanes[: lead + 1]) for other in lane.jobs]
        for texts in (job.texts, *(other.texts for other in others)):
            while texts and len(texts[-1].tokens) <= self._row_tokens:
                text = texts.pop()
                if not text.taken:
                    yield text

    def _similar(self, job: Job, lead: int) -> Iterator[Text]:
        """The job's own texts and then others, longest first from the job's longest to what is similar to it.

        The caller takes each before it asks for the next.
        """
        width = 0
        while job.texts:
            text = job.texts[0]
            if not text.taken:
                width = width or len(text.tokens)
                if len(text.tokens) < _least(width):
                    break
                yield text
            job.texts.popleft()
        for lane in reversed(self._lanes[: lead + 1]):
            yield from lane.between(_least(width), width)


class _Lane:
    """Requests in the order of their turns, and their texts by length."""

    def __init__(self) -> None:
        self.jobs: deque[Job] = deque()
        self._lengths: dict[int, dict[Text, None]] = {}

    def add(self, job: Job) -> None:
        self.jobs.append(job)
        for text in job.texts:
            self._lengths.setdefault(len(text.tokens), {})[text] = None

    def remove(self, text: Text) -> None:
        same = self._lengths.get(len(text.tokens))
        if same is not None:
            same.pop(text, None)
            if not same:
                del self._lengths[len(text.tokens)]

    def waits(self) -> bool:
        """Whether a request here has a text that nobody has taken yet; those that have none leave."""
        while self.jobs:
            texts = self.jobs[0].texts
            while texts and texts[0].taken:
                texts.popleft()
            if texts:
                return True
            self.jobs.popleft()
        return False

    def oldest(self) -> float:
        return min(job.since for job in self.jobs)

    def between(self, least: int, most: int) -> Iterator[Text]:
        """Texts of so many tokens, longest first; each is removed before the next is asked for."""
        for length in sorted((length for length in self._lengths if least <= length <= most), reverse=True):
            while length in self._lengths:
                yield next(iter(self._lengths[length]))


def _least(width: int) -> int:
    """Tokens that a text needs to be padded to `width`."""
    return min(int(width * SIMILAR), width - PADDING)
