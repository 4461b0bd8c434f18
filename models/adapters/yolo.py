from pathlib import Path
import onnxruntime as ort
from models.card import ModelRefused
def adapt(session, path):
    raise ModelRefused(path, ["x"])
