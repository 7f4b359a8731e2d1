"""What a reading process does: a part of the documents → chunks and fingerprints, kept in a file."""

import io
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from idiolect.chunking import TokenCounter, chunk_document
from idiolect.config import Privacy
from idiolect.errors import InputError
from idiolect.files import replacing
from idiolect.lifecycle.erasure.suppression import ERASED, Suppression
from idiolect.lifecycle.licences.detecting import OwnWords, licensed, own_words
from idiolect.lifecycle.privacy import document_masked, masker, place_masked
from idiolect.lifecycle.privacy.names import opened
from idiolect.mining.fingerprints import PERMUTATIONS, Fingerprint, fingerprint, signature
from idiolect.readers import Options, Parsed
from idiolect.readers.documents import parsed_entry, read_file
from idiolect.readers.jsonl import read_lines
from idiolect.readers.language import classifier
from idiolect.records import Chunk, Document, Record
from idiolect.runtimes.model_files import load_tokenizer
from idiolect.stages.parts import Part


class Settings(Record, frozen=True, kw_only=True):
    """All that reading depends on besides the files; `kept` is the folder of what was read already.

    `pseudonyms` tells the key that is in the file `privacy_key` from others.
    """

    kept: str
    model: str
    model_digest: str
    prompt: str
    chunk_tokens: int
    overlap_tokens: int
    languages: tuple[str, ...]
    options: Options
    privacy: Privacy
    privacy_key: str
    pseudonyms: str
    suppressed: Suppression = Suppression()


class Outcome(Record, frozen=True, kw_only=True):
    """One document with its chunks and its fingerprint's three arrays, or the reason why there is none of use.

    `place` is where it stands.
    """

    place: str
    reason: str = ""
    document: Document | None = None
    chunks: list[Chunk] = []
    arrays: tuple[bytes, bytes, bytes] = (b"", b"", b"")

    @property
    def fingerprint(self) -> Fingerprint:
        signatures, paragraphs, spans = self.arrays
        return Fingerprint(
            signatures=np.frombuffer(signatures, np.uint32).reshape(-1, PERMUTATIONS),
            paragraphs=np.frombuffer(paragraphs, np.uint64),
            spans=np.frombuffer(spans, np.int64).reshape(-1, 2),
        )


_worker: "_Worker"


def set_up(settings: Settings, key: str) -> None:
    """Prepare this process for `read`; `key` names the settings in what is kept."""
    global _worker
    _worker = _Worker(settings, key)
    classifier()  # these load large libraries: now, so that no file's time and memory is charged with it
    signature("")
    privacy = settings.privacy
    if privacy.scan and privacy.names and privacy.name != "allow":
        opened(privacy.names)


def read(part: Part) -> str:
    """Read a part, unless an earlier run has; the path of the file that `outcomes` reads."""
    path = Path(_worker.settings.kept) / part.key(_worker.key)
    if not path.exists():
        with replacing(path) as temporary, temporary.open("wb") as file:
            for outcome in _worker.outcomes(part):
                line = _ENCODER.encode(outcome)
                file.write(len(line).to_bytes(8, "little") + line)
    return str(path)


def outcomes(path: Path) -> Iterator[Outcome]:
    """What `read` kept."""
    with path.open("rb") as file:
        while size := file.read(8):
            yield _DECODER.decode(file.read(int.from_bytes(size, "little")))


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Outcome)


class _Worker:
    def __init__(self, settings: Settings, key: str) -> None:
        self.settings = settings
        self.key = key
        self.counter = TokenCounter(load_tokenizer(Path(settings.model)))
        self.languages = {code.lower() for code in settings.languages}
        self.hide = masker(settings.privacy, Path(settings.privacy_key))

    def outcomes(self, part: Part) -> Iterator[Outcome]:
        own: OwnWords | None = None
        suppressed = self.settings.suppressed
        for raw, found in self._parsed(part):
            place = place_masked(raw, self.hide)
            if isinstance(found, str):
                yield Outcome(place=suppressed.hidden(place), reason=self.hide.text(found))
                continue
            own = own or own_words(Path(part.file), self.hide.text)
            parsed = document_masked(found, raw, self.hide)
            if isinstance(parsed, str):
                yield Outcome(place=suppressed.hidden(place), reason=parsed)
                continue
            # only now its licence: the name that a statement becomes would hide what stood in it
            parsed = msgspec.structs.replace(parsed, document=licensed(parsed.document, own, part.around))
            if suppressed.covers(place, parsed.document) or suppressed.covers(raw, found.document):
                yield Outcome(place=suppressed.token(place), reason=ERASED)
                continue
            language = parsed.document.language
            if self.languages and language and language not in self.languages:
                reason = f"language: {language} is not among {', '.join(self.settings.languages)}"
                yield Outcome(place=place, reason=reason)
                continue
            yield self._chunked(place, parsed)

    def _parsed(self, part: Part) -> Iterator[tuple[str, Parsed | str]]:
        options = self.settings.options
        if not part.line:
            yield from read_file(Path(part.file), part.path, options)
            return
        with Path(part.file).open("rb") as file:
            file.seek(part.start)
            lines = io.BytesIO(file.read(part.end - part.start))
        for entry in read_lines(lines, options, part.line):
            yield parsed_entry(entry, part.path)

    def _chunked(self, place: str, parsed: Parsed) -> Outcome:
        settings = self.settings
        try:
            chunks = chunk_document(
                parsed, self.counter, settings.prompt, settings.chunk_tokens, settings.overlap_tokens
            )
        except InputError as error:
            return Outcome(place=place, reason=f"not cut: {error}")
        if not chunks:
            return Outcome(place=place, reason="no text: it has no letter or digit")
        found = fingerprint(parsed, chunks)
        arrays = (found.signatures.tobytes(), found.paragraphs.tobytes(), found.spans.tobytes())
        return Outcome(place=place, document=parsed.document, chunks=chunks, arrays=arrays)
