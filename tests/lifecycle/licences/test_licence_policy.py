"""What [licences] makes of expressions, paths and documents that state nothing."""

import pytest
from builders import a_chunk

from idiolect.config import Licences, load
from idiolect.errors import ConfigError
from idiolect.lifecycle.licences.history import Licensed, recorded, remember
from idiolect.lifecycle.licences.permits import Permits
from idiolect.lifecycle.licences.policy import Policy
from idiolect.lifecycle.licences.redistribution import redistribution
from idiolect.lifecycle.licences.reviewing import Touch, review
from idiolect.mining.permitted import permitted
from idiolect.records import UNINDEXED, UNSHARED, UNTRAINED, WITHHELD, Document


def a_document(name="a.md", licence="MIT", **others):
    return Document(id=name, path=name, title="", text="t", sha256=name * 8, licence=licence, **others)


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("MIT", "allowed"),
        ("GPL-3.0-only", "denied"),
        ("MIT OR GPL-3.0-only", "allowed"),
        ("MIT AND GPL-3.0-only", "denied"),
        ("(MIT AND GPL-3.0-only) OR LicenseRef-x", "unknown"),
        ("MIT AND LicenseRef-x", "unknown"),
        ("GPL-2.0-only WITH GCC-exception-2.0", "denied"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "allowed"),
        ("LicenseRef-ours", "allowed"),
        ("LicenseRef-theirs", "denied"),
        ("", "unknown"),
        ("LicenseRef-unknown", "unknown"),
    ],
)
def test_or_takes_the_best_and_the_worst_the_last_pattern_decides(licence, expected):
    patterns = ("gpl-*", "!* WITH Classpath-exception-2.0", "LicenseRef-theirs", "!LicenseRef-ours")
    assert Policy(Licences(train=patterns)).permission(licence, "train") == expected
    assert Policy(Licences()).permission(licence, "index") in ("allowed", "unknown")


def test_only_what_is_named_may_train_where_all_else_is_denied():
    policy = Policy(Licences(train=("*", "!MIT", "!CC-BY-?.0")))
    licences = ("MIT", "CC-BY-4.0", "CC-BY-SA-4.0", "Apache-2.0", "", "LicenseRef-x")
    assert [policy.permission(one, "train") for one in licences] == ["allowed"] * 2 + ["denied"] * 4


def test_without_any_setting_documents_of_no_known_licence_are_used_and_nobody_says_they_may_be_handed_on():
    policy = Policy(Licences())
    assert policy.denied("", "a.md") == ()
    assert policy.permission("", "redistribute") == "unknown"
    assert policy.denied("CC-BY-NC-4.0") == policy.denied("CC-BY-ND-3.0-DE") == ("redistribute",)


def test_unknown_licences_are_denied_the_uses_that_the_policy_says():
    policy = Policy(Licences(unknown=("send", "train")))
    assert policy.denied("") == policy.denied("LicenseRef-unknown") == ("train", "send")
    assert policy.denied("MIT") == ()


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("secret/**", "secret/a/b.md", True),
        ("secret", "secret/a/b.md", True),
        ("secret/", "secrets/a.md", False),
        ("*.md", "a.md", True),
        ("*.md", "deep/a.md", False),
        ("**/*.md", "deep/a.md", True),
        ("**/*.md", "a.md", True),
        ("v?.md", "v1.md", True),
        ("./a[1].md", "a[1].md", True),
    ],
)
def test_a_source_that_is_denied_is_denied_for_all_uses(pattern, path, fits):
    policy = Policy(Licences(deny=(pattern,)))
    assert policy.denied("MIT", path) == (("train", "index", "send", "redistribute") if fits else ())
    refused = policy.refusal(a_document(path))
    assert refused == (f"licence: licences.deny = {pattern!r} denies every use" if fits else "")


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"train": ("GLP-*",)}, "licences.train: 'GLP-\\*' fits no licence"),
        (
            {"send": ("Apache 2",)},
            "licences.send: 'Apache 2' fits no licence .*; the nearest is 'Apache-2.0'",
        ),
        (
            {"assumed": "GPLv3"},
            "licences.assumed 'GPLv3' is no SPDX expression; the nearest is 'GPL-3.0-only'",
        ),
    ],
)
def test_a_policy_about_no_licence_is_refused_with_the_nearest(setting, says):
    with pytest.raises(ConfigError, match=says):
        Policy(Licences(**setting))


def test_the_config_knows_the_uses():
    with pytest.raises(ConfigError, match="unknown"):
        load(None, ['licences.unknown=["sell"]'])


def test_verdicts_stand_on_the_document_and_those_that_chunks_need_on_these():
    permits = Permits(load(None, ['licences.train=["MIT"]', 'licences.send=["MIT"]']))
    document, chunks = permits.judged(a_document(verdicts=["seen"]), [a_chunk("a.md#0", "t")])
    assert document.verdicts == ["seen", UNTRAINED, WITHHELD]
    assert [chunk.verdicts for chunk in chunks] == [[UNTRAINED]]
    assert permits.refusal(document) == ""
    document, chunks = permits.judged(a_document(licence="CC-BY-NC-4.0"), [a_chunk("a.md#0", "t")])
    assert (document.verdicts, chunks[0].verdicts) == ([UNSHARED], [])


def test_what_neither_trains_nor_is_searched_is_set_aside_and_what_an_endpoint_may_not_see_before_one():
    denied = ('licences.train=["GPL-*"]', 'licences.index=["GPL-*"]', 'licences.send=["GPL-*", "ISC"]')
    permits = Permits(load(None, denied))
    gpl, isc = a_document(licence="GPL-3.0-only"), a_document(licence="ISC")
    assert permits.refusal(gpl) == "licence: GPL-3.0-only is denied for train, index, send"
    assert permits.refusal(isc) == ""
    remote = Permits(load(None, [*denied, "train.base=http://localhost:1/v1#m", "train.adapter=linear"]))
    assert remote.refusal(isc) == "licence: ISC is denied for send, and train.base is an endpoint"


def test_a_copy_trains_in_the_place_of_one_that_may_not():
    barred = {"verdicts": [UNTRAINED]}
    chunks = [
        a_chunk("a#0", "one", **barred),
        a_chunk("b#0", "one", duplicate_of="a#0"),
        a_chunk("c#0", "one", duplicate_of="a#0"),
        a_chunk("d#0", "two"),
        a_chunk("e#0", "two", duplicate_of="d#0", **barred),
        a_chunk("f#0", "two", duplicate_of="d#0", verdicts=[UNINDEXED]),
    ]
    assert [(one.id, one.duplicate_of) for one in permitted(chunks)] == [
        ("b#0", ""),
        ("c#0", "b#0"),
        ("d#0", ""),
        ("f#0", "d#0"),
    ]
    assert not chunks[0].trains
    assert [one.id for one in permitted(chunks, UNINDEXED)] == ["a#0", "b#0", "c#0", "d#0", "e#0"]


def test_redistribution_is_as_good_as_the_worst_document():
    settings = Licences()
    good = [a_document(), a_document("b.md", "CC-BY-4.0")]
    assert redistribution(good, settings).permission == "allowed"
    found = redistribution([*good, a_document("c.md", "")], settings)
    assert (found.permission, found.unknown) == ("unknown", {"unknown": 1})
    found = redistribution([*good, a_document("c.md", ""), a_document("d.md", "CC-BY-NC-4.0")], settings)
    assert (found.permission, found.denied) == ("denied", {"CC-BY-NC-4.0": 1})
    assert "CC-BY-NC-4.0 1" in found.sentence
    assert redistribution(good, Licences(deny=("b.md",))).denied == {"CC-BY-4.0": 1}


def test_what_ingest_denied_counts_too_but_for_what_did_not_train():
    closed = "CC-BY-4.0"
    held = [a_document(), a_document("b.md", closed, verdicts=[UNTRAINED, UNSHARED])]
    assert redistribution(held, Licences()).permission == "allowed"
    held = [a_document(), a_document("b.md", closed, verdicts=[UNSHARED])]
    assert redistribution(held, Licences()).denied == {closed: 1}
    barred = a_document("b.md", "CC-BY-ND-4.0", verdicts=[UNTRAINED])
    assert redistribution([a_document(), barred], Licences()).permission == "allowed"


def test_the_history_keeps_versions_that_are_gone(tmp_path):
    path = tmp_path / "licences.jsonl"
    remember(path, [a_document("a.md"), a_document("b.md", "CC0-1.0", metadata={"licence_from": "LICENSE"})])
    remember(path, [a_document("a.md", "GPL-3.0-only")])
    assert {(one.document_id, one.licence, one.origin) for one in recorded(path, tmp_path / "none")} == {
        ("a.md", "GPL-3.0-only", ""),
        ("b.md", "CC0-1.0", "LICENSE"),
    }


def test_a_review_lists_what_each_denied_version_reached_and_which_use_was_denied():
    documents = [a_document("a.md", "GPL-3.0-only"), a_document("b.md"), a_document("c.md", "GPL-2.0-only")]

    def trace(one):
        yield Touch("model", "pump", "1" * 64, ["positive", "shown"], ["weights"])
        yield Touch("index", "./store", "2" * 64, ["searched"], ["vectors"])
        yield Touch("dataset", "train", "3" * 64, ["positive"], [])

    seen = [Licensed.of(one) for one in documents]
    found = review(seen, Licences(train=("GPL-*",), send=("GPL-3.*",), deny=("b.md",)), trace)
    reached = {
        (one.path, artefact.kind): artefact.against for one in found.documents for artefact in one.reached
    }
    assert reached == {
        ("a.md", "model"): ["train", "send"],
        ("a.md", "index"): [],
        ("b.md", "model"): ["train", "send"],
        ("b.md", "index"): ["index"],
        ("c.md", "model"): ["train"],
        ("c.md", "index"): [],
    }
    assert [one.pattern for one in found.documents] == ["", "b.md", ""]
    assert len(found.breaches) == 3
    handed = review(seen, Licences(redistribute=("MIT",)), trace)
    assert [one.path for one in handed.documents] == ["b.md"]
    assert handed.breaches == []
