"""What a user meets who types something wrong, or has nothing yet."""

import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from idiolect.cli import COMMANDS, idiolect, main


def exit_code(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    return int(stop.value.code or 0)


@pytest.mark.timed
def test_help_answers_within_half_a_second():
    command = [sys.executable, "-m", "idiolect", "--help"]
    subprocess.run(command, check=True, capture_output=True)
    seconds = []
    for _ in range(3):
        began = time.monotonic()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.monotonic() - began)
    assert min(seconds) < 0.5


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_explains_itself(name):
    result = CliRunner().invoke(idiolect, [name, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_only_generate_asks_about_failures():
    offering = [
        name for name in COMMANDS if "--for-failures" in CliRunner().invoke(idiolect, [name, "--help"]).output
    ]
    assert offering == ["generate"]


def test_help_imports_nothing_heavy():
    heavy = ("torch", "numpy", "rich")
    code = f"import sys, idiolect.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("run",), 2, "run needs DOCS"),
        (("run", "docs", "--set", "train.epoch=2"), 2, "train.epochs"),
        (("run", "docs", "--set", "train.epochs=none"), 2, "train.epochs"),
        (("run", "docs", "--from", "export", "--to", "train"), 2, "comes after"),
        (("run", "docs", "-c", "missing.toml"), 2, "missing.toml does not exist"),
        (("run", "docs", "--unknown"), 2, "--unknown"),
        (("run", "docs", "--beir", "nowhere"), 2, "nowhere is no BEIR folder"),
        (("run", "docs", "--guard", "nowhere"), 2, "nowhere is no BEIR folder"),
        (("run", "docs", "--guard", "nanobeir:nowhere"), 1, "NanoBEIR has no such set"),
        (("run", "docs", "--set", "train.base=.", "-w", "."), 2, "which this run writes"),
        (("models", "merge", "one", "-o", "new"), 2, "two models or more"),
        (("models", "merge", "one", "two", "--share", "2", "-o", "new"), 2, "one share from 0 to 1"),
        (("models", "merge", "a", "b", "c", "--share", "0.5", "-o", "new"), 2, "3 models and 1 shares"),
        (("models", "merge", "a", "b", "--greedy", "d", "--share", "1", "-o", "new"), 2, "leave --share out"),
        (("models", "merge", "./nowhere", "two", "-o", "new"), 1, "nowhere is no directory"),
        (("ingest", "docs-that-are-not-there"), 1, "docs-that-are-not-there"),
        (("train", "-w", "empty"), 1, "run `idiolect prepare"),
        (("search", "anything", "-w", "empty"), 1, "run `idiolect ingest"),
        (("bundle", "verify", "empty"), 1, "empty"),
        (("bundle", "sign", "empty"), 2, "--key"),
        (("serve", "empty", "--watch", "-1"), 2, "--watch"),
        (("score", "auto", "--beir", "nowhere"), 1, "nowhere"),
        (("score", "./nowhere", "--beir", "nowhere", "--with", "magic"), 2, "magic"),
        (("score", "auto"), 2, "score needs --beir DIR, or --task"),
        (("score", "auto", "--task", "clustering"), 2, "with --data PATH"),
        (("score", "auto", "--beir", "nowhere", "--data", "nowhere"), 2, "score needs"),
        (("score", "auto", "--task", "clustering", "--data", "nowhere"), 1, "nowhere does not exist"),
        (("run", "docs", "--set", "evaluate.tasks=['nowhere']"), 2, "evaluate.tasks: nowhere does not exist"),
        (("run", "docs", "--set", "evaluate.against=['./no']"), 2, "evaluate.against: ./no is no directory"),
    ],
)
def test_a_mistake_gets_one_clear_line_and_its_exit_code(
    arguments, code, says, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert exit_code(*arguments) == code
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error


def test_an_empty_folder_is_refused_with_what_can_be_read(tmp_path, capsys):
    (tmp_path / "docs").mkdir()
    assert exit_code("ingest", str(tmp_path / "docs"), "-w", str(tmp_path / "work")) == 1
    assert ".md" in capsys.readouterr().err


def test_init_writes_a_config_that_loads_and_does_not_overwrite(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert exit_code("init") == 0
    assert exit_code("config") == 0
    assert "chunk_tokens = 256" in capsys.readouterr().out
    assert exit_code("init") == 2
