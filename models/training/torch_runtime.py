"""Torch and Ultralytics, made ready for a machine without network and with or without a GPU."""

import os
from contextlib import AbstractContextManager
from typing import Any


def prepare() -> None:
    """To be called before Ultralytics is imported: it neither fetches nor installs anything, nor writes settings
    into a home directory. Raises ``ImportError`` that says which extra is missing."""
    os.environ.setdefault("YOLO_OFFLINE", "true")
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_VERBOSE", "false")
    try:
        import torch
    except ImportError:
        raise ImportError("training needs PyTorch and Ultralytics: pip install 'streetorder[train]'") from None
    # Gradients of classes long learnt fall below what a float holds normally, and processors then need a hundred times
    # as long. Threads take this over from the one that starts them, so it comes before anything is computed.
    torch.set_flush_denormal(True)
    _register_nms(torch)
    try:
        import ultralytics  # noqa: F401
    except ImportError:
        raise ImportError("training needs Ultralytics: pip install 'streetorder[train]'") from None


def _register_nms(torch: Any) -> None:
    """torchvision from a package index does not load its compiled part beside a CPU build of torch, and then fails at
    import over operators that were never registered. Nothing here uses them; declaring them is enough."""
    for schema in (
        "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
        "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    ):
        try:
            torch.library.define(f"torchvision::{schema.split('(')[0]}", schema[schema.index("(") :])
        except RuntimeError:  # it is there already: the compiled part did load
            return


def best_device() -> str:
    """``cuda`` where torch sees one, else ``cpu``."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def half_precision(device: str) -> AbstractContextManager[Any]:
    """bfloat16 for the network, on any device: it needs no scaling of the loss, and CPUs with AMX run it two to three
    times as fast as float32. Processors without such units convert and lose time: there it is left off."""
    import torch

    fast = device != "cpu" or _cpu_has_bfloat16()
    context: AbstractContextManager[Any] = torch.autocast(device, dtype=torch.bfloat16, enabled=fast)
    return context


def _cpu_has_bfloat16() -> bool:
    import torch

    probe = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(probe and probe()) or bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())
