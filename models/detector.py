"""The detector: crops in, boxes out, whatever model stands behind it."""

from collections.abc import Callable
from contextlib import ExitStack
from importlib import resources
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.adapters import deim, detr_queries, yolo, yolox
from models.adapters.openvino import OpenVinoDetector
from models.boxes import SCORE_FLOOR, Rows, tidy
from models.card import PROPERTY, ModelCard, ModelRefused, parse_card
from models.crops import check_crops
from models.runtime import ort
from models.session import OnSession, file_sha256, open_session

SHIPPED = "nano.onnx"


class Detector(Protocol):
    """What finds things in crops."""

    @property
    def card(self) -> ModelCard:
        """What the model says about itself."""
        ...

    @property
    def provider(self) -> str:
        """What it runs on, as the runtime calls it. A GPU that cannot be used is passed over without an error."""
        ...

    def detect(self, crops: NDArray[np.uint8], least: float = SCORE_FLOOR) -> list[NDArray[np.float32]]:
        """The boxes of each crop.

        crops: ``(B, H, W, 3)`` RGB, of one of the card's sizes; raises ``ValueError`` for anything else.
        Returns one ``(n, 6)`` array for each crop, ``x1, y1, x2, y2, score, class`` in the crop's pixels, class an
        index into the card's keys, scores from ``least``, best first. May be called from several threads at once.
        """
        ...


Adapter = Callable[[ort.InferenceSession, Path], Detector]
"""Takes a foreign model, or raises ``ModelRefused`` with what does not fit."""

ADAPTERS: dict[str, Adapter] = {
    # Before the YOLO export: one class makes YOLOX's rows six wide, as finished boxes are.
    "YOLOX export": yolox.adapt,
    "YOLO export": yolo.adapt,
    "DEIM, D-FINE or RT-DETR export": deim.adapt,
    "RT-DETR or D-FINE export of Transformers": detr_queries.adapt,
}


def load_detector(path: Path | None, *, threads: int = 0) -> Detector:
    """The detector of a model file; ``None`` is the shipped model.

    threads: cores for one call, 0 = all. A file in OpenVINO's form ends in ``.xml``. Raises ``ModelRefused`` for a file
    that is no model, or that has neither the metadata of our contract nor a form that an adapter knows.
    """
    if path is not None and path.suffix == ".xml":
        return OpenVinoDetector(path, threads)
    with ExitStack() as stack:
        if path is None:
            shipped = resources.files("models") / "weights" / SHIPPED
            path = stack.enter_context(resources.as_file(shipped))
        session = open_session(path, threads)
        if PROPERTY in session.get_modelmeta().custom_metadata_map:
            return ContractDetector(session, path)
        reasons = [f"it has no metadata '{PROPERTY}', and no known foreign form"]
        for form, adapt in ADAPTERS.items():
            try:
                return adapt(session, path)
            except ModelRefused as refused:
                reasons.append(f"as a {form}: {', '.join(refused.reasons)}")
        raise ModelRefused(path, reasons)


class ContractDetector(OnSession):
    """A model that keeps the contract: uint8 in, ``(B, N, 6)`` out, everything else inside its graph."""

    def __init__(self, session: ort.InferenceSession, path: Path):
        self.card = parse_card(path, file_sha256(path), session.get_modelmeta().custom_metadata_map[PROPERTY])
        wrong = _graph_faults(session)
        if self.card.nms != "in-graph":
            wrong.append(f"its metadata 'nms' is {self.card.nms!r}: a graph of the contract removes duplicates itself")
        if wrong:
            raise ModelRefused(path, wrong)
        self._session = session
        self._input = session.get_inputs()[0].name

    def detect(self, crops: NDArray[np.uint8], least: float = SCORE_FLOOR) -> list[Rows]:
        check_crops(crops, self.card)
        if len(crops) == 0:
            return []
        height, width = crops.shape[1:3]
        (rows,) = self._session.run(None, {self._input: np.ascontiguousarray(crops)})
        return [tidy(r, width, height, least) for r in rows]


def _graph_faults(session: ort.InferenceSession) -> list[str]:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    faults = []
    if [(i.type, len(i.shape), i.shape[-1:]) for i in inputs] != [("tensor(uint8)", 4, [3])]:
        faults.append(f"its input is {_form(inputs)}: it must be one tensor(uint8) (B, H, W, 3)")
    elif any(isinstance(length, int) for length in inputs[0].shape[:3]):
        faults.append(f"its input is {_form(inputs)}: B, H and W must be free")
    if [(o.type, len(o.shape), o.shape[-1:]) for o in outputs] != [("tensor(float)", 3, [6])]:
        faults.append(f"its output is {_form(outputs)}: it must be one tensor(float) (B, N, 6)")
    return faults


def _form(values: list[ort.NodeArg]) -> str:
    return ", ".join(f"{v.name} {v.type} {tuple(v.shape)}" for v in values)
