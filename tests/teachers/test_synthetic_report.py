"""The report on written queries: what it finds in sets that lean to one side, and in sets that do not."""

import math
import random

import msgspec
import pytest
from builders import a_chunk, copied, written

from idiolect.errors import InputError, MissingExtra
from idiolect.files import write_json
from idiolect.teachers.reporting import synthetic_report as reporting
from idiolect.teachers.reporting.before_and_after import Corrected
from idiolect.teachers.reporting.change import Change
from idiolect.teachers.reporting.coverage import coverage, gini
from idiolect.teachers.reporting.lead_bias import chi_square_tail, in_documents, spread
from idiolect.teachers.reporting.likeness import languages, lengths
from idiolect.teachers.reporting.realness import realness, standard_error
from idiolect.teachers.reporting.shares import shares
from idiolect.teachers.reporting.synthetic_report import (
    SyntheticReport,
    read_synthetic_report,
    synthetic_report,
)
from idiolect.teachers.reporting.weights import document_weights, style_weights, weight
from idiolect.teachers.reporting.words import locate, longest_run

NOUNS = [
    "invoice",
    "backup",
    "password",
    "contract",
    "sensor",
    "pump",
    "valve",
    "budget",
    "ticket",
    "licence",
]
NOUNS += ["server", "audit"]


def manual(documents=12, parts=5):
    """Documents of five chunks, each of five sentences that differ."""
    rng = random.Random(3)
    chunks = []
    for document in range(documents):
        place = 0
        for part in range(parts):
            sentences = [
                f"Step {document}{part}{number} checks the {rng.choice(NOUNS)} and "
                f"{rng.choice(NOUNS)} marked {rng.randrange(10_000)}."
                for number in range(5)
            ]
            text = " ".join(sentences)
            chunks.append(
                a_chunk(f"d{document}#{part}", text, title=f"Manual {document}", headings=[f"Part {part}"],
                        start=place)
            )  # fmt: skip
            place += len(text) + 2
    return chunks


def asked_about(chunk, number, sentence=2, **fields):
    answer = chunk.text.split(". ")[sentence].rstrip(".")
    query = written(f"what is examined in case {chunk.id} {number}", chunk.id)
    return msgspec.structs.replace(query, answer=answer, **fields)


def names(report):
    return [finding.name for finding in report.findings]


@pytest.fixture(scope="module")
def even() -> SyntheticReport:
    chunks = manual()
    queries = [asked_about(chunk, n, sentence=n) for chunk in chunks for n in range(5)]
    return synthetic_report(queries, [], chunks, {"question": len(queries)})


def test_queries_spread_evenly_give_no_finding(even):
    assert names(even) == []
    assert even.coverage.documents_covered == 12 and even.coverage.chunks_covered == 60
    assert even.coverage.headings_covered == even.coverage.headings == 60
    assert even.coverage.gini_of_chunks == pytest.approx(0, abs=1e-9)
    assert even.in_documents.cramers_v < 0.02 and even.in_chunks.cramers_v < 0.05
    assert even.in_chunks.queries == 300
    assert any("--queries" in note for note in even.notes)


def test_queries_about_beginnings_are_found_out():
    chunks = manual()
    queries = [
        asked_about(chunk, n, sentence=0) for chunk in chunks if chunk.id.endswith("#0") for n in range(5)
    ]
    report = synthetic_report(queries, [], chunks)
    assert {"position in documents", "position in chunks"} <= set(names(report))
    assert report.in_documents.observed[0] > 0.9
    assert report.in_documents.expected == pytest.approx([0.2] * 5, abs=0.01)
    assert report.in_documents.fullest == 0 and report.in_documents.p < 1e-6
    assert "first fifth" in report.findings[0].text and "later chunks" in report.findings[0].advice


def test_queries_about_endings_are_no_lead_bias():
    chunks = manual()
    queries = [asked_about(chunk, n, sentence=4) for chunk in chunks for n in range(2)]
    (finding,) = synthetic_report(queries, [], chunks).findings
    assert "last fifth of their chunks" in finding.text and "conclusions" in finding.advice


def test_an_effect_that_is_certain_and_tiny_is_no_finding():
    chunks = manual(documents=40)
    queries = [asked_about(chunk, n, sentence=n % 5) for chunk in chunks for n in range(10)]
    queries += [asked_about(chunk, 10, sentence=0) for chunk in chunks]
    report = synthetic_report(queries, [], chunks)
    assert report.in_chunks.p < 0.01 and "position in chunks" not in names(report)


def test_a_document_of_one_chunk_has_no_position():
    chunks = [a_chunk(f"d{number}#0", "one two three four") for number in range(9)]
    position = in_documents([written("what", "d3#0")], chunks)
    assert position.cramers_v == pytest.approx(0) and position.p == pytest.approx(1)


def test_duplicates_and_boilerplate_are_not_waited_for():
    chunks = [a_chunk("a#0", "alpha beta"), a_chunk("b#0", "alpha beta", duplicate_of="a#0")]
    found = coverage([written("what of alpha", "a#0")], chunks)
    assert (found.documents, found.documents_covered, found.chunks) == (1, 1, 1)


def test_a_set_from_one_document_is_called_concentrated():
    chunks = manual()
    queries = [asked_about(chunk, n) for chunk in chunks[:5] for n in range(20)]
    report = synthetic_report(queries, [], chunks)
    assert {"coverage", "concentration", "largest source"} <= set(names(report))
    assert report.coverage.largest == "d0" and report.coverage.largest_share == 1


def test_few_queries_over_many_documents_are_not_blamed_for_being_few():
    chunks = manual(documents=100, parts=1)
    queries = [asked_about(chunk, 0) for chunk in chunks[:30]]
    assert not {"coverage", "concentration"} & set(names(synthetic_report(queries, [], chunks)))


def test_a_style_that_is_rejected_is_weighed_up_and_the_other_down():
    chunks = manual()
    kept = [asked_about(chunk, n) for chunk in chunks for n in range(3)]
    kept += [asked_about(chunk, 9, style="claim") for chunk in chunks[:10]]
    refused = [asked_about(chunk, n, style="claim") for chunk in chunks for n in range(2)]
    report = synthetic_report(kept, refused, chunks, {"question": 200, "claim": 200, "keywords": 0})
    claim = next(row for row in report.styles if row.name == "claim")
    assert (claim.asked, claim.written, claim.kept) == (200, 130, 10)
    assert "style claim" in names(report)
    assert "rejected.jsonl" in next(f.advice for f in report.findings if f.name == "style claim")
    assert style_weights(report.styles) == {"claim": 2.0, "question": 0.5}


def test_without_a_plan_there_is_nothing_to_weigh():
    chunks = manual()
    report = synthetic_report([copied(chunk.text[:40], chunk.id) for chunk in chunks], [], chunks)
    assert style_weights(report.styles) == {} and report.copying is None and report.correction is None


def test_weights_come_in_steps_and_stay_within_bounds():
    assert [weight(0.5, 0.0), weight(0.0, 0.0), weight(0.0, 0.1)] == [2, 1, 0.5]
    assert [weight(0.3, kept) for kept in (0.9, 0.43, 0.42, 0.3, 0.22, 0.21, 0.01)] == [
        0.5, 0.5, 1, 1, 1, 2, 2
    ]  # fmt: skip


def test_a_style_of_which_few_were_asked_for_has_no_weight():
    rows = shares({"question": 19, "claim": 20}, ["other"] * 40, [])
    assert style_weights(rows) == {"question": 1, "claim": 2}


def test_documents_of_which_little_is_known_are_weighed_together():
    asked = {"large": 100, "told": 40} | {f"d{n}": 4 for n in range(50)}
    kept = {"large": 150, "told": 30} | {f"d{n}": 8 * (n % 2) for n in range(10)}
    assert document_weights(asked, kept) == ({"large": 0.5, "told": 1.0}, 2.0)
    assert document_weights({"a": 4, "b": 4}, {"a": 4}) == ({}, 1.0)


def test_copies_are_counted_and_terms_are_not():
    chunks = manual()
    copies = [written(chunk.text.split(". ")[1], chunk.id) for chunk in chunks]
    report = synthetic_report(copies, [], chunks)
    assert report.copying.copies == 1 and "copies" in names(report) and len(report.copying.examples) == 3
    terms = [written(" ".join(chunk.text.split()[:2]), chunk.id) for chunk in chunks]
    report = synthetic_report(terms, [], chunks)
    assert report.copying.mean_share == 1 and report.copying.copies == 0


def test_real_queries_of_another_kind_are_told_apart():
    pytest.importorskip("sklearn")
    chunks = manual()
    queries = [asked_about(chunk, n) for chunk in chunks for n in range(2)]
    real = [f"{noun} {other}" for noun in NOUNS for other in NOUNS[:4]]
    report = synthetic_report(queries, [], chunks, real=real)
    assert {"realness", "length"} <= set(names(report))
    assert report.realness.auc > 0.95 and report.realness.interval[0] > 0.9
    assert report.lengths.distance == pytest.approx(8 - 2, abs=1) and report.lengths.ks == 1


def test_real_queries_of_the_same_kind_are_not():
    pytest.importorskip("sklearn")
    rng = random.Random(5)
    texts = [" ".join(rng.choices(NOUNS, k=5)) for _ in range(300)]
    found = realness([(text, f"d{n % 20}") for n, text in enumerate(texts[:200])], texts[200:])
    assert found.interval[0] < 0.5 < found.interval[1]
    assert 0.02 < standard_error(0.5, 100, 200) < 0.05


def test_few_real_queries_and_a_missing_package_are_noted(monkeypatch):
    chunks = manual()
    queries = [asked_about(chunk, 0) for chunk in chunks]
    few = synthetic_report(queries, [], chunks, real=["where is the pump", "renew a licence"])
    assert few.realness is None and "of 2 real" in few.notes[0] and few.real == 2

    def absent(*_):
        raise MissingExtra("scikit-learn", "train")

    monkeypatch.setattr(reporting, "realness", absent)
    lacking = synthetic_report(queries, [], chunks, real=[f"where is pump {n}" for n in range(40)])
    assert lacking.realness is None and "idiolect[train]" in lacking.notes[0]


def test_languages_are_compared_where_they_can_be_told():
    german = [f"Wie lange werden die Sicherungskopien im Archiv Nummer {n} aufbewahrt?" for n in range(40)]
    english = [
        f"How long are the backup copies of archive number {n} kept by the company?" for n in range(40)
    ]
    found = languages(english, german)
    assert found.distance > 0.9 and max(found.real, key=found.real.get) == "de"
    assert languages(english, english).distance == 0
    assert languages(["ab"], []).synthetic == {"?": 1.0}


def test_lengths_agree_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    rng = random.Random(1)
    ours, theirs = ([" ".join(["w"] * rng.randint(1, top)) for _ in range(60)] for top in (9, 14))
    found = lengths(ours, theirs)
    counts = [len(text.split()) for text in ours], [len(text.split()) for text in theirs]
    assert found.distance == pytest.approx(stats.wasserstein_distance(*counts))
    assert found.ks == pytest.approx(stats.ks_2samp(*counts).statistic)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("statistic", [0.0, 0.3, 4.0, 30.0, 5000.0])
def test_the_tail_of_chi_square_agrees_with_scipy(statistic, freedom):
    stats = pytest.importorskip("scipy.stats")
    assert chi_square_tail(statistic, freedom) == pytest.approx(stats.chi2.sf(statistic, freedom))


def test_gini_is_none_where_all_have_alike_and_nearly_one_where_one_has_all():
    assert gini([3, 3, 3]) == pytest.approx(0)
    assert gini([0] * 99 + [7]) == pytest.approx(0.99)
    assert gini([]) == gini([0, 0]) == 0


def test_an_answer_is_found_by_its_words_or_not_at_all():
    text = "The pump is old. Backups are kept for ninety days in Leeds. Call the office."
    start, end = locate("kept for 90 days in Leeds", text)
    assert text[start:end].startswith("kept for ninety days")
    assert locate("nothing of the sort said", text) is None
    assert locate("the pump", "the pump here; far away, among many other things, the pump") is None
    assert locate("备份保留九十天", "泵很旧。备份保留九十天。请致电。") == (4, 11)
    assert longest_run(list("abcd"), list("xbcdab")) == 3


def test_a_stretch_is_divided_over_the_fifths():
    assert spread(0, 30, 100) == pytest.approx([2 / 3, 1 / 3, 0, 0, 0])
    assert math.fsum(spread(5, 5, 10)) == pytest.approx(1)


def test_the_report_is_kept_as_json_and_tells_before_from_after(tmp_path):
    path = tmp_path / "generate_report.json"
    assert read_synthetic_report(path) is None
    chunks = manual()
    queries = [asked_about(chunk, n, sentence=n) for chunk in chunks for n in range(2)]
    first = [asked_about(chunk, 0, style="claim") for chunk in chunks[:5]] + queries[:20]
    change = Change(styles={"claim": 1.0, "question": 2.0}, documents={"d0": 0.5}, others=2.0, parts=True)
    corrected = Corrected(
        change, frozenset(q.id for q in first), {"claim": 5, "question": 20}, {"d0#0": 5, "d1#0": 20}
    )
    report = synthetic_report(
        [*first, *queries[20:]], [], chunks, asked_hops={1: 100, 2: 20}, corrected=corrected
    )
    write_json(path, report)
    assert read_synthetic_report(path) == report and "hops 2" in names(report)
    done = report.correction
    assert (done.before, done.after) == (25, 100) and done.change == change
    rows = {row.name: (row.planned, row.weight, row.before, row.after) for row in done.shares}
    assert rows["style claim"] == (0.2, 1, 0.2, 0) and rows["style question"] == (0.8, 2, 0.8, 1)
    assert rows["document d0"] == (0.2, 0.5, 0.6, 0) and rows["all other documents"] == (0.8, 2, 0.4, 1)
    assert (
        "0.00 → 0.20, unevenness over chunks" in done.sentence and "document d0 0.60 → 0.00" in done.sentence
    )
    path.write_text("{}")
    with pytest.raises(InputError, match="idiolect generate"):
        read_synthetic_report(path)


def test_no_query_at_all_is_reported_too():
    report = synthetic_report([], [], manual(), real=["where is it"])
    assert report.in_documents is None and report.coverage.documents_covered == 0
    assert report.lengths.synthetic == []
