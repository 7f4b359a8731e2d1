"""The model that training starts from: a directory, a bundle, a hub name, or an endpoint that shows only vectors."""

import msgspec

from idiolect.config import is_endpoint
from idiolect.runtimes.layout import is_bundle
from idiolect.runtimes.model_files import ModelFiles, describe, endpoint_digest, resolve
from idiolect.runtimes.opening import described

ENDPOINT_TOKENS = 8192
"""What an endpoint is taken to read of a text, since none says it."""


def starting_model(base: str) -> ModelFiles:
    """The facts of the model that training starts from: what `resolve` finds, of a bundle the weights in it.

    Raises ModelError or MissingExtra as `resolve` and `describe`.
    """
    path = resolve(base)
    return described(path) if is_bundle(path) else describe(path)


def base_digest(base: str) -> str:
    """What tells one base from another: its directory's digest, an endpoint's address. Raises as `resolve`."""
    return endpoint_digest(base) if is_endpoint(base) else starting_model(base).digest


def counted_by(base: str) -> ModelFiles:
    """The model whose tokenizer counts a base's tokens: the base or, for an endpoint, which shows none, the default."""
    if not is_endpoint(base):
        return starting_model(base)
    return msgspec.structs.replace(
        describe(resolve("auto")),
        name=base,
        max_tokens=ENDPOINT_TOKENS,
        query_prompt="",
        passage_prompt="",
        digest=base_digest(base),
    )
