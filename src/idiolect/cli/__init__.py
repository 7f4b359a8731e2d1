"""The command line: each command parses, calls a function, and prints what that returns."""

import sys
from typing import Any

import click

from idiolect import __version__
from idiolect.cli.groups import Commands
from idiolect.errors import IdiolectError

COMMANDS = {
    "run": ("run", "All stages: documents in, a measured and exported model out."),
    "ingest": ("run", "Read DOCS and cut them into chunks."),
    "generate": ("run", "Write training queries for the chunks."),
    "prepare": ("run", "Split, mine negatives, freeze the test."),
    "train": ("run", "Tune the base and choose how much of it to keep."),
    "evaluate": ("run", "Compare tuned and base; give the verdict."),
    "export": ("run", "Write the bundle that serve and search take."),
    "assess": ("assess", "Say what DOCS are like and whether tuning would pay; trains nothing."),
    "index": ("index", "Put documents into a vector store, with a bundle's model; again: only what changed."),
    "search": ("search", "Search the documents of a WORK folder, or a store."),
    "mcp": ("mcp", "Give a store to agents, over the Model Context Protocol."),
    "serve": ("serve", "Serve bundles behind OpenAI's embeddings API."),
    "score": ("score", "Score any model, bundle or endpoint on a BEIR folder or on texts with classes."),
    "bundle": ("bundle", "Check or sign an exported bundle, or show its card."),
    "models": (
        "models",
        "Keep bundles as versions: publish, list, compare, promote, roll back; merge models.",
    ),
    "refresh": ("refresh", "Bring the champion up to date with new documents, and let the gate decide."),
    "audit": ("audit", "Say what shaped what; prove that no record of it was changed."),
    "feedback": ("feedback", "Keep what people did with searches; say what there is."),
    "drift": ("drift", "Say whether what people ask, and what documents say, has moved."),
    "reproduce": ("reproduce", "Run a manifest again and compare what comes out."),
    "init": ("settings", "Write a commented idiolect.toml."),
    "config": ("settings", "Print the resolved config."),
    "doctor": ("doctor", "Say what this machine has and lacks."),
}
"""Command → the module that holds it, and its line in --help."""


@click.group(
    cls=Commands, package=__name__, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="idiolect")
def idiolect() -> None:
    """Turn a folder of documents into an embedding model that speaks their language.

    \b
    idiolect run DOCS                   train, measure and export; progress on stderr
    idiolect search "query"             look at what the result finds
    idiolect serve idiolect-work/bundle the OpenAI embeddings API on localhost:8000

    Exit codes: 0 done, the tuned model promoted; 3 done, the base kept; 4 done, drift; 1 failed;
    2 wrong usage.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: errors raised on purpose become one line and their exit code."""
    try:
        result: Any = idiolect.main(arguments, standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except click.exceptions.Abort:
        code = _fail("stopped; what is done is kept, the same command continues", 130)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except IdiolectError as error:
        code = _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        code = _fail("stopped; what is done is kept, the same command continues", 130)
    except BrokenPipeError:
        code = 1
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        code = _fail(f"{error.strerror or error}{where}; mend that and run the same command again", 1)
    sys.exit(code)


def _fail(message: str, code: int) -> int:
    click.echo(f"error: {message}", err=True)
    return code
