"""Randomly initialised models of other families than BERT: encoders, and a decoder with instructions."""

from pathlib import Path

from tiny_model import MAX_TOKENS, named_tokenizer, save_modules, shape

HIDDEN, LAYERS = 32, 3
INSTRUCTION = "Instruct: Given a question, find the passage that answers it\nQuery: "
FAMILIES = ("mpnet", "xlm-roberta", "modernbert", "qwen3")


def save_tiny_family(path: Path, family: str, pooling: str = "") -> Path:
    """Write a sentence-transformers directory of three layers; qwen3 pools the last token, as its embedders do."""
    import torch
    from transformers import AutoConfig, AutoModel

    torch.manual_seed(0)
    decoder = family == "qwen3"
    tokenizer = _decoder_tokenizer() if decoder else named_tokenizer()
    more = {"pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
    if decoder:
        more = {"head_dim": 8, "num_key_value_heads": 2}
    config = AutoConfig.for_model(family, vocab_size=len(tokenizer), **shape(HIDDEN, LAYERS), **more)
    source = path.with_name(path.name + "-transformer")
    AutoModel.from_config(config).save_pretrained(source)
    tokenizer.save_pretrained(source)
    prompts = {"query": INSTRUCTION, "document": ""} if decoder else {}
    return save_modules(
        path, source, HIDDEN, prompts, pooling=pooling or ("lasttoken" if decoder else "mean")
    )


def _decoder_tokenizer():
    """Bytes, an end of text after each, and padding on the left."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    end = "<|endoftext|>"
    pieces = [end, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({piece: index for index, piece in enumerate(pieces)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.TemplateProcessing(single=f"$A {end}", special_tokens=[(end, 0)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=end,
        eos_token=end,
        padding_side="left",
        model_max_length=MAX_TOKENS,
    )
