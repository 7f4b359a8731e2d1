"""Jupyter notebooks as nbformat writes them, old ones, and files that only look like one."""

import json
from pathlib import Path
from typing import Any

import pytest

from idiolect.readers import Parsed, read_documents
from idiolect.records import RejectedDocument


def read(folder: Path, notebook: Any, name: str = "beans.ipynb") -> Parsed | RejectedDocument:
    text = notebook if isinstance(notebook, str) else json.dumps(notebook)
    (folder / name).write_text(text, encoding="utf-8")
    (outcome,) = read_documents(folder / name)
    return outcome


def parsed(folder: Path, notebook: Any) -> Parsed:
    outcome = read(folder, notebook)
    assert isinstance(outcome, Parsed), outcome
    return outcome


def outline(source: Parsed) -> list[tuple[str, int, str]]:
    text = source.document.text
    return [(block.kind, block.level, text[block.start : block.end]) for block in source.blocks]


def test_markdown_and_code_are_read_and_outputs_are_not(tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    v4 = nbformat.v4
    output = v4.new_output("stream", text="3.5 kg of harvest\n")
    notebook = v4.new_notebook(
        cells=[
            v4.new_code_cell("%matplotlib inline\nimport garden"),
            v4.new_markdown_cell("# The *bean* harvest\n\nWe weigh it.\n\n## By row\n\n- North\n- South"),
            v4.new_code_cell("\nharvest = garden.weigh()\n\nprint(harvest)\n", outputs=[output]),
            v4.new_markdown_cell("   "),
            v4.new_code_cell("#"),
            v4.new_raw_cell("A note in no markup."),
            v4.new_markdown_cell("![plot](data:image/png;base64,iVBORw0KGgo=) shows it."),
        ],
        metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
    )
    found = parsed(tmp_path, nbformat.writes(notebook))
    assert outline(found) == [
        ("code", 0, "%matplotlib inline\nimport garden"),
        ("heading", 1, "# The *bean* harvest"),
        ("paragraph", 0, "We weigh it."),
        ("heading", 2, "## By row"),
        ("list", 0, "- North\n- South"),
        ("code", 0, "harvest = garden.weigh()\n\nprint(harvest)"),
        ("paragraph", 0, "A note in no markup."),
        ("paragraph", 0, "![plot]() shows it."),
    ]
    assert "3.5 kg" not in found.document.text
    assert found.document.title == "The bean harvest"
    assert found.document.metadata == {"programming_language": "python"}


def test_notebooks_of_the_old_format_have_worksheets_and_headings_as_cells(tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    v3 = nbformat.v3
    cells = [
        v3.new_heading_cell("Harvest", level=2),
        v3.new_text_cell("markdown", source="Weigh it."),
        v3.new_code_cell(input="weigh()", outputs=[]),
    ]
    notebook = v3.new_notebook(worksheets=[v3.new_worksheet(cells=cells)])
    found = parsed(tmp_path, v3.nbjson.writes(notebook))
    assert outline(found) == [
        ("heading", 2, "## Harvest"),
        ("paragraph", 0, "Weigh it."),
        ("code", 0, "weigh()"),
    ]
    assert found.document.title == "Harvest"


def test_front_matter_in_the_first_cell_is_the_notebooks(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "raw", "source": ["---\n", "title: Weighing beans\n", "license: MIT\n", "---\n"]},
        {"cell_type": "markdown", "source": "## Rows\n\nThere are two."},
    ]
    document = parsed(tmp_path, {"cells": cells, "nbformat": 4}).document
    assert (document.title, document.licence) == ("Weighing beans", "MIT")
    assert document.text.startswith("## Rows")


def test_a_notebook_without_headings_is_titled_by_its_file(tmp_path: Path) -> None:
    cells = [{"cell_type": "markdown", "source": "There are two rows."}]
    assert parsed(tmp_path, {"cells": cells}).document.title == "Beans"


@pytest.mark.parametrize(
    ("content", "category"),
    [
        ('{"cells": [', "corrupt"),
        ("[1, 2]", "corrupt"),
        ('{"cells": "none"}', "corrupt"),
        ("[" * 100_000, "corrupt"),
        ('{"cells": []}', "empty"),
        ('{"cells": [{"cell_type": "markdown", "source": null}]}', "empty"),
        ("\x00\x01\x02\x03", "binary"),
        ("", "empty"),
    ],
)
def test_what_is_no_notebook_is_rejected(tmp_path: Path, content: str, category: str) -> None:
    outcome = read(tmp_path, content)
    assert isinstance(outcome, RejectedDocument)
    assert outcome.reason.partition(":")[0] == category
