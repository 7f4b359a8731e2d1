"""The resolved config: all sections, and the seed."""

from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

from idiolect.config.sections import (
    Evaluate,
    Export,
    Generate,
    Ingest,
    Licences,
    Prepare,
    Privacy,
    Registry,
    Section,
    Serve,
    Train,
)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    seed: Annotated[int, Meta(ge=0, description="seed of every random choice")] = 13
    ingest: Ingest = Ingest()
    privacy: Privacy = Privacy()
    licences: Licences = Licences()
    generate: Generate = Generate()
    prepare: Prepare = Prepare()
    train: Train = Train()
    evaluate: Evaluate = Evaluate()
    export: Export = Export()
    serve: Serve = Serve()
    registry: Registry = Registry()

    def get(self, key: str) -> Any:
        """The value of a dotted key such as `train.base`, or a whole section as a dict: plain JSON values."""
        value: Any = self
        for part in key.split("."):
            value = getattr(value, part)
        return msgspec.json.decode(msgspec.json.encode(value))


SECTIONS: dict[str, type[Section]] = {
    name: kind
    for name, kind in get_type_hints(Config).items()
    if isinstance(kind, type) and issubclass(kind, Section)
}


def is_endpoint(model: str) -> bool:
    """Whether a model is named by the address of an embeddings endpoint, URL#MODEL."""
    return model.startswith(("http://", "https://"))
