"""Files appear whole or not at all, and a bad line says where it stands."""

import signal
import subprocess
import sys

import pytest

from idiolect.errors import InputError
from idiolect.files import (
    digest_path,
    digest_text,
    digest_value,
    read_json,
    read_jsonl,
    recover,
    remove,
    replacing,
    tree_digests,
    write_json,
    write_jsonl,
    write_text,
)
from idiolect.records import TextRef

RECORDS = [TextRef(id="a", text="Straße"), TextRef(id="b", text="東京\nthe end")]


def test_a_file_takes_its_place_when_the_block_succeeds(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert [file.name for file in path.parent.iterdir()] == ["file.txt"]


def test_after_an_exception_the_file_is_what_it_was_and_nothing_lies_about(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_text("half of the ne")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["file.txt"]


def test_a_directory_is_replaced_whole(tmp_path):
    path = tmp_path / "model"
    path.mkdir()
    (path / "of-the-old-one").write_text("x")
    with replacing(path) as folder:
        folder.mkdir()
        (folder / "weights").write_text("new")
    assert [file.name for file in path.iterdir()] == ["weights"]

    with pytest.raises(OSError, match="disk"), replacing(path) as folder:
        folder.mkdir()
        (folder / "weights").write_text("broken")
        raise OSError("disk full")
    assert (path / "weights").read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["model"]


def test_what_a_killed_process_left_does_not_get_into_the_next_one(tmp_path):
    path = tmp_path / "model"
    with replacing(path) as folder:
        leftover = folder
        folder.mkdir()
        (folder / "weights").write_text("1")
    leftover.mkdir()
    (leftover / "half").write_text("from the process that was killed")
    with replacing(path) as folder:
        folder.mkdir()
        (folder / "weights").write_text("2")
    assert tree_digests(path) == {"weights": digest_text("2")}


KILLED_AT = """
import os, pathlib, shutil, signal, sys
from idiolect.files import remove, replacing

left = int(sys.argv[2])

def counted(function):
    def call(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return call

for owner, name in ((pathlib.Path, "rename"), (pathlib.Path, "replace"), (os, "unlink"), (os, "rmdir")):
    setattr(owner, name, counted(getattr(owner, name)))
path = pathlib.Path(sys.argv[1])
if sys.argv[3] == "remove":
    remove(path)
else:
    with replacing(path) as folder:
        folder.mkdir()
        for name in ("config", "weights"):
            (folder / name).write_text("new")
"""
OLD, NEW = ({name: digest_text(text) for name in ("config", "weights")} for text in ("old", "new"))


def killed_states(tmp_path, what):
    """What a directory holds after a kill before each of its file operations, and after `recover`; None: nothing."""
    for moment in range(100):
        folder = tmp_path / str(moment)
        for name in ("config", "weights"):
            write_text(folder / "model" / name, "old")
        command = [sys.executable, "-c", KILLED_AT, str(folder / "model"), str(moment), what]
        code = subprocess.run(command).returncode
        states = []
        for _ in range(2):
            states.append(tree_digests(folder / "model") if (folder / "model").exists() else None)
            recover(folder)
        assert [path.name for path in folder.iterdir()] == (["model"] if states[1] is not None else [])
        yield states
        if code == 0:
            return
        assert code == -signal.SIGKILL
    raise AssertionError("it was killed every time")


def test_a_kill_leaves_the_old_directory_or_the_new(tmp_path):
    states = list(killed_states(tmp_path, "replace"))
    assert [OLD, OLD] in states and [NEW, NEW] in states
    assert all(before in (OLD, NEW, None) and after in (OLD, NEW) for before, after in states)


def test_a_kill_leaves_a_removed_directory_whole_or_gone(tmp_path):
    states = list(killed_states(tmp_path, "remove"))
    assert [OLD, OLD] in states and [None, None] in states
    assert all(before == after and before in (OLD, None) for before, after in states)


def test_recovery_leaves_other_files_alone(tmp_path):
    names = {".lock", ".model.part", ".gitignore", "model.12.part", "notes.old"}
    for name in names:
        write_text(tmp_path / name, "")
    recover(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == names
    recover(tmp_path / "missing")


def test_removing_what_is_not_there_does_nothing(tmp_path):
    remove(tmp_path / "nothing")


def test_records_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "records.jsonl"
    assert write_jsonl(path, iter(RECORDS)) == 2
    assert list(read_jsonl(path, TextRef)) == RECORDS
    assert len(path.read_bytes().splitlines()) == 2


def test_an_exception_while_records_are_made_leaves_the_old_ones(tmp_path):
    path = tmp_path / "records.jsonl"
    write_jsonl(path, RECORDS)

    def failing():
        yield RECORDS[0]
        raise ValueError("the second cannot be made")

    with pytest.raises(ValueError, match="second"):
        write_jsonl(path, failing())
    assert list(read_jsonl(path, TextRef)) == RECORDS


@pytest.mark.parametrize(
    "line", ['{"id": "c"}', '{"id": "c", "text": 5}', "{not json", '{"id": "c", "text": "']
)
def test_a_bad_line_is_named_by_its_number(tmp_path, line):
    path = tmp_path / "records.jsonl"
    path.write_text(f'{{"id": "a", "text": ""}}\n\n{line}\n')
    with pytest.raises(InputError, match=r"records\.jsonl, line 3: "):
        list(read_jsonl(path, TextRef))


def test_blank_lines_are_skipped(tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_text('\n{"id": "a", "text": "", "unknown": 1}\n   \n')
    assert list(read_jsonl(path, TextRef)) == [TextRef(id="a", text="")]


def test_json_is_written_for_people_and_a_broken_one_is_named(tmp_path):
    path = tmp_path / "value.json"
    write_json(path, {"b": [1, 2], "a": RECORDS[0]})
    assert read_json(path) == {"b": [1, 2], "a": {"id": "a", "text": "Straße"}}
    assert path.read_text().count("\n") > 3
    path.write_text("{")
    with pytest.raises(InputError, match=r"value\.json is not valid JSON"):
        read_json(path)


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    write_text(root / "b" / "deep.txt", "deep")
    write_text(root / "a.txt", "top")
    write_text(root / ".hidden", "x")
    write_text(root / ".git" / "config", "x")
    return root


def test_a_trees_digests_name_every_file_but_the_hidden(tree):
    assert tree_digests(tree) == {"a.txt": digest_text("top"), "b/deep.txt": digest_text("deep")}


def test_a_folders_digest_follows_names_and_contents_only(tree, tmp_path):
    before = digest_path(tree)
    write_text(tree / ".hidden", "changed")
    (tree / "a.txt").touch()
    assert digest_path(tree) == before
    moved = tree.rename(tmp_path / "elsewhere")
    assert digest_path(moved) == before
    write_text(moved / "a.txt", "top!")
    changed = digest_path(moved)
    assert changed != before
    write_text(moved / "a.txt", "top")
    (moved / "a.txt").rename(moved / "c.txt")
    assert digest_path(moved) not in (before, changed)


def test_a_files_digest_is_that_of_its_text(tmp_path):
    write_text(tmp_path / "file", "Straße")
    assert digest_path(tmp_path / "file") == digest_text("Straße")


def test_the_order_of_keys_does_not_matter_and_all_else_does():
    assert digest_value({"a": 1, "b": {"c": 2, "d": 3}}) == digest_value({"b": {"d": 3, "c": 2}, "a": 1})
    assert digest_value({"a": 1}) != digest_value({"a": 2})
    assert digest_value([1, 2]) != digest_value([2, 1])
