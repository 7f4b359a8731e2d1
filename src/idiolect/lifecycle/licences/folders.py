"""The licence of a folder: that of the files in it, or in the nearest one above it, that state one."""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from idiolect.lifecycle.licences.expressions import UNKNOWN, canonical, every
from idiolect.lifecycle.licences.statements import in_metadata
from idiolect.lifecycle.licences.tags import tagged
from idiolect.lifecycle.licences.texts import MOST, recognise
from idiolect.lifecycle.privacy import Masker, place_masked
from idiolect.readers.licence_files import LICENSES, PACKAGES, SIDECAR
from idiolect.readers.naming import printable, relative_path
from idiolect.readers.scan import Scan
from idiolect.records import Record


class Stated(Record, frozen=True):
    """A licence as an SPDX expression, and what stated it; both empty where nothing does."""

    licence: str = ""
    origin: str = ""


class Folders:
    """What lies around the documents of a scan; each file is read once, when it is first asked about."""

    def __init__(self, found: Scan, assumed: str = "", hide: Masker | None = None) -> None:
        """`assumed` is the expression where no file states one; `hide` masks what files say and are called."""
        self.hide = hide
        self.root = found.root
        self.top = Stated(assumed, "licences.assumed") if assumed else Stated()
        self.sidecars = {file for file in found.licences if file.suffix == SIDECAR}
        self.files: dict[Path, list[Path]] = defaultdict(list)
        for file in found.licences:
            if file.suffix != SIDECAR:
                folder = file.parent.parent if file.parent.name == LICENSES else file.parent
                self.files[folder].append(file)
        self.known: dict[Path, Stated] = {}

    def of(self, file: Path) -> Stated:
        """What states the licence of a file that does not say it itself: NAME.license, else its folder."""
        beside = file.with_name(file.name + SIDECAR)
        if beside in self.sidecars and (licence := self._of_text(beside)):
            return Stated(licence, self._name(beside))
        return self._of_folder(file.parent) if file != self.root else self.top

    def _of_folder(self, folder: Path) -> Stated:
        """The folder's own, or that of the nearest one above it; none above DOCS is looked at."""
        if folder not in self.known:
            own = self._stated(sorted(self.files.get(folder, ())))
            above = folder != self.root and self.root in folder.parents
            self.known[folder] = own or (self._of_folder(folder.parent) if above else self.top)
        return self.known[folder]

    def _stated(self, files: Sequence[Path]) -> Stated | None:
        """Of several texts all hold, unless a package's description says how they go together."""
        texts = {file: licence for file in files if (licence := self._of_file(file))}
        packages = {file: texts.pop(file) for file in files if file.name in PACKAGES and file in texts}
        texts = {file: one for file, one in texts.items() if one != UNKNOWN} or texts
        chosen = packages if packages and len(set(texts.values())) != 1 else texts
        if not chosen:
            return None
        return Stated(every(chosen.values()), ", ".join(self._name(file) for file in chosen))

    def _of_file(self, file: Path) -> str:
        if file.name in PACKAGES:
            return _of_package(file, self._hidden)
        if file.parent.name == LICENSES and (named := canonical(self._hidden(file.stem))):
            return named
        return self._of_text(file) or UNKNOWN

    def _of_text(self, file: Path) -> str:
        try:
            with file.open("rb") as opened:
                text = opened.read(MOST).decode("utf-8", "replace")
        except OSError:
            return ""
        return canonical(self._hidden(tagged(text, lines=None))) or recognise(text)

    def _name(self, file: Path) -> str:
        name = printable(relative_path(file, self.root if self.root in file.parents else file.parent))
        return place_masked(name, self.hide) if self.hide else name

    def _hidden(self, text: str) -> str:
        return self.hide.text(text) if self.hide else text


def _of_package(file: Path, hidden: Callable[[str], str]) -> str:
    """The expression of package.json's or pyproject.toml's own field; "" where it has none."""
    try:
        if file.suffix == ".json":
            found: Any = msgspec.json.decode(file.read_bytes())
        else:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
            found = values.get("project") or values.get("tool", {}).get("poetry")
    except (OSError, ValueError, AttributeError, RecursionError):
        return ""
    if not isinstance(found, dict):
        return ""
    licence = found.get("license")
    if isinstance(licence, dict) and "file" in licence:
        return ""  # the file itself lies beside it
    return in_metadata({"license": licence}, hidden)
