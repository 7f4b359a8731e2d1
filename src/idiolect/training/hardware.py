"""The settings that make a CPU or a GPU fast at training (`bench/train.py` measures them)."""

import ctypes

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # malloc.h


def attention(device: str) -> str:
    """The attention implementation that trains fastest: eager in bf16 on a CPU, SDPA on a GPU."""
    return "eager" if device == "cpu" else "sdpa"


def group_tokens(device: str) -> int:
    """Padded tokens of one forward pass: on a CPU larger ones cost memory and are no faster, a GPU must be filled."""
    return 4_096 if device == "cpu" else 32_768


def keep_freed_memory() -> None:
    """Have glibc reuse large blocks instead of returning each to the system and faulting it in again.

    Elsewhere than on glibc this does nothing.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_MMAP_THRESHOLD, 2**31 - 1)
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
    mallopt(_M_TOP_PAD, 256 * 2**20)
