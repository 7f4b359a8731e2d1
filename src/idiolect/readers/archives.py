"""ZIP archives inside, as Office documents and EPUB books: looked at before they are unpacked."""

import zipfile
from pathlib import Path

from idiolect.errors import InputError
from idiolect.readers.base import Options, huge

UNPACKED = 10
"""How many times `Options.largest` an archive's members may be together."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = 0x1


def check(file: Path, options: Options) -> None:
    """Raise InputError, its message the reason, where the file is encrypted, no archive, or a huge one.

    Sizes are those that the archive states: Python's zipfile reads no further than they say.
    Office applications wrap what they encrypt in an OLE file in place of the archive.
    """
    with file.open("rb") as opened:
        if opened.read(len(_OLE)) == _OLE:
            raise InputError("password: the file is encrypted, or of an old format under a new suffix")
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise InputError(f"corrupt: no ZIP archive inside: {error}") from None
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise InputError("password: the archive inside is encrypted")
    size = sum(member.file_size for member in members)
    if size > UNPACKED * options.largest:
        raise InputError(huge(size, UNPACKED * options.largest))
