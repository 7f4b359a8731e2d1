"""Whatever a name, a path or a sentence holds, a card shows it as text and stays the card that was meant."""

import json

import msgspec
import pytest
from checked_papers import rendered, valid_bill, valid_card
from markdown_it import MarkdownIt

from idiolect.bundle import Base, BundledFile, LeftOut, Manifest, Prompts
from idiolect.evaluation.report import DatasetReport, Decision, Report
from idiolect.evaluation.significance import Comparison
from idiolect.lifecycle.cards.bom import bill
from idiolect.lifecycle.cards.card import render_card
from idiolect.lifecycle.cards.described import Corpus, Described, Origin, Written
from idiolect.lifecycle.cards.hub_licences import hub_licence
from idiolect.lifecycle.cards.installed import Package
from idiolect.lifecycle.cards.markdown import code, escaped, literal, plain
from idiolect.lifecycle.cards.origin import address
from idiolect.records import Fusion

HOSTILE = [
    "a | b || c",
    "x\n---\nlicense: mit\n---\n# Mine now",
    "<script>alert(1)</script> &lt; &#35;",
    "![](http://tracker.example/p.png) [text](javascript:go) [a]: b",
    "`code` ``more`` ` `` ```\n\n    indented",
    "**bold** _emphasis_ ~~gone~~ $x^2$ \\ back\\slash",
    "- a list\n1. another",
    "1. begins with a number",
    "# a heading",
    "> quoted",
    "--- === +++",
    "{{ 7 * 7 }} {% raw %} ${x}",
    "key: value: 'quoted' \"twice\" # comment & anchor *alias !tag %directive @at",
    "\u202etxt.exe\u202c \x00\x1b[31m\x85\u2028line",
    "Üñïçødé 東京 🙂",
]


def described(text):
    """A bundle of which everything that has a name is called `text`."""
    comparison = Comparison(
        a="dense-base", b="dense-tuned", metric="ndcg@10", delta=0.1, relative=0.25, ci95=(0.05, 0.15),
        p=0.01, n=40, clusters=20, mde=0.08, a_mean=0.4, b_mean=0.5,
    )  # fmt: skip
    decision = Decision(verdict="promote", decides=True, sentence=text, comparison=comparison)
    runs = {run: {"ndcg@10": 0.5, "recall@10": 0.75} for run in ("dense-base", "dense-tuned")}
    report = Report(
        verdict="promote",
        sentence=text,
        decisions={"dense": decision},
        datasets={text: DatasetReport(runs=runs, comparisons=[comparison], kind=text, remark=text)},
        decided_on=text,
        base=text,
        teacher=text,
        warnings=[text],
    )
    manifest = Manifest(
        name=text,
        weights="tuned",
        verdict="promote",
        base=Base(name=text, digest="0" * 64),
        model_digest="1" * 64,
        dimension=64,
        dimensions=[64],
        max_tokens=48,
        chunk_tokens=48,
        overlap_tokens=8,
        prompts=Prompts(query=text, passage=text),
        fusion=Fusion(),
        left_out={text: LeftOut(reason=text)},
    )
    counts = {text: 3, "": 1}
    return Described(
        manifest=manifest,
        base=Origin(name=text, digest="0" * 64, licence=text),
        report=report,
        corpus=Corpus(
            documents=4,
            digest="2" * 64,
            languages=counts,
            licences=counts,
            verdicts={text: 1},
            masked={text: 2},
        ),
        written=Written(queries=7, digest="3" * 64, teachers={text: 7}, styles={text: 7}),
        remarks=[text],
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_a_card_stays_what_it_was_meant_to_be(text):
    card = valid_card(render_card(described(text)))
    harmless = valid_card(render_card(described("plain")))
    assert card.data.to_dict().keys() == harmless.data.to_dict().keys()
    assert card.data.to_dict()["license"] == "other"
    assert card.data.eval_results[0].dataset_type == plain(text)
    assert 'before a query `"plain"`, before a passage `"plain"`' in harmless.text
    kinds = [token.type for token in rendered(str(card))]
    assert kinds == [token.type for token in rendered(str(harmless))], "the same blocks, tables and cells"
    inner = {child.type for token in rendered(str(card)) for child in token.children or ()}
    assert not inner & {"html_inline", "image", "link_open", "s_open", "em_open"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_reader_sees_the_text_itself(text):
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    (_, escaped_text, _) = markdown.parse(escaped(text))
    assert "".join(child.content for child in escaped_text.children) == plain(text)
    (_, span, _) = markdown.parse(code(text).replace("\\|", "|"))
    assert [(child.type, child.content) for child in span.children] == [("code_inline", plain(text))]
    assert "`" not in literal(text) and json.loads(literal(text)) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_bill_stays_valid(text):
    package = Package(name="some-package", version="1.0+cpu", licences=[text])
    file = BundledFile(path="model/config.json", sha256="4" * 64, bytes=1)
    document = valid_bill(msgspec.json.encode(bill(described(text), [file], [package])).decode())
    assert document["metadata"]["component"]["name"] == plain(text)
    (library,) = (part for part in document["components"] if part["type"] == "library")
    assert library["purl"] == "pkg:pypi/some-package@1.0%2Bcpu"


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"scanned": False}, "Personal data and secrets were not looked for in the documents."),
        (
            {"scanned": True, "names": "not looked for"},
            "Names of people were not looked for in the documents.",
        ),
        ({"scanned": True, "names": "/models/our-names"}, "Names of people were looked for with our-names."),
        ({"documents_dropped": 1200}, "Documents set aside for the personal data in them: 1,200."),
    ],
)
def test_a_card_says_what_personal_data_was_looked_for(told, line):
    known = described("plain")
    known = msgspec.structs.replace(known, corpus=msgspec.structs.replace(known.corpus, privacy=told))
    assert f"\n\n{line}\n" in render_card(known)
    risks = bill(known, [], [])["metadata"]["component"]["modelCard"]["considerations"][
        "ethicalConsiderations"
    ]
    assert {"name": line} in risks


def test_both_papers_say_what_may_not_be_handed_on_of_tuned_weights_alone():
    known = described("plain")
    told = "denied: [licences] lets nothing be handed on of documents under CC-BY-NC-4.0 3"
    known = msgspec.structs.replace(known, corpus=msgspec.structs.replace(known.corpus, redistribution=told))
    assert f"- {escaped(f'Handing it on is {told}.')}\n" in render_card(known)
    considered = bill(known, [], [])["metadata"]["component"]["modelCard"]["considerations"]
    assert f"Handing it on is {told}." in considered["technicalLimitations"]
    base = msgspec.structs.replace(known.manifest, weights="base")
    assert "Handing it on" not in render_card(msgspec.structs.replace(known, manifest=base))


@pytest.mark.parametrize(
    ("licence", "keys"),
    [
        ("", {"license": "unknown"}),
        ("Apache-2.0", {"license": "apache-2.0"}),
        ("GPL-3.0-or-later", {"license": "gpl-3.0"}),
        ("ODbL-1.0", {"license": "odbl"}),
        ("LicenseRef-gemma", {"license": "gemma"}),
        ("LicenseRef-house-terms", {"license": "other", "license_name": "house-terms"}),
        ("MIT OR Apache-2.0", {"license": "other", "license_name": "mit-or-apache-2.0"}),
        ("Our Own Terms", {"license": "other", "license_name": "our-own-terms"}),
    ],
)
def test_the_hub_is_told_a_licence_by_its_own_name_for_it(licence, keys):
    assert hub_licence(licence) == keys


def test_an_address_is_told_without_what_is_secret_in_it():
    assert (
        address("https://me:key@host.example:8443/v1?token=t#model") == "https://host.example:8443/v1#model"
    )
    assert address("http://[::1]:8000/v1") == "http://[::1]:8000/v1"
    assert address("") == ""
