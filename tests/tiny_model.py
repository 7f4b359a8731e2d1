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


def save_tiny_model(
    path: Path, seed: int = 0, dense: bool = False, layers: int = 2, pooling: str = "mean"
) -> Path:
    """Write a sentence-transformers directory with prompts, pooling, optionally Dense, and Normalize."""
    import torch
    from sentence_transformers.base.modules import Dense
    from transformers import BertConfig, BertModel

    torch.manual_seed(seed)
    tokenizer = named_tokenizer()
    config = BertConfig(
        vocab_size=len(tokenizer),
        **shape(DIMENSION, layers),
    )
    source = path.with_name(path.name + "-transformer")
    BertModel(config).save_pretrained(source)
    tokenizer.save_pretrained(source)
    prompts = {"query": QUERY_PROMPT, "document": PASSAGE_PROMPT}
    return save_modules(path, source, DIMENSION, prompts, [Dense(DIMENSION, 32)] if dense else [], pooling)


def shape(hidden: int, layers: int) -> dict[str, int | float]:
    """A tiny transformer's, in the names of its configuration."""
    return {
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "intermediate_size": 2 * hidden,
        "max_position_embeddings": 64,
        "initializer_range": 0.2,
    }


def save_modules(path: Path, source: Path, size: int, prompts, more=(), pooling: str = "mean") -> Path:
    """Write a transformer with pooling, further modules and Normalize."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling

    transformer = Transformer(str(source), max_seq_length=MAX_TOKENS)
    modules = [transformer, Pooling(size, pooling_mode=pooling), *more, Normalize()]
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(path))
    return path


def save_shallow_model(path: Path, layers: int) -> Path:
    """Write the default base with so many of its six layers."""
    from sentence_transformers import SentenceTransformer

    from idiolect.runtimes.model_files import resolve

    model = SentenceTransformer(str(resolve("auto")), device="cpu")
    inner = model[0].auto_model
    inner.encoder.layer = inner.encoder.layer[:layers]
    inner.config.num_hidden_layers = layers
    model.save(str(path), create_model_card=False)
    return path


def save_tiny_cross_encoder(path: Path, seed: int = 0, labels: int = 1) -> Path:
    """Write a BERT with random weights that scores pairs of texts, as the hub's cross-encoders are laid out."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(seed)
    tokenizer = named_tokenizer()
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
        initializer_range=0.5,
        num_labels=labels,
    )
    BertForSequenceClassification(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def named_tokenizer():
    """A WordPiece tokenizer as transformers holds it, which knows the names of its special tokens."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(),
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
    )


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
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    return tokenizer
