"""What became of a refresh, in plain words: what came, what was asked, what was tested, and why."""

from collections.abc import Mapping

from idiolect.evaluation.wording import counted, evidence, label, listed, signed
from idiolect.refreshing.journal import Refreshed, Tested

_NAMES = {"test": "test, all rounds", "test-old": "old test", "test-fresh": "fresh test"}
_SHOWN = 5


def lines(refreshed: Refreshed) -> list[str]:
    told = [f"New since {refreshed.champion}: {listed(refreshed.news)}"] if refreshed.news else []
    if refreshed.came is not None:
        told += [
            f"Came:   {_amounts(refreshed.came.documents, 'document')}; {_amounts(refreshed.came.chunks, 'chunk')}"
        ]
    if refreshed.asked is not None:
        one = refreshed.asked
        calls = f", {one.calls:,} LLM calls" if one.calls else ""
        told.append(
            f"Asked:  {one.written:,} new queries{calls}; {one.kept:,} carried over, {one.dropped:,} dropped"
        )
    told += [f"Tested: {_tested(one)}" for one in refreshed.tested]
    if refreshed.gone:
        more = ", …" if len(refreshed.gone) > _SHOWN else ""
        gone = counted(len(refreshed.gone), "query", "queries")
        told.append(
            f"        {gone} of the old test can no longer be asked: {', '.join(refreshed.gone[:_SHOWN])}{more}"
        )
    if refreshed.sentence:
        told.append(refreshed.sentence)
    told += refreshed.notes
    if refreshed.promoted:
        told.append(f"{refreshed.version} is champion now, after {refreshed.champion}")
    elif refreshed.version:
        told.append(
            f"{refreshed.champion} stays champion, {refreshed.version} is published beside it: {refreshed.against}"
        )
    else:
        told.append(f"{refreshed.champion} stays as it is: {refreshed.against}")
    if refreshed.next and not refreshed.promoted:
        told += ["What to try next:", *(f"  - {text}" for text in refreshed.next)]
    return told


def _amounts(counts: Mapping[str, int], what: str) -> str:
    return f"{what}s " + listed([f"{count:,} {how}" for how, count in counts.items()])


def _tested(one: Tested) -> str:
    found = one.comparison
    decides = ", decides" if one.decides else ""
    return f"{_NAMES.get(one.name, one.name)}{decides}: {label(found.metric)} {signed(found.delta)} ({evidence(found)})"
