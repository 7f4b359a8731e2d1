"""prepare with queries that people asked: documents found, split by query, and kept apart from the rest."""

from collections import defaultdict

import msgspec
import pytest
from builders import Listening, a_chunk, documents_of, written
from small_corpus import MACHINES, sections

from idiolect.config import load
from idiolect.errors import InputError, UsageError
from idiolect.evaluation.beir import load_dataset
from idiolect.evaluation.labels import normalised
from idiolect.files import read_json, read_jsonl, tree_digests, write_jsonl
from idiolect.records import Mining, Split, TrainingExample
from idiolect.stages.context import Context
from idiolect.stages.prepare import run
from idiolect.workspace import Workspace

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = ("prepare.masked_queries=24", "prepare.test_fraction=0.2", "prepare.dev_fraction=0.2")
STEMS = {name: name.replace(" ", "-") for name in MACHINES}
SPELLINGS = ("{}.md", "{}", "{}#1")


def chunks():
    return [
        a_chunk(f"{STEMS[name]}#{position}", text, title=f"Manual of the {name}", headings=[heading])
        for number, name in enumerate(MACHINES)
        for position, (heading, text) in enumerate(sections(name, number))
    ]


def synthetic():
    """What an LLM asked; its first question is one that somebody asks as well."""
    return [
        written(text, f"{STEMS[name]}#{position}")
        for name, (_, part, sign, cause) in MACHINES.items()
        for position, text in enumerate((f"Why is there {sign}?", f"{part} weeks", f"is it {cause}"))
    ]


def asked(count):
    """Rows of query and document, five queries a machine at most, the document called in different ways."""
    rows = []
    for template in (
        "why is there {sign}", "what {purpose}", "inspect {part}", "{cause}: what now", "{part} worn",
    ):  # fmt: skip
        for number, (name, (purpose, part, sign, cause)) in enumerate(MACHINES.items()):
            text = template.format(purpose=purpose, part=part, sign=sign, cause=cause)
            rows.append((text, SPELLINGS[number % 3].format(STEMS[name])))
    return rows[:count]


def prepared(folder, base, rows, *settings, more=()):
    (folder / "asked.csv").write_text("query;document\n" + "".join(f"{text};{doc}\n" for text, doc in rows))
    progress = Listening()
    config = load(
        None, [f"train.base={base}", *SETTINGS, f"prepare.queries={folder / 'asked.csv'}", *settings]
    )
    context = Context(Workspace(folder / "work"), config, progress)
    work = context.workspace
    write_jsonl(work.chunks, [*chunks(), *more])
    write_jsonl(work.queries, synthetic())
    write_jsonl(work.documents, documents_of([*chunks(), *more]))
    return work, run(context), progress.notes


def splits_of(work):
    found = defaultdict(set)
    for record in read_jsonl(work.splits, Split):
        found[record.split].add(record.query_id)
    return found


def examples_of(work, name="train"):
    return list(read_jsonl(getattr(work, name), TrainingExample))


def document(identifier):
    return identifier.partition("#")[0]


@pytest.fixture(scope="module")
def split(tiny_model, tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("split"), tiny_model, asked(80))


def labelled(work, name):
    return load_dataset(work.labelled, name)


def test_eighty_queries_choose_decide_and_train(split):
    work, summary, notes = split
    counts = summary["labelled"]
    assert (counts["dev"], counts["test"]) == (20, 50)
    assert counts["train"] + counts["unused"] == 10
    assert (counts["left_out"], counts["unknown_documents"]) == (0, 0)
    assert any("labelled queries: " in note and "20 dev, 50 test" in note for note in notes)
    assert not work.rejected_labels.exists()


def test_every_labelled_query_stands_in_one_split(split):
    work, _, _ = split
    sets = {name: labelled(work, name) for name in ("train", "dev", "test")}
    known = splits_of(work)
    for name, dataset in sets.items():
        assert set(dataset.queries) <= known[name]
    texts = [text for dataset in sets.values() for text in dataset.queries.values()]
    assert len(set(texts)) == len(texts)
    sides = defaultdict(set)
    for record in read_jsonl(work.splits, Split):
        sides[record.group].add(record.split)
    assert all(len(found - {"unused"}) <= 1 for found in sides.values())


def test_labels_judge_documents_over_all_chunks_and_each_spelling_of_a_name_is_known(split):
    work, _, _ = split
    test = labelled(work, "test")
    assert set(test.corpus) == {chunk.id for chunk in chunks()}
    assert set(test.owners.values()) == set(STEMS.values())
    expected = {text: document(name.removesuffix(".md")) for text, name in asked(80)}
    for query, text in test.queries.items():
        assert test.qrels[query] == {expected[text]: 1}


def test_labelled_queries_carry_language_and_kind_of_what_answers_them(split):
    test = labelled(split[0], "test")
    assert test.facets == {
        name: dict.fromkeys(test.queries, value) for name, value in (("language", "en"), ("source", ".md"))
    }


def test_what_people_asked_is_marked_in_training(split):
    work, _, _ = split
    asked_ids = labelled(work, "train").queries.keys()
    assert asked_ids
    assert {example.query_id for example in examples_of(work) if example.asked} == set(asked_ids)
    assert len(examples_of(work)) > len(asked_ids)


def test_the_positive_is_the_best_chunk_of_the_document(split):
    work, _, _ = split
    train = labelled(work, "train")
    examples = [example for example in examples_of(work) if example.query_id in train.queries]
    assert {example.query_id for example in examples} == set(train.queries)
    for example in examples:
        assert example.objective == "contrastive"
        assert train.qrels[example.query_id] == {document(example.positive.id): 1}
        siblings = {
            negative.id
            for negative in example.negatives
            if document(negative.id) == document(example.positive.id)
        }
        assert not siblings


def test_no_held_out_document_trains_through_a_label(split):
    work, _, _ = split
    held = {document(positive) for judged in load_dataset(work.test).qrels.values() for positive in judged}
    held |= {
        document(positive)
        for judged in load_dataset(work.dev_sets / "queries", "dev").qrels.values()
        for positive in judged
    }
    assert held
    assert not held & {document(example.positive.id) for example in examples_of(work)}


def test_synthetic_queries_that_repeat_a_held_out_one_do_not_train(split):
    work, _, _ = split
    held_out = {
        normalised(text) for name in ("dev", "test") for text in labelled(work, name).queries.values()
    }
    repeated = {query.id for query in synthetic() if normalised(query.text) in held_out}
    assert repeated, "the first question of the LLM is one that people ask"
    trained = {example.query_id for example in examples_of(work)}
    assert not repeated & trained
    assert held_out.isdisjoint(normalised(example.query) for example in examples_of(work))


def test_dev_holds_what_people_asked_and_they_help_to_choose_the_fusion(split):
    work, _, _ = split
    dev = load_dataset(work.dev_sets / "labelled", "dev")
    assert dev.queries == labelled(work, "dev").queries
    mining = msgspec.convert(read_json(work.mining), Mining)
    assert set(mining.weight_curves) == {"masked", "labelled"}
    assert mining.weight_interval[0] <= mining.fusion.weight <= mining.weight_interval[1]


def test_the_same_labels_give_the_same_bytes(split, tiny_model, tmp_path):
    work, _, _ = prepared(tmp_path, tiny_model, asked(80))
    for name in ("train", "dev", "splits", "mining"):
        assert getattr(work, name).read_bytes() == getattr(split[0], name).read_bytes()
    assert tree_digests(work.labelled) == tree_digests(split[0].labelled)


def test_a_dev_pool_keeps_every_chunk_of_a_judged_document(tiny_model, tmp_path):
    more = [a_chunk(f"extra{number}#0", f"entry {number} about nothing") for number in range(60)]
    settings = ("prepare.labels_as=dev", "prepare.dev_corpus=50")
    work, _, _ = prepared(tmp_path, tiny_model, asked(3), *settings, more=more)
    pool, whole = load_dataset(work.dev_sets / "labelled", "dev"), labelled(work, "dev")
    assert 50 <= len(pool.corpus) < 60 < len(whole.corpus)
    assert pool.owners == {identifier: whole.owners[identifier] for identifier in pool.corpus}
    for judged in pool.qrels.values():
        for name in judged:
            assert {f"{name}#{part}" for part in range(3)} <= set(pool.corpus)


def test_a_copy_of_a_document_answers_what_the_document_does(tiny_model, tmp_path):
    original = [chunk for chunk in chunks() if chunk.document_id == "intake-pump"]
    copy = [
        msgspec.structs.replace(
            chunk, id=f"copy#{number}", document_id="copy", duplicate_of=f"intake-pump#{number}"
        )
        for number, chunk in enumerate(original)
    ]
    part = msgspec.structs.replace(copy[0], id="part#0", document_id="part")
    work, _, _ = prepared(tmp_path, tiny_model, asked(12), "prepare.labels_as=dev", more=[*copy, part])
    judged = labelled(work, "dev").qrels.values()
    assert {"intake-pump": 1, "copy": 1} in judged
    assert not any("part" in names for names in judged)


@pytest.mark.parametrize(("labels_as", "count"), [("dev", 20), ("dev", 12), ("test", 20), ("train", 32)])
def test_all_labels_can_serve_one_purpose(tiny_model, tmp_path, labels_as, count):
    work, summary, notes = prepared(tmp_path, tiny_model, asked(count), f"prepare.labels_as={labels_as}")
    counts = summary["labelled"]
    assert counts[labels_as] + counts["unused"] == count
    assert counts["unused"] == 0 or labels_as == "train"
    assert [path.stem for path in (work.labelled / "qrels").iterdir()] == [labels_as]
    steers = labels_as == "dev" and count >= 20
    curves = msgspec.convert(read_json(work.mining), Mining).weight_curves
    assert ("labelled" in curves) == steers
    assert any("12 labelled dev queries are reported; it takes 20" in note for note in notes) == (count == 12)
    if labels_as == "train":
        assert any("labelled queries do not train" in note for note in notes)
        assert set(labelled(work, "train").queries) <= {example.query_id for example in examples_of(work)}


def test_what_labelled_queries_test_is_no_negative_in_training(tiny_model, tmp_path):
    work, _, _ = prepared(tmp_path, tiny_model, asked(12), "prepare.labels_as=test")
    (tmp_path / "other").mkdir()
    before, _, _ = prepared(tmp_path / "other", tiny_model, asked(12), "prepare.labels_as=train")
    negatives = {negative.id for example in examples_of(work) for negative in example.negatives}
    best = {
        example.positive.id for example in examples_of(before) if example.query_id in splits_of(work)["test"]
    }
    assert best and not best & negatives


def test_labels_of_unknown_documents_are_left_out_with_a_note(tiny_model, tmp_path):
    rows = [
        *asked(12),
        *((f"what of {name}", f"{name}.pdf") for name in "wxyz"),
        ("both", "intake-pump"),
        ("both", "gone"),
    ]
    work, summary, notes = prepared(tmp_path, tiny_model, rows)
    assert summary["labelled"]["test"] == 13
    assert (summary["labelled"]["left_out"], summary["labelled"]["unknown_documents"]) == (4, 5)
    assert any("5 judgments left out" in note and "'w.pdf', 'x.pdf', 'y.pdf', …" in note for note in notes)
    rejected = work.rejected_labels.read_text()
    assert rejected.count("no such document") == 5 and rejected.count("no document that answers it") == 4
    assert len(splits_of(work)["unused"] & {line.split('"')[3] for line in rejected.splitlines()}) == 4


def test_a_folder_before_the_paths_is_said(tiny_model, tmp_path):
    rows = [(text, f"manuals/{document(name).removesuffix('.md')}.md") for text, name in asked(12)]
    _, summary, notes = prepared(tmp_path, tiny_model, rows)
    assert summary["labelled"]["test"] == 12
    assert any("without 'manuals/'" in note for note in notes)


def test_labels_that_name_no_document_at_all_are_refused(tiny_model, tmp_path):
    with pytest.raises(InputError, match=r"none of its 2 queries is answered .* it names 'a\.pdf', 'b\.pdf'"):
        prepared(tmp_path, tiny_model, [("one", "a.pdf"), ("two", "b.pdf")])
    with pytest.raises(UsageError, match="is no file"):
        prepared(tmp_path, tiny_model, asked(3), f"prepare.queries={tmp_path / 'nowhere.csv'}")


def test_labels_that_are_no_longer_given_are_forgotten(tiny_model, tmp_path):
    work, _, _ = prepared(tmp_path, tiny_model, [*asked(24), ("lost", "gone.md")])
    assert work.labelled.exists() and work.rejected_labels.exists()
    work, summary, _ = prepared(tmp_path, tiny_model, asked(24), "prepare.queries=")
    assert "labelled" not in summary
    assert not work.labelled.exists() and not work.rejected_labels.exists()
    assert not (work.dev_sets / "labelled").exists()
