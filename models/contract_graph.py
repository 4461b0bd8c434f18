"""The detector's contract around an Ultralytics network, as one torch module to export (imports torch)."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

TOP = 300
"""Boxes a picture is given at most."""

NMS_ROUNDS = 8
"""Unrolled rounds of the suppression, see ``keep_best``."""


class ContractGraph(nn.Module):  # type: ignore[misc, unused-ignore]
    """``(B, H, W, 3)`` uint8 RGB, H and W multiples of 32, to ``(B, 300, 6)`` float32 ``x1, y1, x2, y2, score, class``.

    network: an Ultralytics detection model (YOLOv8 or YOLO11), fused, in evaluation mode.
    groups: for each of our keys the indices of the network's classes that show it; the best of their scores counts.
    Suppressed rows have score 0. Needs at least 300 anchors, that is about 15,000 pixels.
    """

    def __init__(self, network: Any, groups: Sequence[Sequence[int]], iou_threshold: float):
        super().__init__()
        *body, head = deepcopy(network.model)
        body[0].conv.weight.data /= 255  # the network wants pixels in [0, 1]; this costs nothing at run time
        self.layers = nn.ModuleList(body)
        self.feeds = [layer.f for layer in body]
        self.levels = list(head.f)
        self.strides = [int(stride) for stride in head.stride]
        self.bins = head.reg_max
        self.box_heads = head.cv2
        self.class_heads = nn.ModuleList(_only(classes, [c for g in groups for c in g]) for classes in head.cv3)
        self.sizes = [len(group) for group in groups]
        self.iou_threshold = iou_threshold

    def forward(self, crops: Tensor) -> Tensor:
        features = self._features(crops.permute(0, 3, 1, 2).float())
        levels = list(zip(features, self.box_heads, self.class_heads, strict=True))
        distances = torch.cat([box(f).flatten(2) for f, box, _ in levels], 2).transpose(1, 2)
        logits = torch.cat([classes(f).flatten(2) for f, _, classes in levels], 2).transpose(1, 2)
        logits = torch.cat([g.amax(2, keepdim=True) for g in logits.split(self.sizes, 2)], 2)
        anchors = torch.cat([_grid(f, s) for f, s in zip(features, self.strides, strict=True)])

        # Only the best anchors are decoded: the work after the network does not grow with the picture.
        best, cls = logits.max(2)
        best, index = best.topk(TOP, 1)
        score, cls = best.sigmoid(), cls.gather(1, index).float()
        anchor = anchors[index]
        boxes = self._decode(distances.gather(1, index[..., None].expand(-1, -1, 4 * self.bins)), anchor)
        score = score * keep_best(boxes, cls, self.iou_threshold)
        return torch.cat([boxes, score[..., None], cls[..., None]], 2)

    def _features(self, x: Tensor) -> list[Tensor]:
        outputs: list[Tensor] = []
        for layer, feed in zip(self.layers, self.feeds, strict=True):
            if isinstance(feed, int):
                given = x if feed == -1 else outputs[feed]
                x = layer(given)
            else:
                x = layer([x if j == -1 else outputs[j] for j in feed])
            outputs.append(x)
        return [outputs[i] for i in self.levels]

    def _decode(self, distances: Tensor, anchor: Tensor) -> Tensor:
        """``(B, K, 4 * bins)`` logits to ``(B, K, 4)`` xyxy: the expected distance of each side from its anchor
        (Li et al. 2020, Generalized Focal Loss, arXiv:2006.04388), in strides."""
        shares = distances.unflatten(2, (4, self.bins)).softmax(3)
        left_top, right_bottom = (shares @ torch.arange(self.bins, dtype=shares.dtype)).split(2, 2)
        centre, stride = anchor.split([2, 1], 2)
        return torch.cat([centre - left_top, centre + right_bottom], 2) * stride


def keep_best(boxes: Tensor, cls: Tensor, iou_threshold: float, rounds: int = NMS_ROUNDS) -> Tensor:
    """Non-maximum suppression by class, as plain matrix operations: 1 for each box that stays, else 0.

    boxes: ``(B, K, 4)`` xyxy, best first; cls: ``(B, K)``.
    Greedy suppression is the one solution of: a box stays unless a better one that stays overlaps it. Starting from
    "all stay" and applying that rule to all boxes at once, the first r rounds settle every box whose chain of
    suppressors is at most r long, so the result is greedy's for any picture without a longer chain. With an even number
    of rounds what greedy keeps always stays: after a longer chain there may be duplicates, but nothing is lost.
    """
    x1, y1, x2, y2 = boxes.unbind(2)
    area = (x2 - x1).clamp(min=0) * (y2 - y1).clamp(min=0)
    # One axis at a time: a last dimension of two would make these the slowest steps.
    shared = _overlap(x1, x2) * _overlap(y1, y2)
    # shared > threshold * union, without the division
    close = shared * (1 + iou_threshold) > iou_threshold * (area[:, :, None] + area[:, None])
    rank = torch.arange(cls.shape[1])
    better = rank[:, None] < rank  # as a constant: not every runtime knows the operator of triu
    rivals = (close & (cls[:, :, None] == cls[:, None]) & better).float()
    stays = torch.ones_like(cls)[:, None]
    for _ in range(rounds):
        stays = ((stays @ rivals) == 0).float()
    return stays[:, 0]


def _overlap(low: Tensor, high: Tensor) -> Tensor:
    """How much each interval shares with each, ``(B, K)`` to ``(B, K, K)``."""
    return (torch.minimum(high[:, :, None], high[:, None]) - torch.maximum(low[:, :, None], low[:, None])).clamp(min=0)


def _only(classes: Any, wanted: Sequence[int]) -> nn.Module:
    """A class head whose last layer keeps only the outputs of the wanted classes."""
    *first, last = classes
    fewer = nn.Conv2d(last.in_channels, len(wanted), 1)
    fewer.weight.data = last.weight.data[list(wanted)].clone()
    fewer.bias.data = last.bias.data[list(wanted)].clone()
    return nn.Sequential(*first, fewer)


def _grid(feature: Tensor, stride: int) -> Tensor:
    """The anchors of one level, ``(h * w, 3)``: x and y of each cell's centre in strides, and the stride."""
    height, width = feature.shape[2:]
    y = torch.arange(height, dtype=torch.float32) + 0.5
    x = torch.arange(width, dtype=torch.float32) + 0.5
    grid_y, grid_x = torch.meshgrid(y, x, indexing="ij")
    grid = torch.stack([grid_x, grid_y], 2).reshape(-1, 2)
    return torch.cat([grid, torch.full_like(grid[:, :1], stride)], 1)
