"""ONNX Runtime, loaded here and nowhere else: from 1.29 on it reports its use over the network unless told not to.

Nothing leaves a city's machines. Whoever wants the report sets ``ORT_DISABLE_TELEMETRY=0``.
"""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort

__all__ = ["ort"]
