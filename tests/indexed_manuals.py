"""A bundle of a tiny model, and a folder of manuals to index with it."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest
from small_corpus import write_small_corpus
from tiny_bundle import write_tiny_bundle

from idiolect.cli import main
from idiolect.runtimes.model_files import describe


def command(*arguments, code=0, apart=False):
    """`idiolect` with these arguments, in a process of its own if `apart`; its JSON, or all that it said."""
    given = [*map(str, arguments)]
    if apart:
        done = subprocess.run([sys.executable, "-m", "idiolect", *given], capture_output=True, text=True)
        out, err, returned = done.stdout, done.stderr, done.returncode
    else:
        out, err, returned = _here(given)
    assert returned == code, err
    return json.loads(out) if "--json" in given else err + out


def _here(arguments):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(arguments)
    return out.getvalue(), err.getvalue(), ended.value.code


def bundle_and_documents(folder, model):
    return write_tiny_bundle(folder / "bundle", describe(model)), write_small_corpus(folder / "documents")
