"""A model file in OpenVINO's own form, ``.xml`` with its weights in ``.bin`` beside it, the card in the ``.xml``.

Needs the extra ``openvino``.
"""

from pathlib import Path
from typing import Any

from models.card import PROPERTY, ModelRefused
from models.session import open_session


def write_openvino(model_file: Path, *, half: bool = False) -> Path:
    """Write the form of a model file of the contract beside it and return the ``.xml``.

    half: store the weights as float16. Raises ``ModelRefused``.
    """
    openvino = need_openvino(model_file)
    card = open_session(model_file).get_modelmeta().custom_metadata_map.get(PROPERTY)
    if card is None:
        raise ModelRefused(model_file, [f"it has no metadata '{PROPERTY}': it is no model file of the contract"])
    model = openvino.convert_model(model_file)
    model.set_rt_info(card, [PROPERTY])
    out = model_file.with_suffix(".xml")
    openvino.save_model(model, out, compress_to_fp16=half)
    return out


def need_openvino(path: Path) -> Any:
    """The module ``openvino``. Raises ``ModelRefused`` that says how to get it."""
    try:
        import openvino
    except ImportError:
        raise ModelRefused(path, ["OpenVINO's form needs it: pip install 'streetorder[openvino]'"]) from None
    return openvino
