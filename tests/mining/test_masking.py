"""A query that was cut out of the corpus cannot be answered by its own copy."""

from builders import a_chunk, copied

from idiolect.mining.masking import LONG, masked_passages, remove_stretches, squeeze, with_masks

SENTENCE = "Close the supply before the cover of the pump is lifted."
assert len(SENTENCE) >= LONG

CHUNKS = [
    a_chunk("pump#1", f"The pump draws raw water. {SENTENCE} Then fit the seal."),
    a_chunk(
        "pump#2", "Close the supply before\n  the cover of the pump\nis lifted. Nothing else stands here."
    ),
    a_chunk("valve#1", f"A note that was copied: {SENTENCE}"),
    a_chunk("tank#1", "Keeps water for the night.", title="Night store", headings=["Hatch seal"]),
    a_chunk("tank#2", "The Hatch seal perishes. Look for midges."),
    a_chunk("tower#1", "Its Hatch seal is another one."),
]


def test_a_long_stretch_is_cut_wherever_it_stands_over_line_breaks_too():
    masked = masked_passages(CHUNKS, [copied(SENTENCE, "pump#1")])
    assert set(masked) == {"pump#1", "pump#2", "valve#1"}
    assert all(SENTENCE not in squeeze(passage.full_text) for passage in masked.values())
    assert squeeze(masked["pump#1"].text) == "The pump draws raw water. Then fit the seal."
    assert squeeze(masked["pump#2"].text) == "Nothing else stands here."
    assert squeeze(masked["valve#1"].text) == "A note that was copied:"


def test_a_stretch_that_was_taken_over_a_line_break_is_found_on_one_line():
    stretch = "Close the supply before\n  the cover of the pump\nis lifted."
    assert set(masked_passages(CHUNKS, [copied(SENTENCE, "pump#2", stretch)])) == {
        "pump#1",
        "pump#2",
        "valve#1",
    }


def test_a_short_stretch_is_cut_in_its_own_document_only_and_from_titles_too():
    masked = masked_passages(CHUNKS, [copied("Hatch seal", "tank#1", style="heading")])
    assert set(masked) == {"tank#1", "tank#2"}
    assert masked["tank#1"].title == "Night store"
    assert squeeze(masked["tank#2"].text) == "The perishes. Look for midges."


def test_queries_of_one_chunk_are_cut_one_after_the_other():
    queries = [copied(SENTENCE, "pump#1"), copied("The pump draws raw water.", "pump#1")]
    assert squeeze(masked_passages(CHUNKS, queries)["pump#1"].text) == "Then fit the seal."


def test_a_heading_that_begins_a_definition_leaves_no_copy_of_the_definition():
    """As in any glossary: the entry's name is one query, what it says is another."""
    definition = "Relay station is a small building where the signal of a distant mast is made strong again."
    entry = a_chunk("glossary#1", f"{definition} Most stand on hills.", title="Relay station")
    definiens = "a small building where the signal of a distant mast is made strong again"
    queries = [
        copied("Relay station", "glossary#1", style="heading"),
        copied(definiens, "glossary#1", definition, style="definition"),
    ]
    for order in (queries, queries[::-1]):
        left = masked_passages([entry], order)["glossary#1"].full_text
        assert definiens not in left
        assert "Relay station" not in left


def test_two_windows_that_overlap_are_both_gone():
    words = [f"word{number}" for number in range(30)]
    first, second = " ".join(words[5:15]), " ".join(words[10:20])
    chunk = a_chunk("a#1", " ".join(words))
    queries = [copied(first, "a#1", style="window"), copied(second, "a#1", style="window")]
    left = squeeze(masked_passages([chunk], queries)["a#1"].text).split()
    assert left == [*words[:5], *words[20:]]


def test_what_a_pattern_would_mean_is_taken_literally():
    assert squeeze(remove_stretches("Call f(x)* twice. Then [a-z]+ again.", ["f(x)*"])) == (
        "Call twice. Then [a-z]+ again."
    )


def test_a_query_without_a_cut_changes_nothing():
    assert masked_passages(CHUNKS, [copied("pump water seal", "pump#1", cut="")]) == {}
    assert remove_stretches("The pump.", ["  "]) == "The pump."


def test_masked_passages_stand_in_their_originals_places():
    masked = masked_passages(CHUNKS, [copied(SENTENCE, "pump#1")])
    passages = with_masks(CHUNKS, masked)
    assert [passage.id for passage in passages] == [chunk.id for chunk in CHUNKS]
    assert passages[0] == masked["pump#1"]
    assert passages[3] == CHUNKS[3].passage
