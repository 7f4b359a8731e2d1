"""Whoever changes the audit log is found: each kind of tampering is tried on a real file."""

import json
import math
import os
import signal
import subprocess
import sys
import time

import msgspec
import pytest

from idiolect.errors import AuditError, UsageError
from idiolect.lifecycle.audit.chain import Chain, Head
from idiolect.lifecycle.audit.entries import LONGEST, ORIGIN, Entry, _hash, parsed


@pytest.fixture
def chain(tmp_path):
    """A log of six entries."""
    log = Chain(tmp_path / "audit.jsonl")
    for number in range(1, 7):
        log.append("stage", stage="train", manifest=f"{number}.json", share=0.25 * number)
    return log


def lines(chain):
    return chain.path.read_bytes().splitlines()


def write(chain, rows):
    chain.path.write_bytes(b"".join(row + b"\n" for row in rows))


def edited(row, hashed=False, **changes):
    """A line with other contents, whose own hash was made to fit where `hashed`."""
    entry = msgspec.structs.replace(msgspec.json.decode(row, type=Entry), **changes)
    return msgspec.structs.replace(entry, hash=_hash(entry)).line if hashed else entry.line


def rewind(chain, row):
    entry = parsed(row)
    chain._write_head(Head(seq=entry.seq, hash=entry.hash))


def test_entries_are_sealed_one_after_the_other(chain):
    entries = list(chain.entries())
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert [entry.previous for entry in entries] == [ORIGIN, *(entry.hash for entry in entries[:-1])]
    found = chain.verify()
    assert (found.entries, found.lag, found.unfinished) == (6, 0, 0)
    assert (found.first, found.last) == (entries[0].time, entries[-1].time)
    assert found.head == chain.head() == Head(seq=6, hash=entries[-1].hash)
    assert chain.verify(Head.read(str(found.head))) == found


def test_the_hash_is_that_of_the_canonical_json_of_rfc_8785():
    """Computed once by hand, with sha256sum: keys sorted, no spaces, numbers as ECMAScript writes them."""
    entry = Entry(seq=1, time="t", event="é", facts={"b": 1e21, "a": [1.0, None]}, previous=ORIGIN, hash="h")
    text = (
        '{"event":"é","facts":{"a":[1,null],"b":1e+21},"hash":"h","previous":"'
        + ORIGIN
        + '","seq":1,"time":"t"}'
    )
    assert entry.line.decode() == text
    assert _hash(entry) == HASH


HASH = "c9afee3ecd070c20fa9f19dce37d1aee628de94e356a2cf9ccfce764a38ac718"


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (lambda rows: [*rows[:2], edited(rows[2], facts={"stage": "export"}), *rows[3:]], "line 3: it was edited"),
        (lambda rows: [*rows[:2], edited(rows[2], time="2026"), *rows[3:]], "line 3: it was edited"),
        (
            lambda rows: [*rows[:2], edited(rows[2], hashed=True, facts={}), *rows[3:]],
            "line 4: entry 4 does not follow from the one before it",
        ),
        (lambda rows: [*rows[:2], rows[2].replace(b":", b": ", 1), *rows[3:]], "line 3: it was edited: it says"),
        (lambda rows: [*rows[:2], rows[2][:-1] + b',"more":1}', *rows[3:]], "line 3: it is no entry .*more"),
        (lambda rows: [*rows[:2], b"stage train", *rows[3:]], "line 3: it is no entry"),
        (lambda rows: [*rows[:2], b"", *rows[2:]], "line 3: it is no entry"),
        (lambda rows: rows[1:], "line 1: entry 1 is missing: entry 2 stands there"),
        (lambda rows: [*rows[:2], *rows[4:]], "line 3: entries 3 to 4 are missing: entry 5 stands there"),
        (lambda rows: [*rows[:2], rows[3], rows[2], *rows[4:]], "line 3: out of order: entry 4 stands before entry 3"),
        (lambda rows: [*rows[:3], rows[1], *rows[3:]], "line 4: entry 2 stands where 4 should"),
        (
            lambda rows: [*rows[:3], edited(rows[3], hashed=True, event="foreign"), *rows[3:]],
            "line 5: entry 4 stands where 5 should: it was moved there, or put in",
        ),
        (lambda rows: rows[:-1], "was cut: it ends at entry 5, and what audit.head.json holds is entry 6"),
        (lambda rows: [], "was cut: it ends at entry 0"),
        (lambda rows: [*rows[:-1], edited(rows[-1], hashed=True, facts={})], "entry 6 is not what audit"),
    ],
    ids=[
        "fact", "time", "rehashed", "spaces", "key", "text", "blank", "first", "two-deleted", "reordered", "repeated",
        "inserted", "last", "all", "last-rehashed",
    ],
)  # fmt: skip
def test_tampering_is_found_and_named(chain, tamper, message):
    write(chain, tamper(lines(chain)))
    with pytest.raises(AuditError, match=message):
        chain.verify()


def test_a_log_cut_together_with_its_head_is_found_by_an_anchor_kept_elsewhere(chain):
    anchor = Head.read(str(chain.head()))
    rows = lines(chain)
    write(chain, rows[:4])
    rewind(chain, rows[3])
    assert chain.verify().entries == 4
    with pytest.raises(AuditError, match="was cut: it ends at entry 4, and the anchor given is entry 6"):
        chain.verify(anchor)


def test_a_log_written_anew_is_found_by_an_anchor_kept_elsewhere(chain, tmp_path):
    anchor = Head.read(str(chain.head()))
    other = Chain(tmp_path / "other" / "audit.jsonl")
    for _ in range(7):
        other.append("stage", stage="export")
    other.path.replace(chain.path)
    other.head_path.replace(chain.head_path)
    assert chain.verify().entries == 7
    with pytest.raises(
        AuditError, match="entry 6 is not the anchor given: it was replaced, and all after it"
    ):
        chain.verify(anchor)


def test_a_missing_head_or_log_is_found(chain):
    content = chain.head_path.read_bytes()
    chain.head_path.unlink()
    with pytest.raises(AuditError, match=r"audit.head.json is missing beside audit.jsonl"):
        chain.verify()
    chain.head_path.write_text("{")
    with pytest.raises(AuditError, match="is no head of an audit log"):
        chain.verify()
    chain.head_path.write_bytes(content)
    chain.path.unlink()
    with pytest.raises(AuditError, match="was cut: it ends at entry 0"):
        chain.verify()


def test_nothing_is_added_to_a_log_that_was_changed(chain):
    rows = lines(chain)
    for changed in (rows[:-1], [*rows[:-1], edited(rows[-1], facts={})], rows[:2]):
        write(chain, changed)
        for act in (chain.ready, lambda: chain.append("stage")):
            with pytest.raises(AuditError, match="idiolect audit verify"):
                act()
        assert lines(chain) == changed
    write(chain, rows)
    chain.append("stage")
    assert chain.verify().entries == 7


def test_a_head_that_lags_is_no_tampering_and_is_put_right(chain):
    """A process killed after its line and before the head; or twice."""
    rows = lines(chain)
    for behind in (1, 3):
        rewind(chain, rows[-1 - behind])
        assert chain.verify().lag == behind
        chain.ready()
    chain.append("stage")
    assert chain.verify().lag == 0


def test_the_very_first_append_killed_before_the_head(tmp_path, monkeypatch):
    def killed(self, file, entry):
        file.write(entry.line + b"\n")
        raise KeyboardInterrupt

    log = Chain(tmp_path / "audit.jsonl")
    with monkeypatch.context() as patch:
        patch.setattr(Chain, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            log.append("begun")
    assert (log.verify().entries, log.verify().lag) == (1, 1)
    log.append("again")
    assert (log.verify().entries, log.verify().lag) == (2, 0)


def test_an_empty_log_says_that_nothing_was_run(tmp_path):
    with pytest.raises(AuditError, match="has no entry: nothing was run"):
        Chain(tmp_path / "audit.jsonl").verify()


def test_a_torn_line_is_taken_out_and_told(chain):
    with chain.path.open("ab") as file:
        file.write(b'{"event":"stage","fac')
    found = chain.verify()
    assert (found.entries, found.unfinished) == (6, 21)
    chain.append("stage", stage="export")
    entries = list(chain.entries())
    assert [entry.event for entry in entries[6:]] == ["torn", "stage"]
    assert entries[6].facts["bytes"] == 21
    assert chain.verify().unfinished == 0


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"text": "a" * (LONGEST + 1)}, "facts.text holds a string of 301 characters"),
        ({"rows": [{"deep": ["b" * 400]}]}, "facts.rows.deep holds a string of 400 characters"),
        ({"k": {"c" * 301: 1}}, "holds a string of 301 characters"),
        ({"raw": b"bytes"}, "facts.raw is bytes, which is no JSON value"),
        ({"names": {"a"}}, "facts.names is set"),
        ({"k": {1: "one"}}, "the key 1, which is no string"),
        ({"share": math.nan}, "cannot be written"),
        ({"share": math.inf}, "cannot be written"),
        ({"big": 2**53}, "cannot be written"),
        ({"big": 1e20}, "cannot be written"),
        ({"name": "\ud800"}, "cannot be written"),
    ],
)
def test_facts_are_references_and_json(chain, facts, message):
    before = chain.path.read_bytes()
    with pytest.raises(AuditError, match=message):
        chain.append("stage", **facts)
    assert chain.path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "6", "6:abc", "x:" + "0" * 64, "6:" + "G" * 64])
def test_an_anchor_that_is_none_is_wrong_usage(text):
    with pytest.raises(UsageError, match="is no anchor: give SEQ:HASH"):
        Head.read(text)


APPENDING = """
import sys
from pathlib import Path
from idiolect.lifecycle.audit.chain import Chain
log = Chain(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    log.append("stage", by=sys.argv[3], number=number)
"""


def appending(path, count, name):
    return subprocess.Popen([sys.executable, "-c", APPENDING, str(path), str(count), name])


def test_several_processes_append_at_once(tmp_path):
    log = Chain(tmp_path / "audit.jsonl")
    processes = [appending(log.path, 60, name) for name in "abc"]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    assert log.verify().entries == 180
    for name in "abc":
        assert [entry.facts["number"] for entry in log.entries() if entry.facts["by"] == name] == list(
            range(60)
        )


def test_killed_while_appending_it_verifies_and_goes_on(tmp_path):
    log = Chain(tmp_path / "audit.jsonl")
    for turn in range(3):
        process = appending(log.path, 10**6, "killed")
        began, before = time.monotonic(), log.path.stat().st_size if log.path.exists() else 0
        while not log.path.exists() or log.path.stat().st_size < before + 20_000:
            assert process.poll() is None and time.monotonic() - began < 60
            time.sleep(0.002)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        found = log.verify()
        assert found.lag <= 1
        log.append("survived", turn=turn)
        assert log.verify().entries >= found.entries + 1
    left = [json.loads(line)["event"] for line in lines(log)]
    assert left.count("survived") == 3
