"""Queries that repeat their chunk's words instead of asking in their own: found by the longest run they share."""

from difflib import SequenceMatcher

from idiolect.mining.fingerprints import words
from idiolect.records import Chunk
from idiolect.teachers.scripts import amount

LONGEST_RUN = 8
"""Words in a row that a query may take over; names of studies, bodies and devices are seldom longer."""
LARGEST_SHARE = 0.5
"""Of the query's words in that run: a copied sentence in which one word was changed still reaches it."""


class NearCopies:
    """Compares queries with chunks; what was made of the last chunk is kept for its next query."""

    def __init__(self) -> None:
        self._matcher: SequenceMatcher[str] = SequenceMatcher(autojunk=False)
        self._chunk = ""

    def reason(self, text: str, chunk: Chunk) -> str | None:
        """What makes the query a near-copy of the chunk; None where it is none.

        It is one where a run of at least LONGEST_RUN words, and LARGEST_SHARE of all, stands in the
        chunk or its headings as well.  Case, punctuation and compatible characters make no difference.
        """
        own = words(text)
        if amount(own) < LONGEST_RUN:
            return None
        if chunk.id != self._chunk:
            self._matcher.set_seq2(words(chunk.passage.full_text))
            self._chunk = chunk.id
        self._matcher.set_seq1(own)
        match = self._matcher.find_longest_match()
        run = amount(own[match.a : match.a + match.size])
        if run < LONGEST_RUN or run < LARGEST_SHARE * amount(own):
            return None
        if match.size == len(own):
            return "a copy of the chunk's own words"
        return f"a near-copy: {run:g} of its {amount(own):g} words stand in the chunk in a row"
