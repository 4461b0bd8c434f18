"""The loss: Ultralytics' detection loss, which is silent where a picture says nothing.

Picture sets label some classes and leave others out. Where a class is unknown, a network that finds one is neither
right nor wrong: those terms of the classification loss are left out. The unknown is a list of regions, each with the
classes of which nothing is known there: the whole picture for what its set never labels, the surroundings of a box
that a teacher was unsure of, a region marked as ignored. Regions move with their picture through any augmentation.
"""

from typing import Any

import torch
from torch import Tensor
from ultralytics.cfg import get_cfg
from ultralytics.utils.loss import v8DetectionLoss
from ultralytics.utils.tal import make_anchors


class PartialLoss(v8DetectionLoss):  # type: ignore[misc, unused-ignore]
    """``loss(predictions, batch)``, with ``batch["regions"]`` ``(B, R, 4)`` xyxy in pixels, empty ones all zero, and
    ``batch["unknown"]`` ``(B, R, C)`` of 0 and 1."""

    def __init__(self, network: Any):
        network.args = get_cfg()
        super().__init__(network)
        plain = torch.nn.BCEWithLogitsLoss(reduction="none")
        self.bce = lambda scores, targets: plain(scores, targets) * self._counts(targets)
        self._unknown: Tensor | None = None

    def __call__(self, preds: Any, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        said = self.parse_output(preds)
        anchors, strides = make_anchors(said["feats"], self.stride, 0.5)
        self._unknown = unknown_at(anchors * strides, batch["regions"], batch["unknown"])
        loss, parts = self.loss(said, batch)
        return loss.sum(), parts

    def _counts(self, targets: Tensor) -> Tensor:
        assert self._unknown is not None
        return 1 - self._unknown * (targets == 0)


def unknown_at(points: Tensor, regions: Tensor, unknown: Tensor) -> Tensor:
    """1 where a class is unknown, ``(B, A, C)``. points: ``(A, 2)``; regions: ``(B, R, 4)``; unknown: ``(B, R, C)``."""
    x, y = points[:, 0], points[:, 1]
    x1, y1, x2, y2 = (regions[..., i, None] for i in range(4))
    inside = ((x >= x1) & (x < x2) & (y >= y1) & (y < y2)).to(unknown.dtype)
    return torch.einsum("bra,brc->bac", inside, unknown).clamp(max=1)
