"""Classes told by neighbours and found by clustering, over texts as people keep them."""

import json

import numpy as np
import pytest
from small_corpus import MACHINES, sections

from idiolect.errors import InputError
from idiolect.evaluation.classed_texts import ClassedTexts, read_classed
from idiolect.evaluation.tasks import knn_hits, measure, report, task_warnings, v_measure
from idiolect.files import write_text

PARTS = ("purpose", "wear", "faults")


def rows():
    return [
        (text, part)
        for number, name in enumerate(MACHINES)
        for part, (_, text) in zip(PARTS, sections(name, number), strict=True)
    ]


def clouds(spread, classes=3, each=20, seed=1):
    """Unit vectors about as many centres as there are classes, with their classes."""
    rng = np.random.default_rng(seed)
    centres = np.eye(classes, 16)
    vectors = np.repeat(centres, each, axis=0) + spread * rng.standard_normal((classes * each, 16))
    names = [f"class {number // each}" for number in range(classes * each)]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), names


def test_classes_that_lie_apart_are_told_and_found():
    vectors, classes = clouds(0.05)
    assert set(knn_hits(vectors, classes).values()) == {1.0}
    assert v_measure(vectors, classes, 13) == pytest.approx(1, abs=0.15)
    assert max(v_measure(vectors, classes, seed) for seed in range(5)) > 0.9


def test_classes_that_mean_nothing_are_told_by_chance():
    rng = np.random.default_rng(3)
    vectors, _ = clouds(5.0, each=200)
    classes = rng.permutation(["a", "b", "c"] * 200).tolist()
    texts = ClassedTexts("noise", [""] * 600, classes)
    found = measure(texts, vectors, ("classification", "clustering"), 13)
    assert found["knn_accuracy@10"] == pytest.approx(1 / 3, abs=0.07)
    assert found["v_measure"] < 0.05
    assert list(measure(texts, vectors, ("clustering",), 13)) == ["v_measure"]


def test_a_text_is_not_its_own_neighbour():
    vectors, classes = clouds(0.05, classes=2, each=2)
    assert list(knn_hits(vectors, ["a", "b", "c", "d"]).values()) == [0.0] * 4
    assert list(knn_hits(vectors[:2], classes[:2]).values()) == [1.0, 1.0]


def test_of_classes_with_as_many_neighbours_the_nearer_wins():
    vectors, _ = clouds(0.01, classes=2, each=2)
    told = knn_hits(np.concatenate([vectors[:1], vectors]), ["a", "a", "a", "b", "b"])
    assert told["0"] == 1.0


def test_large_collections_are_told_in_blocks_as_small_ones(monkeypatch):
    vectors, classes = clouds(0.5)
    whole = knn_hits(vectors, classes)
    monkeypatch.setattr("idiolect.evaluation.tasks._BLOCK", 7)
    assert knn_hits(vectors, classes) == whole


def test_a_fall_of_more_than_a_hundredth_is_warned_of_and_no_other():
    good, classes = clouds(0.3, each=100)
    texts = ClassedTexts("tickets", [""] * 300, classes)
    worse, _ = clouds(0.8, each=100, seed=2)
    pair = ("dense-base", "dense-tuned")
    fell = report(texts, {"dense-base": good, "dense-tuned": worse}, pair, 13)
    assert (fell.texts, fell.classes) == (300, 3)
    assert fell.comparison.delta == pytest.approx(
        fell.runs["dense-tuned"]["knn_accuracy@10"] - fell.runs["dense-base"]["knn_accuracy@10"]
    )
    warnings = list(task_warnings({"tickets": fell}, *pair))
    assert warnings[0].startswith("tickets: k-NN accuracy@10 falls from ")
    assert "95% interval of the difference −" in warnings[0]
    assert warnings[1].startswith("tickets: V-measure falls from ")
    assert all(warning.endswith("; this decides nothing.") for warning in warnings)
    same = report(texts, {"dense-base": good, "dense-tuned": good}, pair, 13)
    gained = report(texts, {"dense-base": worse, "dense-tuned": good}, pair, 13)
    assert list(task_warnings({"same": same, "gained": gained}, *pair)) == []


def test_a_folder_of_folders_is_read_whatever_the_format(tmp_path):
    for number, (text, part) in enumerate(rows()):
        suffix = ("txt", "md", "html")[number % 3]
        write_text(
            tmp_path / part / "deeper" / f"{number}.{suffix}", f"<p>{text}</p>" if number % 3 == 2 else text
        )
    write_text(tmp_path / "faults" / "empty.txt", "")
    (tmp_path / "nothing").mkdir()
    texts = read_classed(tmp_path)
    assert sorted(zip(texts.texts, texts.classes, strict=True)) == sorted(rows())
    assert texts.left_out == 1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("tickets.csv", {}),
        ("tickets.tsv", {}),
        ("tickets.jsonl", {}),
        ("named.csv", {"text_column": "Body Text", "label_column": "subject"}),
    ],
)
def test_a_table_has_a_column_of_texts_and_one_of_labels(tmp_path, name, options):
    header = ("Body Text", "subject") if options else ("text", "Label")
    if name.endswith("jsonl"):
        lines = [json.dumps(dict(zip(header, row, strict=True))) for row in rows()]
    else:
        mark = "\t" if name.endswith("tsv") else ";"
        lines = [mark.join(header), *(mark.join(row) for row in rows())]
    write_text(tmp_path / name, "\n".join(lines) + "\n")
    texts = read_classed(tmp_path / name, **options)
    assert list(zip(texts.texts, texts.classes, strict=True)) == rows()


@pytest.mark.parametrize(
    ("files", "options", "says"),
    [
        ({}, {}, "does not exist"),
        ({"d/readme.txt": "text"}, {}, "holds no folder"),
        ({"d/only/a.txt": "one", "d/only/b.txt": "two"}, {}, "2 texts of 1 classes"),
        ({"d/a/a.txt": "one", "d/b/b.txt": "two"}, {}, "two classes of two texts"),
        (
            {"d": "text,kind\na,b\n"},
            {},
            r"no column of labels; it has text, kind: name one with --label-column",
        ),
        ({"d": "words,label\na,b\n"}, {}, "no column of texts"),
        ({"d": "text,label\na,b\n"}, {"label_column": "kind"}, "no column 'kind'"),
    ],
)
def test_what_cannot_be_used_says_why(tmp_path, files, options, says):
    for name, text in files.items():
        write_text(tmp_path / name, text)
    with pytest.raises(InputError, match=says):
        read_classed(tmp_path / "d", **options)
