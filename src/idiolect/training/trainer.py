"""sentence-transformers' trainer over mixed objectives, with this project's batches and CPU settings."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer.evaluation import SentenceEvaluator
from transformers import EarlyStoppingCallback
from transformers.trainer_callback import PrinterCallback

from idiolect.config import Train
from idiolect.progress import Progress
from idiolect.records import TrainingExample
from idiolect.runtimes.model_files import ModelFiles
from idiolect.runtimes.quiet import quiet
from idiolect.runtimes.torch import has_bfloat16, stored_as
from idiolect.training.adapters import RECIPES, adapt, load_learning, save_learning
from idiolect.training.batches import Collator
from idiolect.training.checkpoints import Checkpoints
from idiolect.training.course import PATIENCE, Course
from idiolect.training.guides import Guide
from idiolect.training.hardware import attention, group_tokens, keep_freed_memory
from idiolect.training.merge import Weights, average
from idiolect.training.objectives.chosen import objectives_of
from idiolect.training.objectives.combined import Combined

_EVALUATIONS_AN_EPOCH = 3
_WARM_UP = 0.1

DevScore = Callable[[SentenceTransformer], float]
"""Scores a checkpoint on dev: higher is better."""


def load_for_training(files: ModelFiles, adapter: str, lora_rank: int = 16) -> SentenceTransformer:
    """The base with dropout off, padding on the right, and the weights that `adapter` leaves out frozen.

    Raises ModelError where the base has nothing that `adapter` trains.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = SentenceTransformer(
        str(files.path),
        device=device,
        local_files_only=True,
        model_kwargs={"attn_implementation": attention(device), "dtype": stored_as(device)},
    )
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    model.tokenizer.padding_side = "right"  # where batches are cut; decoders come with "left"
    adapt(model, adapter, lora_rank)
    return model


def train(
    model: SentenceTransformer,
    files: ModelFiles,
    examples: Sequence[TrainingExample],
    guide: Guide,
    texts: Mapping[str, str],
    settings: Train,
    dimensions: Sequence[int],
    seed: int,
    checkpoints: Checkpoints,
    dev_score: DevScore,
    progress: Progress,
) -> dict[str, Any]:
    """Train `model` in place; it ends with the weights of its best checkpoint on dev.

    Continues from the last of `checkpoints` where there is one, with the same result as if it had
    never stopped.  Returns steps, the mean loss, the dev score at each evaluation and temperatures, and
    where `checkpoints` are kept to be averaged, the average's score.
    """
    keep_freed_memory()
    objectives, temperatures = objectives_of(settings, examples, guide, dimensions)
    needs = frozenset().union(*(objective.needs for objective in objectives))
    tokenize = _tokenizer(model, files, settings.max_tokens)
    at_once = group_tokens(model.device.type)
    collator = Collator(examples, tokenize, guide, texts, needs, settings.micro_batch, at_once)
    loss = Combined(model, dimensions, objectives, cached=settings.micro_batch > 0)
    recipe = RECIPES[settings.adapter]
    epochs = settings.epochs * recipe.passes
    steps = max(1, -(-len(examples) // settings.batch_size)) * epochs
    every = max(1, steps // (_EVALUATIONS_AN_EPOCH * settings.epochs))
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(checkpoints.root),
        num_train_epochs=epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate or recipe.learning_rate,
        warmup_steps=_WARM_UP,
        lr_scheduler_type="linear",
        optim="adamw_torch_fused",
        bf16=has_bfloat16(str(model.device)) and settings.adapter != "linear",
        use_cpu=not torch.cuda.is_available(),
        seed=seed,
        data_seed=seed,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        load_best_model_at_end=True,
        restore_callback_states_from_checkpoint=True,
        metric_for_best_model="dev",
        greater_is_better=True,
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
    last = checkpoints.last()
    course = Course(progress, steps, settings.max_minutes, checkpoints, last)
    if last is not None and last.best is not None and course.is_over(last):
        progress.note(f"training had ended after step {last.step}: its best checkpoint is used")
        load_learning(model, last.best)
    else:
        with quiet("transformers", "sentence_transformers", "accelerate"):
            trainer = _Trainer(
                model=model,
                args=arguments,
                train_dataset=Dataset.from_dict({"example": list(range(len(examples)))}),
                loss=loss,
                data_collator=collator,
                evaluator=_Dev(dev_score, course.dev),
                callbacks=[course, EarlyStoppingCallback(early_stopping_patience=PATIENCE)],
            )
            trainer.course = course
            trainer.remove_callback(PrinterCallback)
            trainer.train(resume_from_checkpoint=str(last.path) if last else None)
    progress.finish()
    soup = _soup(model, checkpoints.to_average(sorted(course.dev)), course.dev, dev_score)
    return {
        "steps": course.step,
        "loss": round(course.loss / max(course.step, 1), 4),
        "dev": course.dev,
        **soup,
        **{name: round(value, 4) for name, value in temperatures.items()},
    }


def _soup(
    model: SentenceTransformer, paths: Sequence[Path], dev: Mapping[int, float], dev_score: DevScore
) -> dict[str, float]:
    """Give `model`, which holds the best checkpoint, the average of several where dev likes that better.

    Returns its score as "soup"; nothing where there are no two to average.
    """
    if len(paths) < 2:
        return {}
    best = _weights(model)
    checkpoints = []
    for path in paths:
        load_learning(model, path)
        checkpoints.append(_weights(model))
    model.load_state_dict(average(checkpoints))
    score = round(dev_score(model), 5)
    if score <= max(dev.values()):
        model.load_state_dict(best)
    return {"soup": score}


def _weights(model: SentenceTransformer) -> Weights:
    return {name: value.clone() for name, value in model.state_dict().items()}


def _tokenizer(
    model: SentenceTransformer, files: ModelFiles, max_tokens: int
) -> Callable[[list[str], str], Mapping[str, Any]]:
    limit = min(max_tokens, files.max_tokens)

    def tokenize(texts: list[str], kind: str) -> Mapping[str, Any]:
        features = model.preprocess([files.prompt(kind) + text for text in texts], max_length=limit)
        return {name: value for name, value in features.items() if isinstance(value, torch.Tensor)}

    return tokenize


class _Trainer(SentenceTransformerTrainer):  # type: ignore[misc]
    course: Course

    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
        """No model card: it would show a bar, and quote training texts."""

    def training_step(self, *arguments: Any, **options: Any) -> torch.Tensor:
        loss: torch.Tensor = super().training_step(*arguments, **options)
        self.course.add(loss.item())
        return loss

    def _save_checkpoint(self, *arguments: Any, **options: Any) -> None:
        with self.course.saving(self.state.global_step):
            super()._save_checkpoint(*arguments, **options)

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        save_learning(self.model, Path(output_dir or self.args.output_dir))

    def _load_from_checkpoint(self, checkpoint_path: str) -> None:
        load_learning(self.model, Path(checkpoint_path))


class _Dev(SentenceEvaluator):  # type: ignore[misc]
    """Keeps each score in `history`, step → score."""

    def __init__(self, score: DevScore, history: dict[int, float]) -> None:
        super().__init__()
        self.score, self.history = score, history

    def __call__(
        self, model: SentenceTransformer, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        self.history[steps] = round(self.score(model), 5)
        return {"dev": self.history[steps]}
