"""What libraries raise over broken files, as the one reason that it is."""

from collections.abc import Iterator
from contextlib import contextmanager

from idiolect.errors import InputError
from idiolect.readers.writer import squeezed, visible

_LONGEST = 200


@contextmanager
def as_corrupt() -> Iterator[None]:
    """Turn an exception into InputError "corrupt: …", apart from those that `read_file` has words for.

    No library of ours lists what it raises: a flipped bit surfaces as KeyError here, as AttributeError there.
    """
    try:
        yield
    except (InputError, MemoryError, RecursionError):
        raise
    except Exception as error:
        said = squeezed(visible(str(error)))[:_LONGEST]
        raise InputError(f"corrupt: {said or type(error).__name__}") from error
