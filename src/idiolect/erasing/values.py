"""The files of WORK that hold one JSON value: what goes from each besides strings that tell."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from idiolect.erasing.gone import Rules
from idiolect.mining.frozen_test import sealed
from idiolect.records import FrozenTest

Value = dict[str, Any]


def _mining(value: Value, rules: Rules) -> Value:
    return {**value, "masked": [one for one in value["masked"] if not rules.query(one)]}


def _frozen(value: Value, rules: Rules) -> Value:
    """Later runs keep what is left of the test."""
    frozen = msgspec.convert(value, FrozenTest)
    left = msgspec.structs.replace(
        frozen,
        queries=[one for one in frozen.queries if not rules.query(msgspec.to_builtins(one))],
        passages={name: digest for name, digest in frozen.passages.items() if not rules.passage(name)},
        groups=[name for name in frozen.groups if name not in rules.names and not rules.chunk(name)],
    )
    kept: Value = msgspec.to_builtins(left if left == frozen else sealed(left))
    return kept


def _focuses(value: Value, rules: Rules) -> Value:
    return {"rounds": [_round(one, rules) for one in value["rounds"]]}


def _round(value: Value, rules: Rules) -> Value:
    focuses = [
        {
            **focus,
            "chunks": {
                name: [one for one in others if not rules.chunk(one)]
                for name, others in focus["chunks"].items()
                if not rules.chunk(name)
            },
            "documents": [one for one in focus["documents"] if one not in rules.documents],
        }
        for focus in value["focuses"]
    ]
    requests = [
        {**one, "apart_from": [name for name in one["apart_from"] if not rules.chunk(name)]}
        for one in value["requests"]
        if not rules.chunk(one["chunk"])
    ]
    return {**value, "focuses": [one for one in focuses if one["chunks"]], "requests": requests}


def _as_it_is(value: Value, rules: Rules) -> Value:
    return value


VALUES: Mapping[str, Callable[[Value, Rules], Value]] = {
    "mining": _mining,
    "frozen_test": _frozen,
    "carried_test": _frozen,
    "focuses": _focuses,
    "generate_report": _as_it_is,
    "selection": _as_it_is,
    "calibration": _as_it_is,
    "compression": _as_it_is,
}
"""Name in the Workspace → what it is without what goes; strings that tell are replaced afterwards."""
