"""Model files of the contract in OpenVINO's form: ``.xml``, with the weights in the ``.bin`` beside it.

On Intel processors it is faster than ONNX Runtime, above all where they compute in bfloat16. Needs the extra
``openvino``.
"""

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.boxes import SCORE_FLOOR, Rows, tidy
from models.card import PROPERTY, ModelRefused, parse_card
from models.crops import check_crops


class OpenVinoDetector:
    """Keeps the contract as an ONNX file does. Its hash is over the ``.xml`` and the ``.bin`` together."""

    provider = "OpenVINO, CPU"

    def __init__(self, path: Path, threads: int = 0):
        """threads: cores for one call, 0 = all. Raises ``ModelRefused``."""
        try:
            import openvino
        except ImportError:
            raise ModelRefused(path, ["OpenVINO's form needs it: pip install 'streetorder[openvino]'"]) from None
        weights = path.with_suffix(".bin")
        for file in (path, weights):
            if not file.is_file():
                raise ModelRefused(path, [f"there is no file {file.name}"])
        core = openvino.Core()
        options: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if threads:
            options["INFERENCE_NUM_THREADS"] = threads
        try:
            model = core.read_model(path)
            stored = model.get_rt_info([PROPERTY]).astype(str) if model.has_rt_info([PROPERTY]) else None
            if stored is not None:
                self._compiled = core.compile_model(model, "CPU", options)
        except Exception as error:  # OpenVINO's errors have no base class of their own
            lines = str(error).strip().splitlines()
            raise ModelRefused(path, [f"OpenVINO cannot load it ({lines[-1][:200] if lines else error!r})"]) from None
        if stored is None:
            raise ModelRefused(path, [f"it has no metadata '{PROPERTY}'; make it with streetorder export --openvino"])
        digest = hashlib.sha256(path.read_bytes())
        digest.update(weights.read_bytes())
        self.card = parse_card(path, digest.hexdigest(), stored)
        self._own = threading.local()  # a request serves one call at a time

    def detect(self, crops: NDArray[np.uint8], least: float = SCORE_FLOOR) -> list[Rows]:
        check_crops(crops, self.card)
        if len(crops) == 0:
            return []
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        height, width = crops.shape[1:3]
        rows = self._own.request.infer([np.ascontiguousarray(crops)])[0]
        return [tidy(np.array(r, np.float32), width, height, least) for r in rows]
