"""Models adapted from another as training would leave them: merged, and what was added kept apart."""

import numpy as np

from idiolect.runtimes.adapter import Update, read_adapter, write_adapter
from idiolect.runtimes.model_files import describe

SIZE = 0.15
"""Of random factors: large enough that vectors differ, small enough that they do not lose themselves."""


def adapted(base, path, rank=0, mapped=False, seed=0):
    """A copy of the model in `base` with random low-rank updates of its layers, or a map of its vectors, or both."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Dense, Normalize

    random = np.random.default_rng(seed)
    files = describe(base)
    adapter, model = read_adapter(files), SentenceTransformer(str(base), device="cpu")
    if rank:
        updates = {}
        for name, layer in model[0].auto_model.named_modules():
            if not isinstance(layer, torch.nn.Linear):
                continue
            down, up = (
                random.normal(0, SIZE, shape).astype(np.float32)
                for shape in ((layer.in_features, rank), (rank, layer.out_features))
            )
            layer.weight.data += torch.from_numpy((down @ up).T)
            updates[name] = Update(down, up)
        updates.pop("pooler.dense", None)  # which no vector depends on, so that training leaves it
        adapter = adapter.updated(updates, 1.0)
    if mapped:
        size = files.dimension
        matrix = np.eye(size, dtype=np.float32) + random.normal(0, SIZE, (size, size)).astype(np.float32)
        weight = torch.from_numpy(matrix.copy())
        model.append(Dense(size, size, bias=False, activation_function=None, init_weight=weight))
        model.append(Normalize())
        adapter = adapter.mapped(matrix)
    model.save(str(path), create_model_card=False)
    write_adapter(path, adapter)
    return path
