"""Promises about the code itself."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_imports_run_down_and_stages_do_not_know_one_another():
    executable = Path(sys.executable).parent / "lint-imports"
    if not executable.exists():
        pytest.skip("import-linter is not installed: make test installs it")
    done = subprocess.run([executable], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_command_and_setting_is_in_the_readme_or_the_docs():
    from idiolect.cli import COMMANDS

    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *ROOT.glob("docs/*.md")))
    assert [name for name in COMMANDS if f"idiolect {name}" not in text] == []
