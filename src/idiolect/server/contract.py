"""`POST /v1/embeddings` as records: OpenAI's fields, NVIDIA NIM's `input_type` and `truncate`.

Fields that are not listed are ignored, as clients send some of their own; null counts as absent.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from idiolect.files import whole_numbers
from idiolect.server.refusal import RefusedError

MOST_TEXTS = 2048

Text = Annotated[str, Meta(min_length=1)]

TOKEN_IDS = (
    "input holds token ids: send text instead, as they mean nothing to another tokenizer. "
    "LangChain's OpenAIEmbeddings: set check_embedding_ctx_length=False"
)


CHOICES = {
    "encoding_format": ("float", "base64"),
    "input_type": ("query", "passage"),
    "truncate": ("NONE", "START", "END"),
}


class EmbeddingRequest(msgspec.Struct, frozen=True, kw_only=True):
    input: Annotated[
        Text | Annotated[list[Text], Meta(min_length=1, max_length=MOST_TEXTS)],
        Meta(description="a text, or up to 2,048 of them; token ids are refused"),
    ]
    model: Annotated[str, Meta(description="a name that /v1/models lists; -query or -passage may follow it")]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[
        int | None,
        Meta(description="one of the model's trained dimensions; vectors are cut and re-normalised"),
    ] = None
    user: str | None = None
    input_type: Annotated[
        Literal["query", "passage"] | None,
        Meta(
            description="what the texts are for; the model's prompt of that kind precedes them. Where neither "
            "this nor the model's suffix says it, they are passages"
        ),
    ] = None
    truncate: Annotated[
        Literal["NONE", "START", "END"] | None,
        Meta(description="which end of a text too long is cut: END by default; NONE refuses it"),
    ] = None

    @property
    def texts(self) -> list[str]:
        return [self.input] if isinstance(self.input, str) else self.input


class Embedding(msgspec.Struct, frozen=True, kw_only=True):
    object: Literal["embedding"] = "embedding"
    index: int
    embedding: Annotated[
        list[float] | str, Meta(description="numbers, or base64 of their little-endian float32 bytes")
    ]


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens that were encoded: prompt and special tokens included, what was cut left out."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: Usage


_decoder = msgspec.json.Decoder(EmbeddingRequest)

Request = TypeVar("Request")

Explained = Callable[[Any, msgspec.ValidationError], RefusedError]
"""What is wrong with a body that is valid JSON, and with which of its fields."""


def parse(body: bytes) -> EmbeddingRequest:
    """Read a request body; RefusedError with status 400 says what is wrong with it."""
    return decoded(_decoder, body, _explained)


def decoded(decoder: msgspec.json.Decoder[Request], body: bytes, explained: Explained) -> Request:
    """A body as `decoder` reads it; RefusedError with status 400 otherwise."""
    try:
        try:
            return decoder.decode(body)
        except msgspec.ValidationError:
            value = whole_numbers(msgspec.json.decode(body))
            try:
                return msgspec.convert(value, decoder.type)
            except msgspec.ValidationError as error:
                raise explained(value, error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(400, f"the body is not valid JSON ({error})") from None


def place(error: msgspec.ValidationError) -> tuple[str, str | None]:
    """What msgspec found wrong, and in which field of the body."""
    message, _, path = str(error).partition(" - at ")
    return message.replace("`", ""), path.strip("`").removeprefix("$.").partition("[")[0] or None


def _explained(body: Any, error: msgspec.ValidationError) -> RefusedError:
    if not isinstance(body, dict):
        return RefusedError(400, "the body must be a JSON object with input and model")
    for name in ("input", "model"):
        if body.get(name) is None:
            return RefusedError(400, f"{name} is required", param=name)
    message, param = place(error)
    if param == "input":
        message = _wrong_input(body["input"], message)
    elif param in CHOICES:
        message = f"{param} must be one of {', '.join(CHOICES[param])}, or null"
    return RefusedError(400, message, param=param)


def _wrong_input(value: Any, otherwise: str) -> str:
    items = value if isinstance(value, list) else [value]
    if not items:
        return "input is an empty list: give at least one text"
    if any(isinstance(item, (int, list)) for item in items):
        return TOKEN_IDS
    if any(item == "" for item in items):
        return "input holds an empty string: leave it out, no vector stands for nothing"
    if len(items) > MOST_TEXTS:
        return f"input holds {len(items):,} texts: send at most {MOST_TEXTS:,} a request"
    return f"input must be a string or a list of strings ({otherwise})"
