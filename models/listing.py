"""Which models come with the program."""

from importlib import resources
from pathlib import Path

from models.card import ModelCard, read_card


def list_models() -> list[ModelCard]:
    """The cards of the shipped models, by name."""
    with resources.as_file(resources.files("models") / "weights") as folder:
        return sorted((read_card(path) for path in Path(folder).glob("*.onnx")), key=lambda card: card.name)
