"""A training recipe as people write it (YAML): what teaches, how much of it, and how long."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from labels.datasets.records import LabelsError
from models.training.samples import Look
from models.training.schedule import Schedule
from models.training.teacher import Trust

Share = Annotated[float, Field(gt=0)]


class RecipeError(LabelsError):
    """A recipe that cannot be used. The message names the file, the entry, its value and what is allowed."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Composed(_Strict):
    """Scenes that are composed before training, see ``streetorder labels synthesise``."""

    kind: str = Field(description="camera-scale, things or mixed.")
    count: int = Field(ge=1)
    seed: int = Field(0, ge=0)


class TaughtBy(_Strict):
    """One picture set."""

    share: Share = Field(description="Part of the samples drawn from it, relative to the other sets.")
    source: str | None = Field(None, description="Its classes, where they are not of the same name.")
    directory: str | None = Field(None, description="Its folder under the data folder; default NAME/train.")
    composed: Composed | None = Field(None, description="Compose it, instead of reading it from the data folder.")
    labelled: list[str] | None = Field(None, description="Keys it labels completely, instead of what its source says.")
    also_labelled: list[str] = Field([], description="Keys that were looked for in it and are not there.")
    longest_px: int = Field(640, ge=64, description="Pictures are kept in memory with this longer side.")
    optional: bool = Field(False, description="Train without it where it is missing.")


class Stage(_Strict):
    """One piece of training with its own schedule."""

    size: int = Field(576, ge=128, multiple_of=32, description="Side of the samples, pixels.")
    steps: int = Field(ge=1)
    batch: int = Field(16, ge=1)
    rate: float = Field(1e-3, gt=0, description="Highest learning rate.")
    backbone: float = Field(0.3, ge=0, description="Its part for everything before the head.")
    frozen: int = Field(0, ge=0, description="How many of the first layers stay as they are.")
    average: float = Field(0.998, ge=0, lt=1)
    remember: float = Field(1.0, ge=0, description="Weight of saying what the teacher says.")
    zoom: tuple[float, float] = (0.35, 1.6)
    light: tuple[float, float, float] = Field(
        (0.35, 0.4, 0.015), description="Largest change of brightness, saturation and hue."
    )
    stretch: float = Field(0.12, ge=0, lt=1, description="Largest change of a picture's shape, as a logarithm.")
    turned: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Part of the samples seen as from high above: only --teacher says anything.",
    )
    sides: dict[int, float] = Field({1: 0.45, 2: 0.3, 3: 0.15, 4: 0.1}, description="Pictures a side, with shares.")

    def schedule(self) -> Schedule:
        return Schedule(
            steps=self.steps,
            batch=self.batch,
            rate=self.rate,
            backbone=self.backbone,
            frozen=self.frozen,
            average=self.average,
            remember=self.remember,
            warmup=min(100, self.steps // 10 + 1),
        )

    def look(self) -> Look:
        return Look(self.zoom, tuple(self.sides.items()), self.light, self.stretch, self.turned)


class Recipe(_Strict):
    """name: of the model. start: weights to start from, by their file name."""

    name: str
    seed: int = 0
    sets: dict[str, TaughtBy]
    stages: list[Stage] = Field(min_length=1)
    shares: int = Field(
        0,
        ge=0,
        description="So many first layers are the teacher's own and stay so: the model then runs beside the teacher.",
    )
    sure: float = Field(0.5, ge=0, le=1, description="Score from which a teacher's box teaches.")
    unsure: float = Field(0.12, ge=0, le=1, description="Score from which a teacher's box leaves its place open.")
    completes: list[str] = Field(
        ["motor_vehicle_parking", "non_motor_parking", "street_umbrella", "person"],
        description="Keys whose boxes the teacher adds: what the COCO weights know. A teacher that knows more is not"
        " asked for more, for its misses would become background.",
    )
    unlabelled: Literal["open", "masked", "background"] = Field(
        "open",
        description="What a set does not label: left open and completed by the teacher's boxes, left open (masked),"
        " or taken as background.",
    )
    of_start: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Part of the starting weights in the mean with the trained ones that is the result: less is fitted"
        " to few pictures (Wortsman et al. 2022, Robust fine-tuning of zero-shot models, arXiv:2109.01903).",
    )
    held_out: float = Field(0.06, ge=0, lt=0.5, description="Part of the scenes that chooses thresholds.")

    def trust(self) -> Trust:
        return Trust(self.sure, self.unsure)


def load_recipe(path: Path) -> Recipe:
    """Raises ``RecipeError``."""
    try:
        record = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: {' '.join(str(error).split())}") from None
    try:
        return Recipe.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        entry = ".".join(str(part) for part in first["loc"])
        raise RecipeError(f"{path}: {entry or 'the file'}: {first['msg']}, not {first['input']!r}") from None
