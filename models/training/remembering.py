"""What the starting network knew is kept: it looks at the same samples, and of its classes ours is to say the same.

Few of the pictures that teach the new classes show what the old network had learnt, cars from above say, and the boxes
that a teacher draws tell only what it was sure of. Its scores at every place tell much more (Hinton et al. 2015,
Distilling the Knowledge in a Neural Network, arXiv:1503.02531; for detectors that learn further classes, Shmelkov et
al. 2017, arXiv:1708.06977).
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from labels.source_classes import SourceClasses
from models.training.torch_runtime import half_precision

SEEN = 0.02
"""Places where neither of the two scores a class above this are left out: there are thousands, and they say nothing."""

FIRM = 0.2
"""From this score on the old network's box is worth keeping too."""


class Remembering:
    """``loss(said, image)``: how far our network is from the old one in the old one's classes and boxes.

    groups: the index of each of our keys that the old network shows, with its classes that show it: the best of their
    scores counts, as it does when the old model runs.
    """

    def __init__(self, old: Any, classes: Sequence[str], source: SourceClasses, keys: Sequence[str], device: str):
        shown = source.keys_of(classes)
        self.groups = {
            keys.index(key): [i for i, k in enumerate(shown) if k == key] for key in set(shown) if key in keys
        }
        self.device = device
        self.old = old.eval().float().to(device).to(memory_format=torch.channels_last)
        # The head's own flag alone: it then returns its raw outputs, and its normalisation stays as it was learnt.
        self.old.model[-1].training = True
        for parameter in self.old.parameters():
            parameter.requires_grad = False

    def __call__(self, said: dict[str, Any], image: Tensor) -> Tensor:
        with torch.no_grad(), half_precision(self.device):
            theirs = self.old(image)
        ours_of = list(self.groups)
        wanted = torch.stack([theirs["scores"][:, rows].amax(1) for rows in self.groups.values()], 1).float().sigmoid()
        scores = said["scores"][:, ours_of]
        counts = ((wanted > SEEN) | (scores.detach().sigmoid() > SEEN)).float()
        # The lowest possible value is taken off, so that saying exactly the same costs nothing.
        least = functional.binary_cross_entropy(wanted, wanted, reduction="none")
        apart = functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none") - least
        about = wanted.sum().clamp(min=1)
        boxes = self._boxes_apart(said["boxes"], theirs["boxes"].float(), wanted.amax(1))
        return (apart * counts).sum() / about + boxes / about

    def _boxes_apart(self, ours: Tensor, theirs: Tensor, score: Tensor) -> Tensor:
        """Divergence of the four distributions of distances, ``(B, 4 * bins, A)``, weighted by the old score."""
        image, anchor = torch.nonzero(score > FIRM, as_tuple=True)
        if len(image) == 0:
            return ours.sum() * 0
        bins = ours.shape[1] // 4
        a, b = (x.transpose(1, 2)[image, anchor].view(-1, 4, bins).log_softmax(2) for x in (ours, theirs))
        return (functional.kl_div(a, b, reduction="none", log_target=True).sum((1, 2)) * score[image, anchor]).sum()
