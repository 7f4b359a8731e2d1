"""The memory that this machine has left for a run."""

from idiolect.estimates.model_size import MB
from idiolect.records import Record
from idiolect.runtimes.hardware import available_memory


class Machine(Record, frozen=True, kw_only=True):
    """MB that are free: in memory, None where nothing says it, and in the GPU, None where there is none.

    `halves`: training computes in 16-bit floats.
    """

    free_mb: float | None = None
    free_gpu_mb: float | None = None
    halves: bool = True

    @property
    def gpu(self) -> bool:
        """Whether models are trained on a GPU."""
        return self.free_gpu_mb is not None


def this_machine() -> Machine:
    """As it is now; without torch, as if nothing were trained."""
    free = available_memory()
    free_mb = None if free is None else free / MB
    try:
        from idiolect.runtimes.torch import free_gpu_memory, has_bfloat16

        gpu = free_gpu_memory()
    except ModuleNotFoundError:
        return Machine(free_mb=free_mb)
    return Machine(
        free_mb=free_mb,
        free_gpu_mb=None if gpu is None else gpu / MB,
        halves=has_bfloat16("cpu" if gpu is None else "cuda"),
    )
