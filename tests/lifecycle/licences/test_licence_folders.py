"""Licences of real folders: what stands in the document, beside it, and up the tree; the first that speaks wins."""

import json
from pathlib import Path

import pytest

from idiolect.lifecycle.licences.base import base_licence
from idiolect.lifecycle.licences.detecting import ORIGIN, licensed, own_words
from idiolect.lifecycle.licences.folders import Folders
from idiolect.readers import read_documents, scan, source_digest
from idiolect.readers.base import Parsed

NAME = "SPDX-License-Identifier"
APACHE = "Apache License\nVersion 2.0\n"
TEXT = "The sand filter is washed every Friday, before the council meets.\n"
LINK = '<a href="https://creativecommons.org/licenses/by-nc/4.0/">terms</a>'


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def found(docs: Path, assumed: str = "") -> dict[str, tuple[str, str]]:
    """Document id → its licence and what stated it."""
    seen = scan(docs)
    folders = Folders(seen, assumed)
    files = {file.name if file == docs else file.relative_to(docs).as_posix(): file for file in seen.files}
    result = {}
    for parsed in read_documents(seen):
        if not isinstance(parsed, Parsed):
            continue
        file = files[parsed.document.path]
        document = licensed(parsed.document, own_words(file), folders.of(file))
        result[document.id] = (document.licence, document.metadata.get(ORIGIN, ""))
    return result


def test_the_first_of_tag_metadata_text_and_folder_says_it(tmp_path):
    page = f"<html><head><!-- {NAME}: ISC --></head><body><p>{TEXT}</p>{{}}</body></html>"
    docs = write(
        tmp_path,
        {
            "LICENSE": APACHE,
            "plain.txt": TEXT,
            "address.md": f"{TEXT}\nhttps://creativecommons.org/licenses/by/4.0/\n",
            "front.md": f"---\nlicence: CC BY-SA 4.0\n---\n{TEXT}\nhttps://creativecommons.org/licenses/by/4.0/\n",
            "tagged.md": f"<!-- {NAME}: MIT -->\n\n---\nlicence: CC0\n---\n{TEXT}",
            "tagged.py": f'# {NAME}: MPL-2.0\n\ndef wash():\n    """Wash the filter."""\n',
            "tagged.html": page.format(LINK),
            "linked.html": f"<html><body><p>{TEXT}</p><footer>{LINK}</footer></body></html>",
            "rel.html": f'<html><head><link rel="license" href="https://opensource.org/licenses/MIT"></head>'
            f"<body><p>{TEXT}</p>{LINK}</body></html>",
            "several.md": f"{TEXT}\nhttps://creativecommons.org/licenses/by/4.0/ "
            "https://creativecommons.org/licenses/by-nc/4.0/\n",
        },
    )
    assert found(docs) == {
        "plain.txt": ("Apache-2.0", "LICENSE"),
        "address.md": ("CC-BY-4.0", "Creative Commons address"),
        "front.md": ("CC-BY-SA-4.0", "metadata"),
        "tagged.md": ("MIT", "SPDX tag"),
        "tagged.py": ("MPL-2.0", "SPDX tag"),
        "tagged.html": ("ISC", "SPDX tag"),
        "linked.html": ("CC-BY-NC-4.0", "Creative Commons address"),
        "rel.html": ("MIT", "metadata"),
        "several.md": ("CC-BY-4.0 AND CC-BY-NC-4.0", "Creative Commons address"),
    }


def test_the_nearest_folder_that_states_one_up_to_docs_and_none_above(tmp_path):
    write(tmp_path, {"LICENSE": "GNU General Public License, version 3"})
    docs = write(
        tmp_path / "docs",
        {
            "top.txt": TEXT,
            "a/b/COPYING": APACHE,
            "a/b/c/d/deep.txt": TEXT,
            "a/above.txt": TEXT,
            "pump/LICENSE": "You may read this on Sundays.",
            "pump/own.txt": TEXT,
            "pump/said.txt": TEXT,
            "pump/said.txt.license": f"{NAME}: CC0-1.0\n",
            "code/license.py": "# no licence, but a program that prints one\n\ndef licence():\n    return 1\n",
            "code/license-fees.txt": "MIT License, for a fee.",
        },
    )
    assert found(docs) == {
        "top.txt": ("", ""),
        "a/above.txt": ("", ""),
        "a/b/c/d/deep.txt": ("Apache-2.0", "a/b/COPYING"),
        "pump/own.txt": ("LicenseRef-unknown", "pump/LICENSE"),
        "pump/said.txt": ("CC0-1.0", "pump/said.txt.license"),
        "code/license.py": ("", ""),
        "code/license-fees.txt": ("", ""),
    }
    assumed = found(docs, "CC-BY-4.0")
    assert assumed["top.txt"] == ("CC-BY-4.0", "licences.assumed")
    assert assumed["pump/own.txt"] == ("LicenseRef-unknown", "pump/LICENSE")


def test_several_texts_hold_all_unless_a_package_says_how_they_go_together(tmp_path):
    files = {"LICENSE-APACHE": APACHE, "LICENSE-MIT": "MIT License", "a.txt": TEXT}
    docs = write(tmp_path, {f"both/{name}": text for name, text in files.items()})
    write(docs, {f"either/{name}": text for name, text in files.items()})
    write(
        docs,
        {
            "either/pyproject.toml": '[project]\nname = "pump"\nlicense = "MIT OR Apache-2.0"\n',
            "poetry/pyproject.toml": '[tool.poetry]\nlicense = "ISC"\n',
            "poetry/a.txt": TEXT,
            "node/package.json": json.dumps({"name": "pump", "license": "ISC"}),
            "node/a.txt": TEXT,
            "broken/package.json": '{"license": ',
            "broken/pyproject.toml": "[project\n",
            "broken/a.txt": TEXT,
            "reuse/LICENSES/CC-BY-4.0.txt": "words",
            "reuse/LICENSES/MIT.txt": "words",
            "reuse/doc/a.txt": TEXT,
        },
    )
    states = found(docs)
    assert states["both/a.txt"] == ("Apache-2.0 AND MIT", "both/LICENSE-APACHE, both/LICENSE-MIT")
    assert states["either/a.txt"] == ("MIT OR Apache-2.0", "either/pyproject.toml")
    assert states["poetry/a.txt"] == ("ISC", "poetry/pyproject.toml")
    assert states["node/a.txt"] == ("ISC", "node/package.json")
    assert states["broken/a.txt"] == ("", "")
    assert states["reuse/doc/a.txt"][0] == "CC-BY-4.0 AND MIT"


def test_the_rows_of_a_corpus_speak_for_themselves(tmp_path):
    rows = [
        {"_id": "a", "text": TEXT, "license": "cc-by-4.0"},
        {"_id": "b", "text": TEXT, "metadata": {"licence": "MIT"}},
        {"_id": "c", "text": f"{TEXT} https://creativecommons.org/licenses/by-sa/4.0/"},
        {"_id": "d", "text": TEXT},
    ]
    docs = write(
        tmp_path,
        {"LICENSE.md": APACHE, "rows.jsonl": "".join(json.dumps(row) + "\n" for row in rows)},
    )
    states = found(docs)
    assert [states[row["_id"]][0] for row in rows] == ["CC-BY-4.0", "MIT", "CC-BY-SA-4.0", "Apache-2.0"]
    alone = tmp_path / "rows.jsonl"
    assert found(alone)["d"] == ("", "")  # nothing above DOCS is looked at
    write(tmp_path, {"rows.jsonl.license": f"{NAME}: ISC"})
    assert found(alone)["d"] == ("ISC", "rows.jsonl.license")


def test_files_that_state_a_licence_are_part_of_what_makes_ingest_stale(tmp_path):
    docs = write(tmp_path, {"a.txt": TEXT, "LICENSE": APACHE, "notes.bin": "x"})
    before = source_digest(docs)
    write(docs, {"notes.bin": "y"})
    assert source_digest(docs) == before
    write(docs, {"LICENSE": "MIT License"})
    assert source_digest(docs) != before


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"README.md": "---\nlicense: apache-2.0\n---\n# Model\n"}, "Apache-2.0"),
        (
            {"README.md": "---\nlicense: other\nlicense_name: pump-community\n---\n"},
            "LicenseRef-pump-community",
        ),
        ({"README.md": "# Model\n", "LICENSE": "MIT License"}, "MIT"),
        ({}, ""),
    ],
)
def test_a_base_models_licence_is_what_its_directory_says(tmp_path, files, expected):
    write(tmp_path, {"config.json": "{}", **files})
    assert base_licence(tmp_path) == expected


def test_a_real_projects_documents_all_stand_under_the_licence_of_their_folder(tmp_path):
    content = Path(__file__).parents[4] / "shared" / "data" / "opentelemetry" / "content"
    if not content.is_dir():
        pytest.skip("../shared/data/opentelemetry is not there")
    write(tmp_path, {"LICENSE": "Creative Commons Attribution 4.0 International\n"})
    (tmp_path / "content").symlink_to(content)
    seen = scan(tmp_path)
    folders = Folders(seen)
    stated = {folders.of(file) for file in seen.files}
    assert len(seen.files) > 600
    assert {(one.licence, one.origin) for one in stated} == {("CC-BY-4.0", "LICENSE")}
