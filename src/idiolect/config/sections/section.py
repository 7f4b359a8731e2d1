"""What a section of idiolect.toml is."""

from typing import Annotated

import msgspec
from msgspec import Meta

Fraction = Annotated[float, Meta(gt=0, lt=1)]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    pass
