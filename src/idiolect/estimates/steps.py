"""One step of training: how many tokens it encodes, and the megabytes that it takes."""

import math
from dataclasses import dataclass

from idiolect.config import Config
from idiolect.estimates.amounts import Amounts
from idiolect.estimates.model_size import MB, ModelSize

QUERY_TOKENS = 18.0
"""Mean tokens of a query, written or copied."""

PADDING = 1.1
"""Padded tokens to tokens in a training step, whose passages are sorted by length."""

_ADAM = 3  # beside a weight that learns: its gradient and AdamW's two moments
_LAST_LAYERS = 2  # that train.adapter = "last-layers" trains


@dataclass(frozen=True)
class Step:
    """A step with `config`'s settings over the examples that `amounts` tell of."""

    amounts: Amounts
    config: Config

    @property
    def candidates(self) -> int:
        """Passages of an example, its positive among them."""
        prepare = self.config.prepare
        return prepare.listwise if self.amounts.masked else 1 + prepare.negatives

    @property
    def passages(self) -> float:
        """Distinct passages of a batch: of so many drawn from the chunks, some are drawn twice."""
        drawn = self.config.train.batch_size * self.candidates
        pool = max(self.amounts.chunks, 1.0)
        return pool * -math.expm1(-drawn / pool)

    @property
    def length(self) -> float:
        """Mean tokens of a passage."""
        return min(self.amounts.passage_tokens, self.config.train.max_tokens)

    @property
    def tokens(self) -> float:
        """Padded tokens of the batch's queries and its distinct passages."""
        return self.passages * self.length * PADDING + self.config.train.batch_size * QUERY_TOKENS

    def activations(self, model: ModelSize, halves: bool, eager: bool) -> float:
        """MB that autograd keeps at once: of the whole batch, or of train.micro_batch texts, the longest.

        `halves`: autocast computes in 16 bits; `eager`: attention keeps its scores.  Counted with
        torch's saved_tensors_hooks on BERT: as Korthikanti et al. 2022 (arXiv 2205.05198, equation 1),
        but without dropout's masks.
        """
        settings, tokens, length = self.config.train, self.tokens, self.length
        if settings.micro_batch:
            length = min(max(self.amounts.longest_tokens, length), settings.max_tokens)
            tokens = min(tokens, settings.micro_batch * length)
        each: float = 24 * model.hidden + 4 * model.inner if halves else 32 * model.hidden + 8 * model.inner
        if eager:
            each += (2 if halves else 4) * model.heads * length
        layers = min(_LAST_LAYERS, model.layers) if settings.adapter == "last-layers" else model.layers
        return layers * tokens * each / MB

    def weights(self, model: ModelSize) -> float:
        """MB of the model and, for the weights that learn, of gradients and AdamW's moments."""
        return model.float32_mb + _ADAM * self.learning(model)

    def learning(self, model: ModelSize) -> float:
        """MB of the weights that learn, float32."""
        train, hidden, inner = self.config.train, model.hidden, model.inner
        weights = model.float32_mb
        if train.adapter == "lora":
            weights = model.layers * train.lora_rank * (10 * hidden + 2 * inner) * 4 / MB
        elif train.adapter == "last-layers":
            weights = _LAST_LAYERS * (4 * hidden**2 + 2 * hidden * inner) * 4 / MB
        return min(weights, model.float32_mb)
