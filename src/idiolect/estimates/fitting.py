"""Whether a run fits into this machine's memory, and with which settings it would."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import msgspec

from idiolect.config import Train
from idiolect.errors import MemoryShortage
from idiolect.estimates.sizes import Sizes
from idiolect.runtimes.hardware import available_cpus

Changes = Mapping[str, Any]
"""Settings, as "train.micro_batch", and their values."""

Setting = tuple[str, Any]

GO_AHEAD = "--ignore-memory"

_MICRO_BATCHES = (16, 4, 1)
_FEWEST_QUERIES = 8  # of a batch: contrast needs some
_FEWEST_TOKENS = 32  # of a passage
_SHOWN = 3  # remedies


@dataclass(frozen=True)
class Need:
    """What a stage takes at its highest, in MB of "memory" or "GPU memory", of which `free` are free."""

    stage: str
    mb: float
    free: float
    kind: str

    @property
    def fits(self) -> bool:
        return self.mb <= self.free

    def __str__(self) -> str:
        return f"{self.stage} takes about {_gb(self.mb)} of {self.kind}, and {_gb(self.free)} are free"


@dataclass(frozen=True)
class Fitting:
    """The stages that are to run, with `sizes`, which know config and machine."""

    stages: Sequence[str]
    sizes: Sizes

    @property
    def need(self) -> Need | None:
        """The need that comes nearest to what is free, or exceeds it most; None where nothing says what is free."""
        return max(self._needs(), key=lambda need: need.mb - need.free, default=None)

    @property
    def fits(self) -> bool:
        return self.need is None or self.need.fits

    def sentence(self) -> str:
        """What takes most and whether that fits, with what to do where it does not; "" where nothing is known."""
        return f"{self.need or ''}" if self.fits else f"{self.need}: {self._advice()}"

    def require(self) -> None:
        """Raise MemoryShortage, which says what to do, where a stage does not fit."""
        if not self.fits:
            raise MemoryShortage(f"{self.sentence()}; {GO_AHEAD} runs it all the same")

    def remedies(self) -> list[Changes]:
        """Settings with which all stages fit, by this very estimate; those first that change the result least.

        As few at once as will do: another train.micro_batch, batch_size, max_tokens or adapter, each as
        near to what it is as fits; fewer processes that read where ingest's do not fit.
        """
        kinds, reading = _kinds(self.sizes.config.train), self._reading()
        for count in range(len(kinds) + 1):
            found = [self._first(product(*chosen), reading) for chosen in combinations(kinds, count)]
            if fitting := [changes for changes in found if changes is not None]:
                return fitting[:_SHOWN]
        return []

    def with_settings(self, changes: Changes) -> "Fitting":
        """The same under other settings."""
        config = self.sizes.config
        for name, value in changes.items():
            section, _, key = name.partition(".")
            replaced = msgspec.structs.replace(getattr(config, section), **{key: value})
            config = msgspec.structs.replace(config, **{section: replaced})
        return replace(self, sizes=replace(self.sizes, config=config))

    def _needs(self) -> Iterator[Need]:
        machine = self.sizes.machine
        for stage in self.stages:
            if machine.free_mb is not None:
                yield Need(stage, self.sizes.memory(stage), machine.free_mb, "memory")
            if machine.free_gpu_mb is not None:
                yield Need(stage, self.sizes.gpu_memory(stage), machine.free_gpu_mb, "GPU memory")

    def _first(self, candidates: Iterable[Iterable[Setting]], reading: Changes) -> Changes | None:
        """The first of them, beside what `reading` changes, with which everything fits."""
        together = ({**reading, **dict(settings)} for settings in candidates)
        return next((changes for changes in together if self.with_settings(changes).fits), None)

    def _reading(self) -> Changes:
        """As many processes that read as fit; nothing where those that are set do."""
        workers = self.sizes.config.ingest.workers or available_cpus()
        ingest = replace(self, stages=[stage for stage in self.stages if stage == "ingest"])
        candidates: list[Changes] = [{}, *({"ingest.workers": fewer} for fewer in range(workers - 1, 0, -1))]
        return next((changes for changes in candidates if ingest.with_settings(changes).fits), {})

    def _advice(self) -> str:
        found = self.remedies()
        if not found:
            return "no setting makes it fit: take a smaller train.base, fewer documents, or a larger machine"
        return f"set {', or '.join(self._shown(changes) for changes in found)}"

    def _shown(self, changes: Changes) -> str:
        settings = " and ".join(f"{name}={value}" for name, value in changes.items())
        most = self.with_settings(changes).need
        same = ", the same result in a third more time" if list(changes) == ["train.micro_batch"] else ""
        return f"{settings} ({_gb(most.mb) if most else ''}{same})"


def _kinds(train: Train) -> list[list[Setting]]:
    """Settings that lower what training takes, each with its values, the mildest first."""
    micro_batches = [size for size in _MICRO_BATCHES if not train.micro_batch or size < train.micro_batch]
    values: dict[str, list[Any]] = {
        "train.micro_batch": micro_batches if train.adapter != "linear" else [],
        "train.batch_size": _halves(train.batch_size, _FEWEST_QUERIES),
        "train.max_tokens": _halves(train.max_tokens, _FEWEST_TOKENS),
        "train.adapter": ["lora"] if train.adapter == "full" else [],
    }
    return [[(name, value) for value in found] for name, found in values.items()]


def _halves(value: int, least: int) -> list[int]:
    return [value >> times for times in range(1, value.bit_length()) if value >> times >= least]


def _gb(mb: float) -> str:
    return f"{mb / 1000:.1f} GB"
