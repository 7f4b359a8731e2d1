"""Names of people, found by a model that the user has: here real ones that the tests make."""

import pytest

from idiolect.config import Privacy, load
from idiolect.errors import PrivacyError
from idiolect.files import read_jsonl
from idiolect.lifecycle.privacy import masker
from idiolect.records import Document, RejectedDocument
from idiolect.stages.context import Context
from idiolect.stages.ingest import run
from idiolect.workspace import Workspace

pytest.importorskip("presidio_analyzer")


@pytest.fixture(scope="module")
def spacy_model(tmp_path_factory):
    """A pipeline of rules, saved as any spaCy model is."""
    spacy = pytest.importorskip("spacy")
    language = spacy.blank("en")
    rules = language.add_pipe("entity_ruler")
    rules.add_patterns(
        [
            {"label": "PERSON", "pattern": [{"LOWER": "mira"}, {"LOWER": "keller"}]},
            {"label": "ORG", "pattern": "Eastern Works"},
        ]
    )
    path = tmp_path_factory.mktemp("model") / "names"
    language.to_disk(path)
    return path


def test_names_get_one_pseudonym_however_they_are_spaced(spacy_model):
    hide = masker(Privacy(names=str(spacy_model)), None)
    masked = hide.text("Mira Keller of Eastern Works asked. MIRA KELLER got no answer at mira@werk-ost.de.")
    first, second = (part for part in masked.split() if part.startswith("<name:"))
    assert first == second and "Eastern Works" in masked and "eller" not in masked.lower()
    assert hide.text(masked) == masked


def test_a_long_text_is_read_in_pieces_between_words(spacy_model):
    hide = masker(Privacy(names=str(spacy_model)), None)
    text = "The valve was shut by Mira Keller at noon. " * 300
    assert hide.masked(text).counts == {"name": 300}


def test_ingest_masks_and_drops_by_name(spacy_model, tiny_model, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "one.txt").write_text("The valve was shut by Mira Keller at noon.")
    (tmp_path / "docs" / "two.txt").write_text("Nobody opened the valve.")

    def ingested(name, *settings):
        given = [f"train.base={tiny_model}", f"privacy.names={spacy_model}", "ingest.workers=1", *settings]
        work = Workspace(tmp_path / name)
        return work, run(Context(work, load(None, given), source=tmp_path / "docs"))

    work, summary = ingested("work")
    assert summary["privacy"]["masked"] == {"name": 1} and summary["privacy"]["names"] == str(spacy_model)
    assert "by <name:" in next(iter(read_jsonl(work.documents, Document))).text
    work, _ = ingested("other", "privacy.name=drop")
    assert [one.reason for one in read_jsonl(work.rejected_documents, RejectedDocument)] == [
        "privacy: it holds a name"
    ]


def test_a_folder_of_a_token_classifier_is_a_model_too(tmp_path):
    """Random weights call every token a person or none: what is tried is that the folder is loaded and asked."""
    torch = pytest.importorskip("torch")
    from tiny_model import named_tokenizer
    from transformers import BertConfig, BertForTokenClassification

    torch.manual_seed(0)
    tokenizer = named_tokenizer()
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        num_labels=2, id2label={0: "O", 1: "B-PER"}, label2id={"O": 0, "B-PER": 1},
    )  # fmt: skip
    model = BertForTokenClassification(config)
    with torch.no_grad():
        model.classifier.bias.copy_(torch.tensor([-9.0, 9.0]))
    model.save_pretrained(tmp_path / "ner")
    tokenizer.save_pretrained(tmp_path / "ner")
    masked = masker(Privacy(names=str(tmp_path / "ner")), None).masked("the pump stops when the tank is full")
    assert masked.counts["name"] >= 1 and "pump" not in masked.text


def test_a_model_that_is_not_there_is_told_before_anything_is_read():
    with pytest.raises(PrivacyError, match="nothing is downloaded"):
        masker(Privacy(names="en_core_web_enormous"), None)
