"""Says of a foreign model what its file leaves out, so that an adapter can take it: its classes, its licence, the form
of its pixels and its thresholds are written into a copy of its ONNX file. Needs ``onnx``."""

import json
from collections.abc import Mapping
from pathlib import Path

from labels.source_classes import SourceClasses
from models.adapters import foreign, pixels
from models.card import PROPERTY, ModelCard, ModelRefused
from models.detector import load_detector
from models.session import open_session


def adopt(
    theirs: Path,
    out: Path,
    source: SourceClasses,
    *,
    licence: str,
    pixel_form: str = "",
    thresholds: Mapping[str, Mapping[str, float]] | None = None,
) -> ModelCard:
    """Write the copy and return the card that its adapter makes of it.

    source: the model's classes in the order of their indices. licence: of its weights, as their publisher states it.
    pixel_form: where it is not the usual one of its kind of export, one of ``models.adapters.pixels.FORMS``.
    thresholds: ``start`` and ``keep``, scores in [0, 1] by our keys, for those that are not to have the adapter's.
    Raises ``ModelRefused``, and then leaves no copy, when no adapter takes the model so named.
    """
    if PROPERTY in open_session(theirs).get_modelmeta().custom_metadata_map:
        raise ModelRefused(theirs, ["its card names its classes already"])
    if out.exists():
        raise ModelRefused(out, ["there is such a file already; name another"])
    if not out.parent.is_dir():
        raise ModelRefused(out, [f"there is no folder {out.parent}"])
    try:
        import onnx
    except ImportError:
        raise ModelRefused(out, ["writing its copy needs onnx: pip install onnx"]) from None
    model = onnx.load(theirs)
    said = {entry.key: entry.value for entry in model.metadata_props}
    said |= {"names": str(dict(enumerate(names_in(source)))), "license": licence}
    if pixel_form:
        said[pixels.PROPERTY] = pixel_form
    said |= {foreign.THRESHOLD[name]: json.dumps(dict(scores)) for name, scores in (thresholds or {}).items() if scores}
    onnx.helper.set_model_props(model, said)
    onnx.save(model, out)
    try:
        return load_detector(out).card
    except ModelRefused:
        out.unlink()
        raise


def names_in(source: SourceClasses) -> list[str]:
    """Our key of each class; a class that shows none of ours keeps its name, marked so that it is not taken for COCO's
    class of that name."""
    return [key or f"not ours: {cls}" for cls, key in source.key_of.items()]
