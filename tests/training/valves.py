"""A training small enough for a test: sixteen valves, a tiny model, and whatever dev says."""

import torch

from idiolect.config import Train
from idiolect.progress import Silent
from idiolect.records import Negative, TextRef, TrainingExample
from idiolect.runtimes.model_files import describe
from idiolect.runtimes.torch import TorchRuntime
from idiolect.training.batches import Collator
from idiolect.training.checkpoints import Checkpoints
from idiolect.training.guides import Guide
from idiolect.training.objectives.chosen import objectives_of
from idiolect.training.objectives.combined import Combined
from idiolect.training.trainer import _tokenizer, load_for_training, train

LETTERS = "bcdfghklmnprstvw"
TEXTS = {
    f"c{number}": f"the {letter}{letter} valve opens at {number} bar" for number, letter in enumerate(LETTERS)
}
DIMENSIONS = (64, 16)


def an_example(number, objective):
    names = [f"c{(number + step) % len(LETTERS)}" for step in range(4)]
    return TrainingExample(
        query_id=f"q{number}-{objective}",
        query=f"when does {LETTERS[number]} {objective} open",
        positive=TextRef(id=names[0], text=TEXTS[names[0]]),
        negatives=[Negative(id=name, text=TEXTS[name], score=1.0) for name in names[1:]],
        teacher_scores=[4.0, 2.0, 1.0, 0.5],
        objective=objective,
    )


EXAMPLES = [an_example(n, kind) for kind in ("contrastive", "listwise") for n in range(len(LETTERS))][:40]


def guide_of(files):
    runtime = TorchRuntime(files)
    queries = [example.query for example in EXAMPLES]
    return Guide(
        queries=dict(zip((e.query_id for e in EXAMPLES), runtime.encode(queries, "query"), strict=True)),
        passages=dict(zip(TEXTS, runtime.encode(list(TEXTS.values()), "passage"), strict=True)),
        related={},
        margin=1.1,
    )


def own_loss(model, files, guide, settings):
    """The loss over all examples in one batch."""
    collator = Collator(EXAMPLES, _tokenizer(model, files, settings.max_tokens), guide, TEXTS)
    batch = collator([{"example": row} for row in range(len(EXAMPLES))])
    groups = {}
    for name, value in batch.items():
        group, _, feature = name.partition("_")
        if feature:
            groups.setdefault(group, {})[feature] = value
    loss = Combined(model, DIMENSIONS, objectives_of(settings, EXAMPLES, guide, DIMENSIONS)[0])
    with torch.no_grad():
        return loss(list(groups.values()), batch["label"]).item()


def trained(path, folder, dev_score=None, progress=None, key="one training", souped=0, **changes):
    """The model, its weights before, what `train` returned, and the loss before and after."""
    files = describe(path)
    settings = Train(**({"epochs": 2, "batch_size": 7, "learning_rate": 5e-4, "max_tokens": 32} | changes))
    torch.manual_seed(13)
    model = load_for_training(files, settings.adapter, settings.lora_rank)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    guide = guide_of(files)
    losses = [own_loss(model, files, guide, settings)]

    def score(given):
        losses.append(own_loss(given, files, guide, settings))
        return -losses[-1]

    result = train(
        model,
        files,
        EXAMPLES,
        guide,
        TEXTS,
        settings,
        DIMENSIONS,
        13,
        Checkpoints(folder, key, souped),
        dev_score or score,
        progress or Silent(),
    )
    return model, before, result, [losses[0], own_loss(model, files, guide, settings)]
