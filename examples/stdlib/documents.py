"""Write the documentation of Python's own standard library as Markdown, one file a module.

    python documents.py FOLDER

Docstrings are read with `ast`: nothing is imported or run.  Every machine with Python has this
corpus, so it shows idiolect on real documents without a download.
"""

import ast
import inspect
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

LEFT_OUT = {"site-packages", "test", "tests", "idlelib", "lib2to3", "turtledemo", "ensurepip", "__pycache__"}

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def modules(library: Path) -> Iterator[tuple[str, ast.Module]]:
    """Dotted name and syntax tree of every public module that parses, in order of names."""
    for file in sorted(library.rglob("*.py")):
        parts = file.relative_to(library).with_suffix("").parts
        private = any(part.startswith("_") and part != "__init__" for part in parts)
        if private or LEFT_OUT & set(parts):
            continue
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError, OSError):
            continue
        yield ".".join(part for part in parts if part != "__init__"), tree


def sections(tree: ast.AST, prefix: str = "", level: int = 2) -> Iterator[str]:
    """A heading with the signature and the docstring of each documented class and function, nested."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        name = f"{prefix}{node.name}"
        text = ast.get_docstring(node)
        if text and not node.name.startswith("_"):
            yield f"{'#' * min(level, 6)} {name}\n\n{signature(node, name)}{text}\n"
        if isinstance(node, ast.ClassDef):
            yield from sections(node, f"{name}.", level + 1)


def signature(node: Documented, name: str) -> str:
    """`name(arguments)` as a line of code; empty for a class."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return f"`{name}({ast.unparse(node.args)})`\n\n"
    return ""


def write(folder: Path) -> int:
    """Write the Markdown files and return how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, tree in modules(Path(sysconfig.get_paths()["stdlib"])):
        body = list(sections(tree))
        own = inspect.cleandoc(ast.get_docstring(tree) or "")
        if own or body:
            text = "\n".join([f"# Module {name}\n\n{own}\n", *body])
            (folder / f"{name}.md").write_text(text, encoding="utf-8")
            count += 1
    return count


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "documents")
    sys.stderr.write(f"{write(target)} modules of Python {sys.version.split()[0]} written to {target}\n")
