"""Settings name the objectives; temperatures are found on what the base says of the examples."""

import numpy as np
import pytest
from msgspec.structs import replace

from idiolect.config import Train
from idiolect.mining.ranking import Corpus
from idiolect.records import Fusion, Negative, Passage, TextRef, TrainingExample
from idiolect.training.guides import Guide
from idiolect.training.hybrid import Hybrid
from idiolect.training.objectives.chosen import objectives_of
from idiolect.training.temperature import ENTROPY_SHARE, relative_entropy

GENERATOR = np.random.default_rng(23)
WORDS = ["pump", "valve", "tank", "river", "bar", "filter", "sand", "night"]
TEXTS = {f"c{number}": " ".join(GENERATOR.choice(WORDS, size=5)) for number in range(30)}
DIMENSIONS = (8, 4)


def unit(count):
    rows = GENERATOR.normal(size=(count, 8)) + 0.3
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


VECTORS = dict(zip(TEXTS, unit(30), strict=True))


def an_example(number, objective):
    own = [f"c{(3 * number + step) % 30}" for step in range(4)]
    return TrainingExample(
        query_id=f"q{number}",
        query=" ".join(GENERATOR.choice(WORDS, size=3)),
        positive=TextRef(id=own[0], text=TEXTS[own[0]]),
        negatives=[Negative(id=name, text=TEXTS[name], score=0.0) for name in own[1:]],
        teacher_scores=sorted((5 * GENERATOR.random(4)).tolist(), reverse=True),
        objective=objective,
    )


EXAMPLES = [an_example(number, "contrastive" if number < 12 else "listwise") for number in range(20)]
QUERIES = dict(zip((example.query_id for example in EXAMPLES), unit(20), strict=True))
PASSAGES = [Passage(id=name, text=text) for name, text in TEXTS.items()]
HYBRID = Hybrid(
    Corpus(PASSAGES, np.stack(list(VECTORS.values())), Fusion()),
    {example.query_id: example.query for example in EXAMPLES},
    QUERIES,
    DIMENSIONS,
)
GUIDE = Guide(queries=QUERIES, passages=VECTORS, related={}, margin=0.95, hybrid=HYBRID)


def chosen(examples=EXAMPLES, **settings):
    return objectives_of(Train(**settings), examples, GUIDE, DIMENSIONS)


def facts(objective):
    return {"kind": type(objective).__name__, **vars(objective)}


def own(example):
    return [example.positive.id, *(negative.id for negative in example.negatives)]


def test_by_default_written_queries_are_contrasted_and_copied_ones_distilled():
    objectives, found = chosen()
    copied = EXAMPLES[12:]
    teacher = relative_entropy([np.array(one.teacher_scores) for one in copied], found["teacher_temperature"])
    cosines = [GUIDE.cosines(one.query_id, own(one)) for one in copied]
    student = relative_entropy(cosines, found["listwise_temperature"])
    assert (teacher, student) == pytest.approx((ENTROPY_SHARE, ENTROPY_SHARE), abs=1e-3)
    assert set(found) == {"teacher_temperature", "listwise_temperature"}
    assert [facts(one) for one in objectives] == [
        {"kind": "Contrastive", "weight": 1.0, "temperature": 0.05, "hardness": 0.0},
        {
            "kind": "Distillation",
            "weight": 1.0,
            "queries": "copied",
            "temperature": found["listwise_temperature"],
            "teacher_temperature": found["teacher_temperature"],
        },
    ]


def test_every_objective_has_its_weight():
    weights = {"contrastive": 0.5, "distill": 2.0, "complementary": 0.25, "spread": 0.1}
    objectives, _ = chosen(**weights, hardness=9.0, target="retriever")
    found = [(type(one).__name__, one.weight) for one in objectives]
    assert found == [
        ("Contrastive", 0.5), ("Distillation", 1.0), ("Distillation", 2.0), ("Complementary", 0.25), ("Spread", 0.1),
    ]  # fmt: skip
    assert objectives[0].hardness == 9.0
    assert [one.needs for one in objectives[1:]] == [set(), set(), {"masked", "lexical"}, set()]


def test_an_objective_of_weight_0_is_not_there():
    objectives, _ = chosen(contrastive=0.0, distill=1.0)
    assert [facts(one)["queries"] for one in objectives] == ["copied", "written"]


def test_written_queries_have_temperatures_of_their_own():
    _, found = chosen(distill=1.0)
    written = EXAMPLES[:12]
    rows = [np.array(one.teacher_scores) for one in written]
    assert relative_entropy(rows, found["distill_teacher_temperature"]) == pytest.approx(
        ENTROPY_SHARE, abs=1e-3
    )
    assert found["distill_temperature"] != pytest.approx(found["listwise_temperature"], rel=1e-3)


def test_candidates_without_a_score_have_no_say_in_the_temperatures():
    silent = [
        replace(one, teacher_scores=[*one.teacher_scores[:2], float("nan"), one.teacher_scores[3]])
        for one in EXAMPLES
    ]
    _, found = chosen(silent, distill=1.0)
    rows = [np.array(one.teacher_scores)[[0, 1, 3]] for one in EXAMPLES[:12]]
    cosines = [GUIDE.cosines(one.query_id, own(one))[[0, 1, 3]] for one in EXAMPLES[:12]]
    for name, given in (("distill_teacher_temperature", rows), ("distill_temperature", cosines)):
        assert relative_entropy(given, found[name]) == pytest.approx(ENTROPY_SHARE, abs=1e-3)


@pytest.mark.parametrize("temperature", [0.05, 0.2])
def test_fused_scores_get_the_entropy_that_cosines_have(temperature):
    _, found = chosen(complementary=1.0, target="retriever", temperature=temperature, batch_size=12)
    written = EXAMPLES[:12]
    passages = list(dict.fromkeys(name for one in written for name in own(one)))
    cosines = [GUIDE.cosines(one.query_id, passages) for one in written]
    fused = [HYBRID.fused(one.query_id, passages) for one in written]
    expected = relative_entropy(cosines, temperature)
    assert relative_entropy(fused, found["complementary_temperature"]) == pytest.approx(expected, abs=1e-3)


def test_the_lexical_side_must_be_at_hand():
    bare = Guide(queries=QUERIES, passages=VECTORS, related={}, margin=0.95)
    with pytest.raises(ValueError, match="Hybrid"):
        objectives_of(Train(complementary=1.0), EXAMPLES, bare, DIMENSIONS)
