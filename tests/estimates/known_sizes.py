"""Sizes of runs over corpora of any extent, without documents."""

from idiolect.config import load
from idiolect.estimates.amounts import Amounts
from idiolect.estimates.machine import Machine
from idiolect.estimates.model_size import model_size
from idiolect.estimates.sizes import sizes
from idiolect.runtimes.model_files import describe, resolve


def sizes_of(*settings, model="auto", chunks=3_000, tokens=128.0, **machine):
    amounts = Amounts(
        documents=chunks / 5,
        chunks=chunks,
        tokens=chunks * 150,
        characters=chunks * 600,
        asked=chunks,
        passage_tokens=tokens,
        longest_tokens=128,
        examples=2_400,
        judging=300,
    )
    found = model_size(describe(resolve(str(model))))
    return sizes(amounts, load(None, settings), found, Machine(**machine))


def train_mb(*settings, **known):
    """MB that training takes."""
    return sizes_of(*settings, **known).memory("train")
