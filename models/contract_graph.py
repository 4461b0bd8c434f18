"""The detector's contract around an Ultralytics network, as one torch module to export (imports torch)."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

TOP = 300
"""Boxes of a network that a picture is given at most."""

NMS_ROUNDS = 8
"""Unrolled rounds of the suppression, see ``keep_best``."""

SAME = 2e-3
"""How far a layer's weights may be from another's to be the same, relative to the largest: half precision rounds them,
and folding a normalisation in rounds again."""

Network = tuple[Any, Sequence[Sequence[int]]]


class ContractGraph(nn.Module):  # type: ignore[misc, unused-ignore]
    """``(B, H, W, 3)`` uint8 RGB, H and W multiples of 32, to ``(B, N, 6)`` float32 ``x1, y1, x2, y2, score, class``,
    300 rows for each network.

    networks: fused Ultralytics detection models (YOLOv8 or YOLO11) in evaluation mode, each with its groups: for each
    of our keys that it shows the indices of its classes that show it; the best of their scores counts. The first layers
    that two of them have in common are computed once.
    classes: the class that comes out for each group, in the order of the groups; no two groups show the same.
    Suppressed rows have score 0. Needs at least 300 anchors, that is about 15,000 pixels.
    """

    def __init__(self, networks: Sequence[Network], classes: Sequence[int], iou_threshold: float):
        super().__init__()
        first, *others = [deepcopy(network.model) for network, _ in networks]
        for layers in (first, *others):
            layers[0].conv.weight.data /= 255  # they want pixels in [0, 1]; this costs nothing at run time
        shared = min((shared_layers(first, layers) for layers in others), default=0)
        self.shared = nn.ModuleList(first[:shared])
        self.feeds = [layer.f for layer in self.shared]
        branches, left = [], list(classes)
        for layers, (_, groups) in zip((first, *others), networks, strict=True):
            branches.append(Branch(layers, shared, groups, left[: len(groups)], iou_threshold))
            left = left[len(groups) :]
        self.branches = nn.ModuleList(branches)

    def forward(self, crops: Tensor) -> Tensor:
        image = crops.permute(0, 3, 1, 2).float()
        outputs = run_layers(self.shared, self.feeds, [], image)
        # Each network has rows of its own: a street full of cars must not take the place of a weak bin.
        return torch.cat([branch(outputs, image) for branch in self.branches], 1)


class Branch(nn.Module):  # type: ignore[misc, unused-ignore]
    """What a network does behind its first ``shared`` layers, to its ``(B, 300, 6)`` rows."""

    def __init__(
        self,
        layers: Any,
        shared: int,
        groups: Sequence[Sequence[int]],
        classes: Sequence[int],
        iou_threshold: float,
    ):
        super().__init__()
        *body, head = layers
        self.layers = nn.ModuleList(body[shared:])
        self.feeds = [layer.f for layer in self.layers]
        self.levels = list(head.f)
        self.strides = [int(stride) for stride in head.stride]
        self.box_heads = head.cv2
        self.class_heads = nn.ModuleList(_only(classes, [c for g in groups for c in g]) for classes in head.cv3)
        self.sizes = [len(group) for group in groups]
        self.classes = list(classes)
        self.iou_threshold = iou_threshold

    def forward(self, before: list[Tensor], image: Tensor) -> Tensor:
        outputs = run_layers(self.layers, self.feeds, before, image)
        levels = list(zip([outputs[i] for i in self.levels], self.box_heads, self.class_heads, strict=True))
        bins = torch.cat([box(f).flatten(2) for f, box, _ in levels], 2).transpose(1, 2)
        logits = torch.cat([classes(f).flatten(2) for f, _, classes in levels], 2).transpose(1, 2)
        logits = torch.cat([g.amax(2, keepdim=True) for g in logits.split(self.sizes, 2)], 2)
        anchors = torch.cat([_grid(f, s) for (f, _, _), s in zip(levels, self.strides, strict=True)])

        # Only the best anchors are decoded: the work after the network does not grow with the picture.
        _, index = logits.amax(2).topk(TOP, 1)
        boxes = _decode(bins.gather(1, _wide(index, bins.shape[2])), anchors[index])
        # An anchor may show several classes, a bin and an overflowing one: each of its scores is a row.
        count = len(self.classes)
        score, pair = logits.gather(1, _wide(index, count)).flatten(1).topk(TOP, 1)
        boxes = boxes.gather(1, _wide(torch.arange(TOP).repeat_interleave(count)[pair], 4))
        cls = torch.tensor(self.classes).repeat(TOP)[pair].float()
        stays = keep_best(boxes, cls, self.iou_threshold)
        return torch.cat([boxes, (score.sigmoid() * stays)[..., None], cls[..., None]], 2)


def _wide(index: Tensor, count: int) -> Tensor:
    """``(B, K)`` indices as ``gather`` wants them for ``count`` values each."""
    return index[..., None].expand(-1, -1, count)


def run_layers(layers: Any, feeds: Sequence[Any], before: list[Tensor], image: Tensor) -> list[Tensor]:
    """The outputs of all layers so far, those of ``before`` first. feeds: of each layer the numbers of the layers that
    it takes, -1 for the one before it."""
    outputs = list(before)
    for layer, feed in zip(layers, feeds, strict=True):
        last = outputs[-1] if outputs else image
        given = [last if j == -1 else outputs[j] for j in ([feed] if isinstance(feed, int) else feed)]
        outputs.append(layer(given[0] if isinstance(feed, int) else given))
    return outputs


def shared_layers(ours: Any, theirs: Any) -> int:
    """How many first layers of two networks compute the same, up to what half precision rounds; heads never do."""
    count = 0
    for a, b in zip(ours[:-1], theirs[:-1], strict=False):
        one, other = a.state_dict(), b.state_dict()
        same = a.f == b.f and one.keys() == other.keys()
        if not same or any(one[k].shape != other[k].shape or _apart(one[k], other[k]) for k in one):
            break
        count += 1
    return count


def _apart(a: Tensor, b: Tensor) -> bool:
    return bool((a.float() - b.float()).abs().max() > SAME * a.float().abs().max() + 1e-6)


def _decode(distances: Tensor, anchor: Tensor) -> Tensor:
    """``(B, K, 4 * bins)`` logits to ``(B, K, 4)`` xyxy: the expected distance of each side from its anchor
    (Li et al. 2020, Generalized Focal Loss, arXiv:2006.04388), in strides."""
    shares = distances.unflatten(2, (4, distances.shape[2] // 4)).softmax(3)
    left_top, right_bottom = (shares @ torch.arange(shares.shape[3], dtype=shares.dtype)).split(2, 2)
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
