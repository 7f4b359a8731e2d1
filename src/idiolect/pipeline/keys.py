"""What a stage's result depends on, as digests: while they stay the same, so does the result."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from idiolect import teachers
from idiolect.config import is_endpoint
from idiolect.errors import UsageError
from idiolect.files import digest_path
from idiolect.pipeline.table import STAGES, Stage
from idiolect.runtimes.layout import ADDED
from idiolect.stages.context import Context


def key_of(context: Context, stage: Stage) -> dict[str, Any]:
    """All that the stage's result depends on: its version, its settings, the digests of its inputs."""
    settings = settings_of(context, stage)
    inputs = digests_of(context, stage.reads)
    if stage.name == "ingest":
        from idiolect.stages.ingest import source_digest

        if context.source is None:
            raise UsageError("ingest needs DOCS: a folder, a file or a JSONL corpus")
        inputs["DOCS"] = source_digest(context.source, context.workspace.root)
        inputs |= digests_of(context, ["suppressed"])
    if stage.name == "generate" and context.config.generate.teacher == "llm":
        from idiolect.teachers.roundtrip import ranks

        ranked = ranks(context.config.generate)
    else:
        ranked = False
    if ranked or "train.base" in stage.settings or "train" in stage.settings:
        from idiolect.runtimes.starting import base_digest

        inputs["base model"] = base_digest(context.config.train.base)
    if stage.name == "generate" and context.config.generate.teacher == "llm":
        inputs["prompts"] = digest_path(Path(teachers.__path__[0]) / "styles")
        given = {"styles": context.workspace.styles, "exemplars": Path(context.config.generate.exemplars)}
        inputs |= {name: digest_path(path) for name, path in given.items() if path.name and path.exists()}
    if stage.name in ("generate", "prepare"):
        labels = [context.config.prepare.queries, context.config.prepare.qrels]
        inputs |= {name: digest_path(Path(name)) for name in labels if name and Path(name).is_file()}
    if stage.name == "train":
        inputs |= _raters(context)
        if context.config.train.start:
            from idiolect.runtimes.starting import base_digest

            inputs["start"] = base_digest(context.config.train.start)
    if stage.name in ("train", "evaluate"):
        evaluate = context.config.evaluate
        reported = (*evaluate.beir, *evaluate.against, *evaluate.tasks) if stage.name == "evaluate" else ()
        named = (*evaluate.guard, *reported)
        inputs |= {name: digest_path(Path(name)) for name in named if Path(name).exists()}
    if stage.name == "evaluate" and any(map(is_endpoint, context.config.evaluate.against)):
        inputs |= digests_of(context, ["documents"])  # which say what an endpoint may be sent
    return {"version": stage.version, "settings": settings, "inputs": inputs}


def _raters(context: Context) -> dict[str, str]:
    """What guides and teachers of training are, and what an LLM may see, beyond the settings' names for them."""
    train, generate = context.config.train, context.config.generate
    inputs = {}
    if "cross-encoder" in (train.guide, train.teacher):
        from idiolect.runtimes.cross_encoder import cross_encoder_digest

        inputs["cross-encoder"] = cross_encoder_digest(train.cross_encoder)
    if train.teacher == "llm":
        inputs["judge"] = generate.judge_model or generate.model
        inputs |= digests_of(context, ["documents"])
    return inputs


def settings_of(context: Context, stage: Stage) -> dict[str, Any]:
    """The settings that the stage's result depends on, by dotted key or section."""
    return {name: _setting(context, stage, name) for name in stage.settings}


def _setting(context: Context, stage: Stage, name: str) -> Any:
    value = context.config.get(name)
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if f"{name}.{key}" not in stage.ignores}
    return value


def digests_of(context: Context, names: Sequence[str]) -> dict[str, str]:
    paths = {name: getattr(context.workspace, name) for name in names}
    return {name: digest_path(path, ADDED) for name, path in paths.items() if path.exists()}


def given(inputs: Mapping[str, str]) -> dict[str, str]:
    """Those of a stage's inputs that neither a stage nor a refresh wrote: DOCS, models, labels, prompts, guards."""
    written = {"focuses", "carried", *(name for stage in STAGES for name in stage.writes)}
    return {name: digest for name, digest in inputs.items() if name not in written}


def given_now(context: Context, stage: Stage) -> dict[str, str]:
    """The same as they are now. Raises as what looks at them does: a model or DOCS that is not there."""
    return given(key_of(context, stage)["inputs"])
