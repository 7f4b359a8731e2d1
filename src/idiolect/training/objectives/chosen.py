"""The objectives that a training's settings name, with temperatures matched by entropy."""

import random
from collections.abc import Iterator, Sequence

import numpy as np

from idiolect.config import Train
from idiolect.records import TrainingExample
from idiolect.training.guides import Guide
from idiolect.training.hybrid import Hybrid
from idiolect.training.objectives.base import Objective
from idiolect.training.objectives.complementary import Complementary
from idiolect.training.objectives.contrastive import Contrastive
from idiolect.training.objectives.distillation import Distillation
from idiolect.training.objectives.spread import Spread
from idiolect.training.temperature import matched_temperature, relative_entropy

_BATCHES = 4  # drawn to find the complementary objective's temperature


def objectives_of(
    settings: Train, examples: Sequence[TrainingExample], guide: Guide, dimensions: Sequence[int]
) -> tuple[list[Objective], dict[str, float]]:
    """The objectives of weight above 0, and the temperatures that were found by name.

    Copied queries are distilled always.  Raises ValueError where the guide lacks what one needs.
    """
    written = [example for example in examples if example.objective == "contrastive"]
    copied = [example for example in examples if example.objective == "listwise"]
    objectives: list[Objective] = []
    found: dict[str, float] = {}
    if settings.contrastive:
        objectives.append(Contrastive(settings.contrastive, settings.temperature, settings.hardness))
    found["teacher_temperature"], found["listwise_temperature"] = listwise_temperatures(copied, guide)
    objectives.append(
        Distillation(1.0, "copied", found["listwise_temperature"], found["teacher_temperature"])
    )
    if settings.distill:
        teacher, student = listwise_temperatures(written, guide)
        found |= {"distill_teacher_temperature": teacher, "distill_temperature": student}
        objectives.append(Distillation(settings.distill, "written", student, teacher))
    if settings.complementary:
        if guide.hybrid is None:
            raise ValueError("the complementary objective needs a guide that holds a Hybrid")
        found["complementary_temperature"] = complementary_temperature(written, guide, guide.hybrid, settings)
        objectives.append(
            Complementary(settings.complementary, found["complementary_temperature"], dimensions)
        )
    if settings.spread:
        objectives.append(Spread(settings.spread))
    return objectives, found


def listwise_temperatures(examples: Sequence[TrainingExample], guide: Guide) -> tuple[float, float]:
    """(teacher's, student's) temperatures that bring both softmaxes to the same mean entropy.

    The student's is found on the base's own cosines.  Candidates without a teacher's score are left out.
    """
    teacher, student = [], []
    for example in examples:
        scores = np.array(example.teacher_scores)
        said = ~np.isnan(scores)
        teacher.append(scores[said])
        student.append(
            np.array(
                [guide.passages[identifier] @ guide.queries[example.query_id] for identifier in _own(example)]
            )[said]
        )
    return matched_temperature(teacher), matched_temperature(student)


def complementary_temperature(
    examples: Sequence[TrainingExample], guide: Guide, hybrid: Hybrid, settings: Train
) -> float:
    """The temperature that brings the softmax of fused scores over the passages of a batch to the mean entropy
    that cosines have at train.temperature; both are the base's.
    """
    cosines, fused = [], []
    for batch in _batches(examples, settings.batch_size):
        passages = list(dict.fromkeys(identifier for example in batch for identifier in _own(example)))
        for example in batch:
            cosines.append(guide.cosines(example.query_id, passages))
            fused.append(hybrid.fused(example.query_id, passages))
    return matched_temperature(fused, relative_entropy(cosines, settings.temperature))


def _batches(examples: Sequence[TrainingExample], size: int) -> Iterator[Sequence[TrainingExample]]:
    drawn = random.Random(0).sample(examples, min(len(examples), _BATCHES * size))
    for start in range(0, len(drawn), size):
        yield drawn[start : start + size]


def _own(example: TrainingExample) -> list[str]:
    return [example.positive.id, *(negative.id for negative in example.negatives)]
