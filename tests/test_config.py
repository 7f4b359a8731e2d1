"""idiolect.toml and --set: every key can be set, and a slip is answered with the key that was meant."""

import tomllib
from itertools import pairwise

import msgspec
import pytest

from idiolect.config import SECTIONS, Config, load, render
from idiolect.errors import ConfigError


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_without_a_file_the_defaults_hold():
    assert load() == Config()
    assert load().seed == 13
    assert load().train.dimensions == (384, 256, 128, 64)


def test_the_file_in_the_working_folder_is_read_and_a_setting_overrides_it(tmp_path):
    (tmp_path / "idiolect.toml").write_text("seed = 7\n[train]\nepochs = 3\nbatch_size = 8\n")
    config = load(None, ["train.epochs=5"])
    assert (config.seed, config.train.epochs, config.train.batch_size) == (7, 5, 8)


def test_another_file_is_read_where_it_is_named(tmp_path):
    (tmp_path / "idiolect.toml").write_text("seed = 7\n")
    (tmp_path / "other.toml").write_text("seed = 8\n")
    assert load(tmp_path / "other.toml").seed == 8


@pytest.mark.parametrize(
    ("setting", "key", "value"),
    [
        ("seed=7", "seed", 7),
        ("train.learning_rate=3e-5", "train.learning_rate", 3e-5),
        ("train.max_minutes=2", "train.max_minutes", 2.0),
        ("train.base=auto", "train.base", "auto"),
        ('train.base="auto"', "train.base", "auto"),
        ("train.base=./models/base", "train.base", "./models/base"),
        ("generate.base_url=http://h:1/v1?a=b", "generate.base_url", "http://h:1/v1?a=b"),
        ("train.dimensions=[64, 32]", "train.dimensions", [64, 32]),
        ("export.formats=['onnx']", "export.formats", ["onnx"]),
        ("ingest.languages=[]", "ingest.languages", []),
        (" train.epochs = 2", "train.epochs", 2),
    ],
)
def test_a_setting_is_toml_or_else_the_text_itself(setting, key, value):
    found = load(None, [setting, "generate.model=any"]).get(key)
    assert (list(found) if isinstance(found, tuple) else found) == value


def test_the_last_setting_of_a_key_holds():
    assert load(None, ["seed=1", "seed=2"]).seed == 2


@pytest.mark.parametrize(
    ("setting", "unknown", "nearest"),
    [
        ("train.epoch=2", "train.epoch", "train.epochs"),
        ("train.lerning_rate=2", "train.lerning_rate", "train.learning_rate"),
        ("trian.epochs=2", "trian", "train"),
        ("sed=2", "sed", "seed"),
        ("prepare.test_faction=0.2", "prepare.test_faction", "prepare.test_fraction"),
        ("ingest.margin=0.2", "ingest.margin", None),
        ("zzz=1", "zzz", None),
    ],
)
def test_an_unknown_key_is_refused_and_the_nearest_named(setting, unknown, nearest):
    with pytest.raises(ConfigError) as caught:
        load(None, [setting])
    message = str(caught.value)
    assert f"unknown config key {unknown!r}" in message
    assert "the nearest known one is" in message
    if nearest:
        assert message.endswith(f"is {nearest!r}")


def test_an_unknown_key_in_the_file_is_refused_too(tmp_path):
    (tmp_path / "idiolect.toml").write_text("[train]\nepoch = 3\n")
    with pytest.raises(ConfigError, match=r"'train\.epoch'.*'train\.epochs'"):
        load()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("train.epochs", "is not of the form section.key=value"),
        ("train.epochs=many", "train.epochs"),
        ("train.epochs=-1", "train.epochs"),
        ("train.adapter=half", "train.adapter"),
        ("prepare.test_fraction=1.5", "prepare.test_fraction"),
        ("serve.port=99999", "serve.port"),
        ("seed=-1", "seed"),
        ("seed.x=3", "seed"),
        ("train=3", "'train' is a section"),
        ("ingest.overlap_tokens=200", "ingest.overlap_tokens must be at most half"),
        ("prepare.test_fraction=0.85", "leave too little to train on"),
        ("generate.teacher=llm", "the llm teacher needs generate.base_url"),
        ("generate.base_url=http://localhost/v1", "the llm teacher needs generate.model"),
        ("train.contrastive=0", "written queries would teach nothing"),
        ("train.spread=-0.1", "train.spread"),
        ("train.guide=cross-encoder", "need train.cross_encoder"),
        ("train.teacher=cross-encoder", "need train.cross_encoder"),
        ("train.teacher=llm", "set generate.judge_base_url and generate.judge_model"),
        ("train.complementary=1", "set train.target = 'retriever' as well"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_key(setting, message):
    with pytest.raises(ConfigError) as caught:
        load(None, [setting])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "$" not in str(caught.value)


def test_an_endpoint_means_the_llm_teacher_unless_the_teacher_is_named():
    endpoint = ["generate.base_url=http://localhost/v1", "generate.model=m"]
    assert load(None, endpoint).generate.teacher == "llm"
    assert load(None, [*endpoint, "generate.teacher=extractive"]).generate.teacher == "extractive"


def test_objectives_can_stand_alone_and_the_judge_may_be_the_llm_that_writes():
    assert load(None, ["train.contrastive=0", "train.distill=1"]).train.contrastive == 0
    endpoint = ["generate.base_url=http://localhost/v1", "generate.model=m", "train.teacher=llm"]
    assert load(None, endpoint).train.teacher == "llm"


def test_a_file_that_is_missing_or_broken_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.toml does not exist"):
        load(tmp_path / "absent.toml")
    (tmp_path / "broken.toml").write_text("seed = \n")
    with pytest.raises(ConfigError, match=r"broken\.toml cannot be read: .*line 1"):
        load(tmp_path / "broken.toml")


UNUSUAL = [
    "seed=99",
    'train.base="C:\\\\models \\"x\\" #1"',
    "train.dimensions=[]",
    'ingest.languages=["de", "zh"]',
    "train.learning_rate=1e-7",
    "generate.model=Straße-東京",
    "export.formats=['openvino']",
]


@pytest.mark.parametrize("settings", [[], UNUSUAL])
def test_the_rendered_file_gives_the_same_config(tmp_path, settings):
    config = load(None, settings)
    (tmp_path / "rendered.toml").write_text(render(config), encoding="utf-8")
    assert load(tmp_path / "rendered.toml") == config


def test_every_key_is_rendered_below_a_comment():
    lines = render(Config()).splitlines()
    keys = {name: list(values) for name, values in tomllib.loads(render(Config())).items() if name != "seed"}
    assert keys == {name: list(kind.__struct_fields__) for name, kind in SECTIONS.items()}
    for before, line in pairwise(lines):
        if " = " in line and not line.startswith("#"):
            assert before.startswith("# "), line


def test_the_keys_that_scripts_rely_on_are_there():
    """DESIGN: Config (C)."""
    promised = {
        "ingest": "chunk_tokens overlap_tokens languages",
        "generate": "teacher base_url model api_key_env per_chunk max_calls max_tokens concurrency",
        "prepare": "test_fraction dev_fraction negatives margin",
        "train": "base epochs learning_rate batch_size temperature adapter dimensions target max_minutes",
        "evaluate": "beir guard metric",
        "export": "formats",
        "serve": "host port max_batch_tokens max_queue_tokens",
    }
    for section, keys in promised.items():
        assert set(keys.split()) <= set(SECTIONS[section].__struct_fields__), section


def test_get_gives_one_value_or_a_whole_section():
    config = Config()
    assert config.get("train.epochs") == 1
    assert config.get("serve") == msgspec.json.decode(msgspec.json.encode(config.serve))
    assert list(config.get("export.formats")) == ["onnx", "openvino"]
