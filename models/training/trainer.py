"""The training loop: steps over samples, a moving average of the weights, a state that goes on where it was."""

import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.training.loss import PartialLoss
from models.training.remembering import Remembering
from models.training.samples import Samples, Taught
from models.training.schedule import Schedule
from models.training.torch_runtime import half_precision


class Trainer:
    """Trains ``network`` in place; ``averaged`` is what is kept. remembering: keeps what the network knew before."""

    def __init__(self, network: Any, schedule: Schedule, device: str, remembering: Remembering | None = None):
        self.remembering = remembering
        self.schedule = schedule
        self.device = device
        self.network = network.float().to(device).to(memory_format=torch.channels_last)
        self.loss = PartialLoss(self.network)
        self.averaged = deepcopy(self.network).eval()
        self.step = 0
        self.curve: list[dict[str, float]] = []
        for index, layer in enumerate(self.network.model):
            for parameter in layer.parameters():
                parameter.requires_grad = index >= schedule.frozen
        if hasattr(self.network.model[-1], "dfl"):
            for parameter in self.network.model[-1].dfl.parameters():
                parameter.requires_grad = False
        self.optimizer = torch.optim.AdamW(self._groups(), lr=schedule.rate, betas=(0.9, 0.99))

    def _groups(self) -> list[dict[str, Any]]:
        """Weights decay, biases and normalisation do not; the backbone learns more slowly than the head."""
        groups: dict[tuple[bool, bool], list[Tensor]] = {}
        last = len(self.network.model) - 1
        for index, layer in enumerate(self.network.model):
            for parameter in layer.parameters():
                if parameter.requires_grad:
                    groups.setdefault((index == last, parameter.ndim > 1), []).append(parameter)
        s = self.schedule
        return [
            {"params": p, "weight_decay": s.decay if decays else 0.0, "scale": 1.0 if head else s.backbone}
            for (head, decays), p in groups.items()
        ]

    def run(self, samples: Samples, workers: int, until: float, told: Callable[[dict[str, float]], None]) -> bool:
        """Goes on until the last step, or until ``time.monotonic()`` reaches ``until``; returns whether it is done."""
        self.network.train()
        for layer in self.network.model[: self.schedule.frozen]:
            layer.eval()
        batches = self._batches(samples, workers)
        running: dict[str, float] = {}
        began = time.monotonic()
        while self.step < self.schedule.steps and time.monotonic() < until:
            parts = self._one(next(batches))
            for name, value in parts.items():
                running[name] = 0.98 * running.get(name, value) + 0.02 * value
            self.step += 1
            if self.step % 50 == 0:
                pace = 50 * self.schedule.batch / (time.monotonic() - began)
                began = time.monotonic()
                rate = self.schedule.rate_at(self.step)
                line = {"step": float(self.step), "rate": rate, "pictures_per_s": pace, **running}
                self.curve.append(line)
                told(line)
        return self.step >= self.schedule.steps

    def _one(self, batch: dict[str, Tensor]) -> dict[str, float]:
        batch = {name: value.to(self.device, non_blocking=True) for name, value in batch.items()}
        image = batch["img"].to(memory_format=torch.channels_last).float() / 255
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate_at(self.step) * group["scale"]
        with half_precision(self.device):
            said = self.network(image)
        said = {k: v.float() if torch.is_tensor(v) else [f.float() for f in v] for k, v in said.items()}
        loss, parts = self.loss(said, batch)
        if self.remembering is not None:
            forgotten = self.remembering(said, image)
            loss = loss + self.schedule.remember * forgotten
            parts = {**parts, "forgotten": forgotten.detach()}
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.optimizer.step()
        self._follow()
        return {name: float(value) for name, value in parts.items()}

    @torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]
    def _follow(self) -> None:
        # At first the average follows fast, or it would keep the head's random start for a thousand steps.
        keep = min(self.schedule.average, (1 + self.step) / (10 + self.step))
        ours, theirs = self.averaged.state_dict(), self.network.state_dict()
        for name, value in ours.items():
            if value.dtype.is_floating_point:
                value.mul_(keep).add_(theirs[name], alpha=1 - keep)
            else:
                value.copy_(theirs[name])

    def _batches(self, samples: Samples, workers: int) -> Iterator[dict[str, Tensor]]:
        first = self.step * self.schedule.batch
        count = (self.schedule.steps - self.step) * self.schedule.batch
        loader: Any = torch.utils.data.DataLoader(
            samples,  # type: ignore[arg-type, unused-ignore]
            batch_size=self.schedule.batch,
            sampler=range(first, first + count),
            num_workers=workers,
            collate_fn=collate,
            persistent_workers=False,
            worker_init_fn=_one_thread,
            prefetch_factor=3 if workers else None,
        )
        return iter(loader)

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "curve": self.curve,
            "schedule": asdict(self.schedule),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.curve = state["step"], state["curve"]


def save(state: dict[str, Any], path: Path) -> None:
    """Whole or not at all: an interrupted write leaves the checkpoint from before."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def collate(items: list[tuple[Any, Taught]]) -> dict[str, Tensor]:
    """One batch: ``img`` ``(B, 3, S, S)`` uint8; ``batch_idx``, ``cls``, ``bboxes`` (xywh, relative) of all boxes;
    ``regions`` ``(B, R, 4)`` in pixels and ``unknown`` ``(B, R, C)``."""
    size = items[0][0].shape[0]
    images = torch.from_numpy(np.stack([image for image, _ in items])).permute(0, 3, 1, 2).contiguous()
    index = np.concatenate([np.full(len(said.cls), i, np.float32) for i, (_, said) in enumerate(items)])
    boxes = np.concatenate([said.boxes for _, said in items]) / size
    xywh = np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)
    most = max(len(said.regions) for _, said in items)
    regions = np.zeros((len(items), most, 4), np.float32)
    unknown = np.zeros((len(items), most, items[0][1].unknown.shape[1]), np.float32)
    for i, (_, said) in enumerate(items):
        regions[i, : len(said.regions)] = said.regions
        unknown[i, : len(said.regions)] = said.unknown
    cls = np.concatenate([said.cls for _, said in items]).astype(np.float32)
    return {
        "img": images,
        "batch_idx": torch.from_numpy(index),
        "cls": torch.from_numpy(cls[:, None]),
        "bboxes": torch.from_numpy(xywh.astype(np.float32)),
        "regions": torch.from_numpy(regions),
        "unknown": torch.from_numpy(unknown),
    }


def _one_thread(_worker: int) -> None:
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
