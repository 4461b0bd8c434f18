"""Names the classes of a foreign model, so that an adapter can take it: writes them into a copy of its ONNX file, with
its licence and the form of its pixels. Needs ``onnx``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from labels.source_classes import SourceClasses, SourceClassesError, load_source_classes
from models.adapters import pixels
from models.card import PROPERTY, ModelCard, ModelRefused
from models.detector import load_detector
from models.session import open_session


def name_classes(theirs: Path, out: Path, source: SourceClasses, *, licence: str, pixel_form: str = "") -> ModelCard:
    """Write the copy and return the card that its adapter makes of it.

    source: the model's classes in the order of their indices. licence: of its weights, as their publisher states it.
    pixel_form: where it is not the usual one of its kind of export, one of ``models.adapters.pixels.FORMS``.
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
        raise ModelRefused(out, ["naming its classes needs onnx: pip install onnx"]) from None
    model = onnx.load(theirs)
    said = {entry.key: entry.value for entry in model.metadata_props}
    said |= {"names": str(dict(enumerate(names_in(source)))), "license": licence}
    if pixel_form:
        said[pixels.PROPERTY] = pixel_form
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


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m models.naming", description=__doc__)
    parser.add_argument("theirs", type=Path, help="an ONNX export of YOLOX, D-FINE, DEIM or RT-DETR")
    parser.add_argument("out", type=Path, help="the copy to write")
    parser.add_argument("--source", required=True, help="which classes it was trained on: a shipped name or a .yaml")
    parser.add_argument("--licence", required=True, help="of its weights, for instance Apache-2.0")
    parser.add_argument("--pixels", choices=list(pixels.FORMS), default="", help="where they are not the usual ones")
    given = parser.parse_args(arguments)
    try:
        source = load_source_classes(given.source)
        card = name_classes(given.theirs, given.out, source, licence=given.licence, pixel_form=given.pixels)
    except (ModelRefused, SourceClassesError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{card.path}: {card.recipe}; {card.licence}; sees {', '.join(card.keys)}; sha256 {card.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
