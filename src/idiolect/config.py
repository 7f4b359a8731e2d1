"""idiolect.toml: one section a stage, every key described, unknown keys refused with the nearest known."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from idiolect.errors import ConfigError

Fraction = Annotated[float, Meta(gt=0, lt=1)]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Ingest(Section, frozen=True, kw_only=True):
    chunk_tokens: Annotated[
        int,
        Meta(
            ge=32, description="tokens of a chunk at most: prompt, title, headings, special tokens included"
        ),
    ] = 256
    overlap_tokens: Annotated[
        int, Meta(ge=0, description="tokens that two neighbouring chunks of one section share")
    ] = 32
    languages: Annotated[
        tuple[str, ...],
        Meta(description="ISO 639-1 codes to keep, e.g. ['en', 'de']; empty keeps every language"),
    ] = ()
    text_columns: Annotated[
        tuple[str, ...],
        Meta(
            description="columns of a table that are a row's text; empty takes text, body or content, else all"
        ),
    ] = ()
    title_column: Annotated[
        str, Meta(description="column of a table that is a row's title; empty takes title or name")
    ] = ""
    id_column: Annotated[
        str,
        Meta(description="column of a table that is a row's id; empty takes _id, else file and row are it"),
    ] = ""
    near_duplicate: Annotated[
        float,
        Meta(gt=0, le=1, description="chunks whose shingles overlap by this Jaccard share are duplicates"),
    ] = 0.8
    boilerplate_documents: Annotated[
        int,
        Meta(ge=2, description="a paragraph in at least so many documents (and 1% of them) is boilerplate"),
    ] = 5
    largest_mb: Annotated[
        float, Meta(gt=0, description="MB of the largest document that is read; a corpus file may be larger")
    ] = 100.0
    seconds_per_file: Annotated[
        float, Meta(gt=0, description="seconds that reading one file may take, for each 5 MB of it begun")
    ] = 60.0
    memory_mb: Annotated[
        int, Meta(ge=256, description="MB of memory that a process reading files may take")
    ] = 2_048
    workers: Annotated[int, Meta(ge=0, description="processes that read files; 0 is one per CPU")] = 0


Policy = Literal["mask", "drop", "allow"]


class Privacy(Section, frozen=True, kw_only=True):
    scan: Annotated[
        bool,
        Meta(
            description="look for personal data and secrets before anything is kept, sent or trained; false: never"
        ),
    ] = True
    email: Annotated[
        Policy,
        Meta(
            description="mask: a pseudonym takes its place; drop: its document is set aside; allow: it stays"
        ),
    ] = "mask"
    phone: Annotated[Policy, Meta(description="the same for phone numbers")] = "mask"
    iban: Annotated[Policy, Meta(description="the same for bank accounts, by IBAN")] = "mask"
    card: Annotated[Policy, Meta(description="the same for payment cards")] = "mask"
    ip: Annotated[
        Policy, Meta(description="the same for IP addresses; loopback, networks and those of examples stay")
    ] = "mask"
    national_id: Annotated[
        Policy, Meta(description="the same for numbers that a state gives a person (docs/privacy.md)")
    ] = "mask"
    secret: Annotated[Policy, Meta(description="the same for private keys, API keys and passwords")] = "mask"
    name: Annotated[
        Policy, Meta(description="the same for names of people, where privacy.names finds them")
    ] = "mask"
    names: Annotated[
        str,
        Meta(
            description="installed spaCy model or folder of a token classifier that finds names; empty: not looked for"
        ),
    ] = ""
    phone_regions: Annotated[
        tuple[str, ...],
        Meta(description="ISO 3166 codes of countries whose phone numbers are found without + in front too"),
    ] = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
    key: Annotated[
        str, Meta(description="file of the key that pseudonyms are made with; empty takes WORK/privacy.key")
    ] = ""


Use = Literal["train", "index", "send", "redistribute"]
"""What may be done with a document; "send" is to an LLM, or to an endpoint that embeds."""

_DENIED = "SPDX ids, with * for any characters, of licences denied for "


class Licences(Section, frozen=True, kw_only=True):
    train: Annotated[
        tuple[str, ...],
        Meta(description=_DENIED + "training, selection and tests; '!ID' takes one out again"),
    ] = ()
    index: Annotated[tuple[str, ...], Meta(description=_DENIED + "search")] = ()
    send: Annotated[
        tuple[str, ...], Meta(description=_DENIED + "requests to an LLM or an embeddings endpoint")
    ] = ()
    redistribute: Annotated[
        tuple[str, ...], Meta(description=_DENIED + "handing on what was made of the document")
    ] = ("*-NC-*", "*-ND-*", "LicenseRef-all-rights-reserved")
    unknown: Annotated[
        tuple[Use, ...],
        Meta(description="uses denied to documents whose licence is not known; empty denies none, and warns"),
    ] = ()
    deny: Annotated[
        tuple[str, ...],
        Meta(description="documents denied for all uses: paths below DOCS, * and ** as in the shell"),
    ] = ()
    assumed: Annotated[
        str, Meta(description="SPDX expression that holds where a document and its folders state none")
    ] = ""


class Generate(Section, frozen=True, kw_only=True):
    teacher: Annotated[
        Literal["extractive", "llm"],
        Meta(description="who writes queries; llm where base_url is set, else extractive (no LLM needed)"),
    ] = "extractive"
    base_url: Annotated[
        str, Meta(description="an OpenAI-compatible endpoint, e.g. http://localhost:8000/v1")
    ] = ""
    model: Annotated[str, Meta(description="the model that the endpoint is asked for")] = ""
    api_key_env: Annotated[str, Meta(description="the environment variable that holds the API key")] = (
        "OPENAI_API_KEY"
    )
    per_chunk: Annotated[int, Meta(ge=1, description="queries asked of the LLM for each chunk")] = 4
    max_calls: Annotated[
        int,
        Meta(ge=0, description="hard cap on LLM calls, over all attempts at a run; cached answers are free"),
    ] = 10_000
    max_tokens: Annotated[
        int, Meta(ge=0, description="hard cap on LLM tokens, prompts and answers together")
    ] = 20_000_000
    max_queries: Annotated[
        int,
        Meta(
            ge=1,
            description="queries at most; of an LLM's, each heading's first chunk is asked about first",
        ),
    ] = 3_000
    failure_queries: Annotated[
        int,
        Meta(
            ge=1,
            description="queries that a round of --for-failures asks for, twice per_chunk of a chunk at most; "
            "they come on top of max_queries",
        ),
    ] = 200
    styles: Annotated[
        tuple[str, ...],
        Meta(description="styles asked of the LLM; empty takes the four measured and those in WORK/styles"),
    ] = ()
    exemplars: Annotated[
        str, Meta(description="text file of real queries, one a line, whose manner the LLM is to take on")
    ] = ""
    languages: Annotated[
        tuple[str, ...],
        Meta(description="languages to ask queries in, e.g. ['de']; empty follows each chunk"),
    ] = ()
    multi_hop: Annotated[
        float,
        Meta(ge=0, le=1, description="share of LLM calls that show two or three chunks that belong together"),
    ] = 0.0
    correct: Annotated[
        bool,
        Meta(
            description="ask two thirds of an LLM's queries against what the first third lean to, if anything"
        ),
    ] = True
    judge: Annotated[bool, Meta(description="have an LLM judge each query against its chunks")] = False
    judge_base_url: Annotated[str, Meta(description="the judge's endpoint; empty takes base_url")] = ""
    judge_model: Annotated[str, Meta(description="the judge's model; empty takes model")] = ""
    judge_api_key_env: Annotated[
        str, Meta(description="the environment variable that holds the judge's key; empty takes api_key_env")
    ] = ""
    min_judgment: Annotated[
        int, Meta(ge=1, le=10, description="queries whose lowest judgment is below this are rejected")
    ] = 6
    written_negatives: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="share of queries for which the LLM writes a passage that just misses them; 0 is off",
        ),
    ] = 0.0
    round_trip: Annotated[
        int,
        Meta(
            ge=0,
            description="a query whose chunk is not among so many of the fused ranking is rejected; 0 is off",
        ),
    ] = 0
    easy_share: Annotated[
        float,
        Meta(ge=0, le=1, description="share of the kept queries at most that dense and BM25 both find first"),
    ] = 1.0
    min_quality: Annotated[
        int, Meta(ge=1, le=10, description="queries that the LLM itself scores below this are rejected")
    ] = 6
    concurrency: Annotated[int, Meta(ge=1, description="LLM calls in flight at once")] = 16
    timeout: Annotated[float, Meta(gt=0, description="seconds to wait for one LLM answer")] = 120.0
    prices: Annotated[
        str, Meta(description="TOML file of prices per million tokens; empty takes the packaged one")
    ] = ""


class Prepare(Section, frozen=True, kw_only=True):
    test_fraction: Annotated[Fraction, Meta(description="share of the documents whose queries only test")] = (
        0.1
    )
    dev_fraction: Annotated[
        Fraction, Meta(description="share of the documents whose queries only select")
    ] = 0.1
    negatives: Annotated[int, Meta(ge=1, description="hard negatives of a query")] = 4
    listwise: Annotated[int, Meta(ge=2, description="candidates whose ranking a copied query distils")] = 7
    margin: Annotated[
        float, Meta(gt=0, le=1, description="a negative scores below margin × the lowest positive's score")
    ] = 0.95
    candidates: Annotated[int, Meta(ge=2, description="top ranks of the fused ranking that are mined")] = 30
    masked_queries: Annotated[
        int, Meta(ge=10, description="masked pseudo-queries that choose the fusion's weight, k1 and b")
    ] = 300
    dev_corpus: Annotated[
        int, Meta(ge=50, description="passages that a checkpoint is ranked over on dev")
    ] = 1_000
    queries: Annotated[
        str,
        Meta(description="queries that people asked: BEIR's queries.jsonl, or a CSV of query and document"),
    ] = ""
    qrels: Annotated[str, Meta(description="their judgments: BEIR's qrels TSV; not needed beside a CSV")] = ""
    labels_as: Annotated[
        Literal["train", "dev", "test", "split"],
        Meta(description="what those queries are used for; split divides them by query"),
    ] = "split"


class Train(Section, frozen=True, kw_only=True):
    base: Annotated[
        str,
        Meta(
            description="base model: a directory, a hub name, auto (all-MiniLM-L6-v2 from its package), or, for "
            "adapter = linear, an embedding endpoint's URL#MODEL"
        ),
    ] = "auto"
    start: Annotated[
        str,
        Meta(
            description="a tuned or merged model of the base's architecture that training starts from; "
            "the base stays what it must beat"
        ),
    ] = ""
    epochs: Annotated[
        int, Meta(ge=0, description="passes over the training queries; 0 judges train.start as it is")
    ] = 1
    learning_rate: Annotated[
        float,
        Meta(
            ge=0,
            description="peak learning rate of AdamW; 0 takes the adapter's own: 2e-5, lora 2e-4, linear 3e-4",
        ),
    ] = 0.0
    batch_size: Annotated[int, Meta(ge=2, description="queries a step")] = 32
    max_tokens: Annotated[
        int, Meta(ge=16, description="tokens of a passage that training reads; serving reads the whole chunk")
    ] = 128
    temperature: Annotated[float, Meta(gt=0, description="softmax temperature of the contrastive loss")] = (
        0.05
    )
    contrastive: Annotated[
        float,
        Meta(
            ge=0, description="weight of the contrastive loss of written queries; copied ones are distilled"
        ),
    ] = 1.0
    hardness: Annotated[
        float,
        Meta(
            ge=0, description="there, a negative weighs exp(hardness x cosine): 0 all alike, 5 to 9 published"
        ),
    ] = 0.0
    guide: Annotated[
        Literal["base", "fused", "cross-encoder"],
        Meta(
            description="who says which passages of a batch are no negatives: at prepare.margin x the positive"
        ),
    ] = "base"
    distill: Annotated[
        float,
        Meta(ge=0, description="weight of distilling the teacher's ranking of written queries' candidates"),
    ] = 0.0
    teacher: Annotated[
        Literal["fused", "cross-encoder", "llm"],
        Meta(description="whose ranking is distilled, if it beats the base on dev; llm is generate's judge"),
    ] = "fused"
    cross_encoder: Annotated[
        str, Meta(description="directory or hub name of the cross-encoder that guides or teaches")
    ] = ""
    complementary: Annotated[
        float,
        Meta(
            ge=0, description="weight of the contrastive loss on the hybrid score, for target = 'retriever'"
        ),
    ] = 0.0
    spread: Annotated[
        float, Meta(ge=0, description="weight of spreading queries and passages apart over the sphere")
    ] = 0.0
    micro_batch: Annotated[
        int,
        Meta(
            ge=0, description="texts encoded at once, twice each, so that large batches fit; 0 keeps them all"
        ),
    ] = 0
    adapter: Annotated[
        Literal["full", "lora", "last-layers", "linear"],
        Meta(
            description="what learns: all weights, LoRA, the last two layers, or a linear map of the base's vectors"
        ),
    ] = "full"
    lora_rank: Annotated[int, Meta(ge=1, description="rank of LoRA's updates")] = 16
    dimensions: Annotated[
        tuple[int, ...],
        Meta(description="Matryoshka dimensions that are trained; those the base lacks are left out"),
    ] = (384, 256, 128, 64)
    target: Annotated[
        Literal["embedding", "retriever"],
        Meta(description="what selection and verdict judge: the vectors alone, or idiolect's hybrid search"),
    ] = "embedding"
    max_minutes: Annotated[float, Meta(ge=0, description="stop training after this long; 0 is no limit")] = (
        0.0
    )
    soup: Annotated[
        bool,
        Meta(
            description="the average of the last three checkpoints takes the best one's place where dev likes it"
        ),
    ] = False
    label_weight: Annotated[
        int, Meta(ge=1, description="how often an epoch shows a query that people asked; written ones once")
    ] = 1


class Evaluate(Section, frozen=True, kw_only=True):
    beir: Annotated[tuple[str, ...], Meta(description="BEIR folders to report on; they decide nothing")] = ()
    guard: Annotated[
        tuple[str, ...],
        Meta(
            description="BEIR folders that must not fall by more than 1%: less of the training is kept instead"
        ),
    ] = ()
    against: Annotated[
        tuple[str, ...],
        Meta(
            description="other models to compare with: directories, hub names, bundles, endpoints as URL#MODEL"
        ),
    ] = ()
    tasks: Annotated[
        tuple[str, ...],
        Meta(description="texts with classes, which decide nothing: folders of folders, CSV, TSV or JSONL"),
    ] = ()
    text_column: Annotated[
        str, Meta(description="column of those tables that is the text; empty takes text, body or content")
    ] = ""
    label_column: Annotated[
        str,
        Meta(description="column of those tables that is the class; empty takes label, class or category"),
    ] = ""
    metric: Annotated[
        Literal["ndcg@10", "recall@10", "mrr@10"], Meta(description="what the verdict compares")
    ] = "ndcg@10"


class Export(Section, frozen=True, kw_only=True):
    formats: Annotated[
        tuple[
            Literal[
                "onnx", "openvino", "openvino-adapter", "onnx-fp16", "onnx-int8", "openvino-int8", "tensorrt"
            ],
            ...,
        ],
        Meta(
            description="graphs in the bundle beside the weights; openvino-adapter shares those of one base where "
            "many are served, onnx-fp16 is for GPUs, int8 for CPUs"
        ),
    ] = ("onnx", "openvino")
    nim: Annotated[
        bool, Meta(description="add nim/, which NVIDIA's embedding NIM loads as a custom ONNX model")
    ] = False


class Serve(Section, frozen=True, kw_only=True):
    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="port to listen on; 0 takes a free one")] = 8000
    max_batch_tokens: Annotated[
        int,
        Meta(
            ge=0,
            description="padded tokens in one forward pass at most; 0 takes half of what the runtime does a corpus in",
        ),
    ] = 0
    max_queue_tokens: Annotated[
        int, Meta(ge=1, description="tokens waiting before further requests get 429")
    ] = 200_000
    cache_mb: Annotated[
        float, Meta(ge=0, description="MB of vectors kept for texts that are asked for again; 0 keeps none")
    ] = 64.0
    max_body_mb: Annotated[
        float, Meta(gt=0, description="MB of the largest request body; larger ones get 413")
    ] = 64.0
    client_seconds: Annotated[
        float,
        Meta(
            gt=0,
            description="seconds that a client may take to send a header, to begin a body, or to read an answer on",
        ),
    ] = 30.0
    log: Annotated[
        Literal["warnings", "requests"],
        Meta(description="what is logged, as JSON lines without texts: failures, or every request too"),
    ] = "warnings"
    otlp_endpoint: Annotated[
        str,
        Meta(
            description="where traces go, e.g. http://localhost:4318; empty takes OTEL_EXPORTER_OTLP_ENDPOINT"
        ),
    ] = ""
    watch_seconds: Annotated[
        float,
        Meta(
            ge=0, description="seconds between looks for another bundle at a path, which is reloaded; 0: none"
        ),
    ] = 0.0
    shadow: Annotated[
        tuple[str, ...],
        Meta(
            description="NAME=BUNDLE:SHARE: a challenger that encodes a share of a model's requests, to be compared"
        ),
    ] = ()
    store: Annotated[
        str,
        Meta(
            description="what `idiolect index` made with a served bundle, for /v1/search: a folder or URI; empty: none"
        ),
    ] = ""


class Registry(Section, frozen=True, kw_only=True):
    uri: Annotated[
        str,
        Meta(
            description="where bundles are published: a folder, or http(s)://… of an MLflow server; empty: "
            "./idiolect-registry"
        ),
    ] = ""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    seed: Annotated[int, Meta(ge=0, description="seed of every random choice")] = 13
    ingest: Ingest = Ingest()
    privacy: Privacy = Privacy()
    licences: Licences = Licences()
    generate: Generate = Generate()
    prepare: Prepare = Prepare()
    train: Train = Train()
    evaluate: Evaluate = Evaluate()
    export: Export = Export()
    serve: Serve = Serve()
    registry: Registry = Registry()

    def get(self, key: str) -> Any:
        """The value of a dotted key such as `train.base`, or a whole section as a dict: plain JSON values."""
        value: Any = self
        for part in key.split("."):
            value = getattr(value, part)
        return msgspec.json.decode(msgspec.json.encode(value))


SECTIONS: dict[str, type[Section]] = {
    name: kind
    for name, kind in get_type_hints(Config).items()
    if isinstance(kind, type) and issubclass(kind, Section)
}


def load(path: Path | None = None, settings: Iterable[str] = ()) -> Config:
    """Read `path` (./idiolect.toml where None and it exists), then apply `section.key=value` settings.

    Raises ConfigError naming the key, and the nearest known one where it is unknown.
    """
    raw: dict[str, Any] = {}
    if path is None and Path("idiolect.toml").is_file():
        path = Path("idiolect.toml")
    if path is not None:
        raw = _read_toml(path)
    return resolved(raw, settings)


def resolved(raw: dict[str, Any], settings: Iterable[str] = ()) -> Config:
    """The config of the sections in `raw`, which `settings` are applied to. Raises ConfigError as `load`."""
    for setting in settings:
        _apply(raw, setting)
    _refuse_unknown(raw)
    generate = raw.get("generate", {})
    if isinstance(generate, dict) and generate.get("base_url") and "teacher" not in generate:
        raw["generate"] = {**generate, "teacher": "llm"}
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"config: {error}".replace("$.", "").replace("`", "")) from None
    _check(config)
    return config


def is_endpoint(model: str) -> bool:
    """Whether a model is named by the address of an embeddings endpoint, URL#MODEL."""
    return model.startswith(("http://", "https://"))


def _check(config: Config) -> None:
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


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"config file {path} does not exist") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"config file {path} cannot be read: {error}") from None


def _apply(raw: dict[str, Any], setting: str) -> None:
    key, equals, text = setting.partition("=")
    if not equals:
        raise ConfigError(f"--set {setting!r} is not of the form section.key=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, name = key.strip().split(".")
    target = raw
    for section in sections:
        target = target.setdefault(section, {})
        if not isinstance(target, dict):
            raise ConfigError(f"--set {setting!r}: {section!r} is no section")
    target[name] = value


def _refuse_unknown(raw: Mapping[str, Any]) -> None:
    known = {"seed": None} | {name: set(kind.__struct_fields__) for name, kind in SECTIONS.items()}
    everything = ["seed", *(f"{name}.{key}" for name, keys in known.items() if keys for key in sorted(keys))]
    for name, value in raw.items():
        if name not in known:
            raise ConfigError(_unknown(name, [*known, *everything]))
        keys = known[name]
        if keys is None:
            continue
        if not isinstance(value, dict):
            raise ConfigError(f"config: {name!r} is a section, write [{name}]")
        for key in value:
            if key not in keys:
                raise ConfigError(_unknown(f"{name}.{key}", everything))


def _unknown(key: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
    return f"unknown config key {key!r}; the nearest known one is {nearest[0]!r}"


def render(config: Config) -> str:
    """The resolved config as a TOML file with a comment above each key."""
    lines = [f"# {_description(Config, 'seed')}", f"seed = {config.seed}"]
    for name, kind in SECTIONS.items():
        section = getattr(config, name)
        lines += ["", f"[{name}]"]
        for key in kind.__struct_fields__:
            lines += [f"# {_description(kind, key)}", f"{key} = {_toml(getattr(section, key))}"]
    return "\n".join(lines) + "\n"


def _description(kind: type, key: str) -> str:
    hint = get_type_hints(kind, include_extras=True)[key]
    return next(str(meta.description) for meta in reversed(get_args(hint)[1:]) if meta.description)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()  # JSON strings are TOML basic strings
    return repr(value)
