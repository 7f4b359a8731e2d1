"""A randomly initialised BERT with a small WordPiece vocabulary: a real model directory in a second."""

import string
from pathlib import Path

DIMENSION = 64
MAX_TOKENS = 48
QUERY_PROMPT = "query: "
PASSAGE_PROMPT = "passage: "

TEXTS = [
    "The pump stops when the tank is full.",
    "A valve opens at three bar and closes again at two.",
    "Short.",
    "",
    "a",
    "Straße, naïve, 東京 and other words outside the vocabulary",
    "The manual says that the filter is to be cleaned once a week, and replaced once a year.",
    "word " * 200,
]
WORDS = (
    "the pump stops when tank is full a valve opens at three bar and manual says filter word query passage"
)


def save_tiny_model(path: Path, seed: int = 0, dense: bool = False, layers: int = 2) -> Path:
    """Write a sentence-transformers directory with prompts, mean pooling, optionally Dense, and Normalize."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Dense, Normalize, Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(seed)
    tokenizer = _tokenizer()
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=DIMENSION,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=64,
        initializer_range=0.2,
    )
    source = path.with_name(path.name + "-transformer")
    BertModel(config).save_pretrained(source)
    named = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
    )
    named.save_pretrained(source)
    modules = [Transformer(str(source), max_seq_length=MAX_TOKENS), Pooling(DIMENSION)]
    if dense:
        modules.append(Dense(DIMENSION, 32))
    modules.append(Normalize())
    prompts = {"query": QUERY_PROMPT, "document": PASSAGE_PROMPT}
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(path))
    return path


def _tokenizer():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    letters = string.ascii_lowercase + string.digits + string.punctuation
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    pieces += dict.fromkeys(WORDS.split())
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    return tokenizer
