"""How long a piece of training lasts, and how fast it learns on the way."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """steps: in all; batch: pictures a step; rate: the highest learning rate (AdamW), of the head, and of the backbone
    its part ``backbone``; frozen: how many of the first layers stay as they are; average: how slowly the kept weights
    follow, in [0, 1); remember: weight of what the old network said; warmup: steps over which the rate rises."""

    steps: int
    batch: int = 16
    rate: float = 1e-3
    backbone: float = 0.3
    frozen: int = 0
    average: float = 0.998
    warmup: int = 100
    decay: float = 5e-4
    remember: float = 1.0

    def rate_at(self, step: int) -> float:
        """The learning rate of a step: a linear rise, then half a cosine down to a hundredth."""
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        share = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.rate * (0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, share))) / 2)
