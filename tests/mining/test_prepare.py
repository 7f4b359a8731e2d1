"""prepare on a small corpus: what trains, what judges, and that neither knows of the other."""

from collections import defaultdict
from itertools import pairwise

import msgspec
import pytest
from builders import a_chunk, copied, documents_of, written
from prepared_work import copies, prepared, questions
from small_corpus import MACHINES, chunks_of

from idiolect.config import load
from idiolect.errors import WorkspaceError
from idiolect.evaluation.beir import load_dataset
from idiolect.files import read_json, read_jsonl, tree_digests
from idiolect.mining.masking import LONG, squeeze
from idiolect.progress import Silent
from idiolect.records import Chunk, FrozenTest, Mining, Query, Split, TrainingExample
from idiolect.stages.context import Context
from idiolect.stages.prepare import run
from idiolect.teachers.extractive import JUDGING_STYLES, ExtractiveTeacher
from idiolect.workspace import Workspace

pytestmark = pytest.mark.usefixtures("one_thread")


def examples_of(work, name="train"):
    return list(read_jsonl(getattr(work, name), TrainingExample))


def ids(example):
    return [example.positive.id, *(negative.id for negative in example.negatives)]


def document(identifier):
    return identifier.partition("#")[0]


@pytest.fixture(scope="module")
def asked(tiny_model, tmp_path_factory):
    """A run over written queries, as with an LLM."""
    context, summary, _ = prepared(tmp_path_factory.mktemp("asked"), tiny_model, chunks_of(), questions())
    return context.workspace, summary


@pytest.fixture(scope="module")
def cut_out(tiny_model, tmp_path_factory):
    """A run over queries that were copied out of the corpus, as without an LLM."""
    chunks = chunks_of()
    context, summary, _ = prepared(tmp_path_factory.mktemp("cut"), tiny_model, chunks, copies(chunks, 90))
    return context.workspace, summary


def test_negatives_score_below_the_margin_of_the_lowest_positive(asked):
    work, _ = asked
    lowest = defaultdict(lambda: float("inf"))
    for example in examples_of(work):
        lowest[example.query_id] = min(lowest[example.query_id], example.teacher_scores[0])
    found = 0
    for example in examples_of(work):
        assert example.objective == "contrastive"
        assert example.teacher_scores[1:] == [negative.score for negative in example.negatives]
        for negative in example.negatives:
            found += 1
            assert negative.score <= 0.95 * lowest[example.query_id] + 1e-3
    assert found > 20


def test_no_known_positive_is_a_negative(asked):
    work, _ = asked
    known = {query.id: set(query.positives) for query in questions()}
    for example in [*examples_of(work), *examples_of(work, "dev")]:
        assert example.positive.id in known[example.query_id]
        assert not known[example.query_id] & {negative.id for negative in example.negatives}


def test_no_positive_of_the_test_is_pushed_away_in_training(asked):
    work, _ = asked
    tested = {positive for judged in load_dataset(work.test).qrels.values() for positive in judged}
    assert tested
    for example in examples_of(work):
        assert not tested & set(ids(example))


def test_no_other_chunk_of_a_positives_document_is_a_negative(asked):
    """It often answers too; and here the second and third even share text."""
    work, _ = asked
    for example in examples_of(work):
        assert document(example.positive.id) not in {document(negative.id) for negative in example.negatives}


def test_text_that_overlaps_the_source_is_no_candidate(cut_out):
    work, _ = cut_out
    sources = {query.id: query.source for query in read_jsonl(work.queries, Query)}
    for example in examples_of(work):
        stem, _, position = sources[example.query_id].partition("#")
        assert f"{stem}#{ ({'1': '2', '2': '1'}.get(position)) }" not in ids(example)


def test_a_query_with_two_positives_is_unrolled_with_the_same_negatives(asked):
    work, _ = asked
    lines = defaultdict(list)
    for example in examples_of(work):
        lines[example.query_id].append(example)
    two = [query for query in questions() if len(query.positives) == 2 and query.id in lines]
    assert two
    for query in two:
        assert [example.positive.id for example in lines[query.id]] == query.positives
        first, second = lines[query.id]
        assert first.negatives == second.negatives
    assert all(len(lines[query.id]) == 1 for query in questions() if query.hops == 1 and query.id in lines)


def test_texts_are_what_the_encoder_is_given(asked):
    work, _ = asked
    texts = {chunk.id: chunk.passage.full_text for chunk in read_jsonl(work.chunks, Chunk)}
    for example in examples_of(work):
        assert example.positive.text == texts[example.positive.id]
        assert all(negative.text == texts[negative.id] for negative in example.negatives)


def test_shortfalls_are_counted_and_not_filled(tiny_model, tmp_path):
    """More negatives are asked for than the corpus has."""
    settings = ("prepare.negatives=40", "prepare.margin=0.5")
    context, summary, notes = prepared(tmp_path, tiny_model, chunks_of(), questions(), *settings)
    mined = [*examples_of(context.workspace), *examples_of(context.workspace, "dev")]
    assert all(len(example.negatives) < 40 for example in mined)
    assert sum(summary["shortfalls"].values()) == len({example.query_id for example in mined})
    assert any("of 40 negatives" in note for note in notes)
    known = {query.id: set(query.positives) for query in questions()}
    assert all(not known[example.query_id] & set(ids(example)[1:]) for example in mined)


@pytest.mark.parametrize("fixture", ["asked", "cut_out"])
def test_no_document_stands_on_two_sides(fixture, request):
    work, _ = request.getfixturevalue(fixture)
    splits = list(read_jsonl(work.splits, Split))
    sides = defaultdict(set)
    for split in splits:
        sides[split.group].add(split.split)
    assert all(len(found - {"unused"}) <= 1 for found in sides.values())
    assert {"train", "dev", "test"} <= set().union(*sides.values())
    sources = {query.id: query.source for query in read_jsonl(work.queries, Query)}
    assert {split.query_id for split in splits} == set(sources), "every query is accounted for"
    assert all(split.group == document(sources[split.query_id]) for split in splits)
    test = load_dataset(work.test)
    trained = {example.query_id for example in examples_of(work)}
    developed = {example.query_id for example in examples_of(work, "dev")}
    tested = set(test.queries)
    assert not trained & tested and not trained & developed and not developed & tested
    documents = [{document(sources[query]) for query in side} for side in (trained, developed, tested)]
    assert (
        not documents[0] & documents[1]
        and not documents[0] & documents[2]
        and not documents[1] & documents[2]
    )


@pytest.mark.parametrize("fixture", ["asked", "cut_out"])
def test_the_test_set_ranks_the_whole_corpus(fixture, request):
    work, summary = request.getfixturevalue(fixture)
    test = load_dataset(work.test)
    assert set(test.corpus) == {chunk.id for chunk in chunks_of()}
    assert summary["test"] == len(test.queries) > 0
    positives = {query.id: query.positives for query in read_jsonl(work.queries, Query)}
    assert all(sorted(judged) == sorted(positives[query]) for query, judged in test.qrels.items())
    assert set(test.clusters.values()) <= {document(chunk) for chunk in test.corpus}


def test_test_queries_carry_hops_language_and_source_of_what_answers_them(tiny_model, tmp_path):
    chunks = chunks_of()
    found = [
        msgspec.structs.replace(document, path=f"{'station' if number % 2 else 'plant'}/{document.path}")
        for number, document in enumerate(documents_of(chunks))
    ]
    found[1] = msgspec.structs.replace(found[1], language="de")
    context, _, _ = prepared(tmp_path, tiny_model, chunks, questions(), documents=found)
    test = load_dataset(context.workspace.test)
    hops = {query.id: str(len(query.positives)) for query in questions()}
    assert {hops[query] for query in test.queries} == {"1", "2"}
    assert test.facets["hops"] == {query: hops[query] for query in test.queries}
    folders = {record.id: record.path.partition("/")[0] + "/" for record in found}
    assert test.facets["source"] == {query: folders[test.clusters[query]] for query in test.queries}
    languages = {record.id: record.language for record in found}
    assert test.facets["language"] == {query: languages[test.clusters[query]] for query in test.queries}


def test_a_copied_querys_own_source_is_never_a_candidate(cut_out):
    work, _ = cut_out
    queries = {query.id: query for query in read_jsonl(work.queries, Query)}
    examples = examples_of(work)
    assert len(examples) > 20
    for example in examples:
        query = queries[example.query_id]
        assert example.objective == "listwise"
        assert query.source not in ids(example)
        for text in (example.positive.text, *(negative.text for negative in example.negatives)):
            assert not query.cut or squeeze(query.cut) not in squeeze(text)
        assert example.teacher_scores == sorted(example.teacher_scores, reverse=True)
        assert len(set(ids(example))) == len(ids(example)) > 1


def test_what_is_tested_is_no_candidate_in_training(cut_out):
    work, _ = cut_out
    tested = {positive for judged in load_dataset(work.test).qrels.values() for positive in judged}
    assert all(not tested & set(ids(example)) for example in examples_of(work))


def test_the_copied_text_of_a_test_query_stands_nowhere_in_the_test_corpus(cut_out):
    work, _ = cut_out
    test = load_dataset(work.test)
    queries = {query.id: query for query in read_jsonl(work.queries, Query)}
    corpus = {passage.id: squeeze(passage.full_text) for passage in test.corpus.values()}
    for query, text in test.queries.items():
        stretch, source = squeeze(queries[query].cut), queries[query].source
        assert stretch
        for identifier, passage in corpus.items():
            if len(stretch) >= LONG or document(identifier) == document(source):
                assert stretch not in passage
                assert text not in passage


def test_few_headings_are_joined_by_sentences_which_judge_only_what_was_held_out(cut_out):
    work, _ = cut_out
    styles = set(load_dataset(work.test).slices.values())
    assert styles & set(JUDGING_STYLES)
    assert styles <= {*JUDGING_STYLES, "sentence"}
    assert {example.query_id for example in examples_of(work)}.isdisjoint(load_dataset(work.test).queries)


def test_the_fusion_weight_is_the_best_of_its_curve(cut_out):
    work, summary = cut_out
    mining = msgspec.convert(read_json(work.mining), Mining)
    assert mining.weight_interval[0] <= mining.fusion.weight <= mining.weight_interval[1]
    assert mining.fusion.language == summary["language"] == "en"
    assert 0 < len(mining.masked) <= 24
    assert summary["fusion_weight"] == mining.fusion.weight


def test_dev_sets_have_their_queries_cut_out_as_well(cut_out):
    work, _ = cut_out
    masked = load_dataset(work.dev_sets / "masked", "dev")
    cuts = {query.id: squeeze(query.cut) for query in msgspec.convert(read_json(work.mining), Mining).masked}
    for query in masked.queries:
        assert all(cuts[query] not in squeeze(passage.full_text) for passage in masked.corpus.values())
    assert (work.dev_sets / "queries").is_dir()


def test_the_same_inputs_give_the_same_bytes(asked, tiny_model, tmp_path):
    context, _, _ = prepared(tmp_path, tiny_model, chunks_of(), questions())
    for name in ("train", "dev", "splits", "mining", "frozen_test"):
        assert getattr(context.workspace, name).read_bytes() == getattr(asked[0], name).read_bytes()
    assert tree_digests(context.workspace.test) == tree_digests(asked[0].test)


def frozen(work):
    return msgspec.convert(read_json(work.frozen_test), FrozenTest)


def test_the_test_stays_when_new_queries_and_documents_come(tiny_model, tmp_path):
    machines = tuple(MACHINES)
    first, summary, _ = prepared(tmp_path, tiny_model, chunks_of(machines[:14]), questions()[: 14 * 3])
    before = load_dataset(first.workspace.test)
    more = [
        *questions(),
        *(
            written(f"is the {name} checked on every round?", f"{name.replace(' ', '-')}#0")
            for name in MACHINES
        ),
    ]
    second, again, notes = prepared(tmp_path, tiny_model, chunks_of(), more)
    after = load_dataset(second.workspace.test)
    assert (after.queries, after.qrels, after.clusters) == (before.queries, before.qrels, before.clusters)
    assert set(after.corpus) > set(before.corpus), "new documents are ranked"
    assert again["test_digest"] == summary["test_digest"]
    assert (summary["test_kept"], again["test_kept"]) == (False, True)
    assert not any("drawn anew" in note for note in notes)
    tested = {document(positive) for judged in after.qrels.values() for positive in judged}
    for example in examples_of(second.workspace):
        assert document(example.positive.id) not in tested


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("passage", "passages that it was judged against changed"),
        ("teacher", "the teacher was llm:recorded"),
        ("seed", "seed or prepare.test_fraction changed"),
        ("lock", "its lock file was edited"),
    ],
)
def test_a_test_that_no_longer_fits_is_drawn_anew_with_a_note(tiny_model, tmp_path, change, reason):
    chunks, queries, settings = chunks_of(), questions(), []
    first, _, _ = prepared(tmp_path, tiny_model, chunks, queries)
    lock = frozen(first.workspace)
    if change == "passage":
        judged = lock.queries[0].positives[0]
        chunks = [
            msgspec.structs.replace(chunk, text=f"{chunk.text} Amended.") if chunk.id == judged else chunk
            for chunk in chunks
        ]
    elif change == "teacher":
        queries = [msgspec.structs.replace(query, teacher="llm:another") for query in queries]
    elif change == "seed":
        settings = ["seed=14"]
    else:
        text = first.workspace.frozen_test.read_text()
        first.workspace.frozen_test.write_text(text.replace(lock.queries[0].text, "an easier question"))
    second, summary, notes = prepared(tmp_path, tiny_model, chunks, queries, *settings)
    assert summary["test_kept"] is False
    assert [note for note in notes if "drawn anew" in note] == [f"the frozen test is drawn anew: {reason}"]
    assert "easier" not in second.workspace.frozen_test.read_text()
    _, third, _ = prepared(tmp_path, tiny_model, chunks, queries, *settings)
    assert third["test_kept"] is True


def test_a_passage_that_nothing_was_judged_against_may_change(tiny_model, tmp_path):
    first, _, _ = prepared(tmp_path, tiny_model, chunks_of(), questions())
    judged = frozen(first.workspace).passages
    chunks = [
        chunk if chunk.id in judged else msgspec.structs.replace(chunk, text=f"{chunk.text} Amended.")
        for chunk in chunks_of()
    ]
    _, summary, _ = prepared(tmp_path, tiny_model, chunks, questions())
    assert summary["test_kept"] is True


def test_a_corpus_that_grows_past_ten_documents_does_not_train_on_its_test(tiny_model, tmp_path):
    """Below ten documents chunks are split; the test that was frozen then must stay held out."""
    machines = tuple(MACHINES)
    prepared(tmp_path, tiny_model, chunks_of(machines[:8]), questions()[: 8 * 3])
    second, summary, notes = prepared(tmp_path, tiny_model, chunks_of(), questions())
    assert summary["test_kept"] is False
    assert any("drawn anew" in note for note in notes)
    tested = {
        document(chunk) for judged in load_dataset(second.workspace.test).qrels.values() for chunk in judged
    }
    assert all(document(example.positive.id) not in tested for example in examples_of(second.workspace))


def test_every_query_has_a_split_when_the_test_is_kept(tiny_model, tmp_path):
    prepared(tmp_path, tiny_model, chunks_of(), questions())
    more = [
        *questions(),
        *(
            written(f"is the {name} checked on every round?", f"{name.replace(' ', '-')}#0")
            for name in MACHINES
        ),
    ]
    second, _, _ = prepared(tmp_path, tiny_model, chunks_of(), more)
    assert {split.query_id for split in read_jsonl(second.workspace.splits, Split)} == {
        query.id for query in more
    }


def test_a_query_whose_positives_span_two_documents_does_not_carry_one_into_training(tiny_model, tmp_path):
    """An LLM may name a second positive; where that one tests, it may not be trained on."""
    machines = [name.replace(" ", "-") for name in MACHINES]
    spanning = [
        written(f"how do the {one} and the {other} depend on each other?", f"{one}#0", f"{other}#2")
        for one, other in pairwise(machines)
    ]
    context, _, _ = prepared(tmp_path, tiny_model, chunks_of(), [*questions(), *spanning])
    tested = {
        positive for judged in load_dataset(context.workspace.test).qrels.values() for positive in judged
    }
    trained = {example.positive.id for example in examples_of(context.workspace)}
    assert not trained & tested


def test_a_glossary_does_not_answer_its_own_definitions(tiny_model, tmp_path):
    """Each entry begins with its own name: the heading and the definition are cut out of one place."""
    chunks = []
    for number, name in enumerate(MACHINES):
        entry = f"{name.capitalize()} unit"
        text = (
            f"{entry} is a device that {MACHINES[name][0]} in every works of the region, number {number}. "
            f"Its {MACHINES[name][1]} wears first and is held in stock by the eastern depot all the year round."
        )
        chunks.append(a_chunk(f"{name.replace(' ', '-')}#0", text, title=entry))
    queries = ExtractiveTeacher(60, 13, {}).write(chunks, Silent()).queries
    context, _, _ = prepared(tmp_path, tiny_model, chunks, queries, "prepare.test_fraction=0.5")
    test = load_dataset(context.workspace.test)
    assert {"heading", "definition"} <= set(test.slices.values())
    for query, text in test.queries.items():
        for positive in test.qrels[query]:
            assert text not in squeeze(test.corpus[positive].full_text)


def test_without_queries_there_is_nothing_to_prepare(tiny_model, tmp_path):
    with pytest.raises(WorkspaceError, match="is empty: the teacher wrote no query"):
        prepared(tmp_path, tiny_model, chunks_of(), [])


def test_without_a_query_to_test_on_the_user_is_told(tiny_model, tmp_path):
    chunks = chunks_of()
    only_keywords = [copied(f"{chunk.id} keywords", chunk.id, cut="", style="keywords") for chunk in chunks]
    with pytest.raises(WorkspaceError, match="no query is left to test on"):
        prepared(tmp_path, tiny_model, chunks, only_keywords)


def test_stages_before_it_are_named_where_their_files_are_missing(tiny_model, tmp_path):
    context = Context(Workspace(tmp_path / "work"), load(None, [f"train.base={tiny_model}"]))
    with pytest.raises(WorkspaceError, match="run `idiolect ingest -w"):
        run(context)
