"""How many threads torch computes with."""

import contextlib


@contextlib.contextmanager
def one_torch_thread():
    """With more, sums are added in varying order and two trainings differ."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
