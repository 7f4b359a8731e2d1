"""A further round: what stood apart stays apart, and what is new is held out in its share."""

from builders import a_chunk, written

from idiolect.files import digest_text, write_json, write_jsonl
from idiolect.mining.carried import Carried, Facts, Places, read_carried
from idiolect.mining.rounds import Round, drawn
from idiolect.mining.splits import group_of
from idiolect.records import CarriedChunk, FrozenTest, Split
from idiolect.workspace import Workspace

SAYS = "The {} of the lock keeper hangs beside the door of the boat house until the winter comes."


def text_of(number):
    return SAYS.format(f"lamp number {number} and coat number {number}")


def chunks_of(numbers, name="d{}"):
    return [a_chunk(f"{name.format(number)}#0", text_of(number), title="Locks") for number in numbers]


def carried_of(chunks, splits, queries=(), tested=()):
    test = FrozenTest(
        digest="", seed=13, test_fraction=0.2, teacher="t", queries=list(tested), passages={}, groups=[]
    )
    return Carried(
        facts=Facts(teacher="t"),
        chunks=[
            CarriedChunk(
                id=one.id,
                document_id=one.document_id,
                digest=digest_text(one.passage.full_text),
                said=digest_text(one.text),
                split=split,
            )
            for one, split in zip(chunks, splits, strict=True)
        ],
        queries=list(queries),
        negatives=[],
        test=test,
        labels={},
    )


def splits_of(found, chunks):
    return {one.id: found.earlier.get(found.groups[one.id]) for one in chunks}


def test_documents_keep_their_split_and_new_ones_have_none():
    before = chunks_of(range(12))
    carried = carried_of(before, ["test", "dev", *["train"] * 10])
    now = [*before[:4], a_chunk("d4#0", text_of("4 b")), *before[5:], *chunks_of(range(20, 22))]
    found = splits_of(Round.of(carried, now, group_of(now)), now)
    assert found["d0#0"] == "test" and found["d1#0"] == "dev"
    assert found["d4#0"] == "train", "what it said before has been trained on"
    assert found["d20#0"] is found["d21#0"] is None


def test_a_file_that_was_renamed_is_known_by_what_it_says_whatever_its_title():
    before = chunks_of(range(12))
    query = written("who left a lamp?", "d3#0")
    carried = carried_of(before, ["train"] * 12, [query])
    same = [*before[:3], *before[4:], *chunks_of([3], "moved-{}")]
    assert splits_of(Round.of(carried, same, group_of(same)), same)["moved-3#0"] == "train"
    (moved,), gone = Places(carried, same).standing([query])
    assert (moved.source, moved.positives, moved.id) == ("moved-3#0", ["moved-3#0"], query.id) and not gone
    assert Places(carried, same).unknown(same) == []
    titled = [*before[:3], *before[4:], a_chunk("moved-3#0", text_of(3), title="Moved")]
    assert splits_of(Round.of(carried, titled, group_of(titled)), titled)["moved-3#0"] == "train"
    assert Places(carried, titled).standing([query]) == ([], [query]), "its passage has another title"


def test_what_a_new_document_joins_is_divided_again():
    before = chunks_of(range(12))
    carried = carried_of(before, ["test", *["train"] * 11])
    joining = [
        a_chunk("new#0", text_of(0) + " Always.", duplicate_of="d0#0"),
        a_chunk("new#1", text_of(1) + " Always.", duplicate_of="d1#0", start=200),
        a_chunk("new#2", text_of(99), start=400),
    ]
    now = [*before, *joining]
    groups = group_of(now)
    assert groups["d0#0"] == groups["d1#0"], "by themselves they would be one group"
    found = splits_of(Round.of(carried, now, groups), now)
    assert (found["d0#0"], found["new#0"]) == ("test", "test")
    assert (found["d1#0"], found["new#1"], found["new#2"]) == ("train", "train", "train")


def test_documents_that_join_a_test_document_test():
    before = chunks_of(range(12))
    carried = carried_of(before, ["test", *["train"] * 11])
    now = [
        *before,
        a_chunk("new#0", text_of(0) + " Always.", duplicate_of="d0#0"),
        a_chunk("new#1", text_of(98)),
    ]
    found = splits_of(Round.of(carried, now, group_of(now)), now)
    assert found["new#0"] == found["new#1"] == "test"


def test_over_many_small_batches_each_share_is_kept_and_one_alone_trains():
    held = {"test": 0, "dev": 0, "train": 0}
    for batch in range(400):
        for split in drawn([f"{batch}-{number}" for number in range(3)], 0.1, 0.1, 13).values():
            held[split] += 1
    assert 80 <= held["test"] <= 160 and 80 <= held["dev"] <= 160, held
    assert set(drawn(["alone"], 0.9, 0.05, 13).values()) == {"train"}
    large = drawn([str(number) for number in range(200)], 0.1, 0.1, 13)
    assert list(large.values()).count("test") == 20


def test_words_that_tested_stay_held_out_though_people_clicked_for_them_too(tmp_path):
    work, found = Workspace(tmp_path), carried_of(chunks_of(range(2)), ["train", "train"])
    asked = [
        Split(query_id="17", split="test", group="who?"),
        Split(query_id="f1", split="unused", group="who?"),
    ]
    for name, value in (("chunks", found.chunks), ("queries", []), ("negatives", []), ("labels", asked)):
        write_jsonl(getattr(work, f"carried_{name}"), value)
    write_json(work.carried_test, found.test)
    write_json(work.carried_facts, found.facts)
    assert read_carried(work).labels == {"who?": "test"}
