"""What no key forbids by itself, but keys do together."""

from idiolect.config.config import Config, is_endpoint
from idiolect.errors import ConfigError


def check(config: Config) -> None:
    if config.train.start and config.train.adapter == "linear":
        raise ConfigError(
            "train.start is no place to begin for train.adapter = 'linear', which leaves weights alone: "
            "give it as train.base"
        )
    if is_endpoint(config.train.base):
        if config.train.adapter != "linear":
            raise ConfigError(
                f"train.base {config.train.base} is an endpoint, whose weights cannot be trained: "
                "set train.adapter to 'linear', which maps its vectors"
            )
        if not config.train.base.partition("#")[2]:
            raise ConfigError(
                f"train.base {config.train.base} names no model of the endpoint: give URL#MODEL"
            )
    if config.ingest.overlap_tokens * 2 > config.ingest.chunk_tokens:
        raise ConfigError("ingest.overlap_tokens must be at most half of ingest.chunk_tokens")
    if config.prepare.test_fraction + config.prepare.dev_fraction >= 0.9:
        raise ConfigError("prepare.test_fraction and prepare.dev_fraction leave too little to train on")
    _check_objectives(config)
    if config.generate.teacher == "llm":
        for key in ("base_url", "model"):
            if not getattr(config.generate, key):
                raise ConfigError(
                    f"the llm teacher needs generate.{key}: set it in idiolect.toml or with --set"
                )


def _check_objectives(config: Config) -> None:
    train, generate = config.train, config.generate
    if not (train.contrastive or train.distill or train.complementary):
        raise ConfigError(
            "train.contrastive, train.distill and train.complementary are all 0: written queries would teach nothing"
        )
    if "cross-encoder" in (train.guide, train.teacher) and not train.cross_encoder:
        raise ConfigError(
            "train.guide and train.teacher = 'cross-encoder' need train.cross_encoder: name a model"
        )
    if train.complementary and train.target != "retriever":
        raise ConfigError(
            "train.complementary trains for hybrid search: set train.target = 'retriever' as well"
        )
    asked = generate.judge_base_url or generate.base_url, generate.judge_model or generate.model
    if train.teacher == "llm" and not all(asked):
        raise ConfigError(
            "train.teacher = 'llm' asks generate's judge: set generate.judge_base_url and generate.judge_model"
        )
