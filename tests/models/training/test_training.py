"""Training itself, with the real network on small pictures. Needs the extra ``train``."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra train: make test-train")
pytest.importorskip("ultralytics", reason="needs the extra train: make test-train")

from models.training.torch_runtime import half_precision, prepare  # noqa: E402

prepare()

from labels.datasets.records import Box, Picture  # noqa: E402
from labels.source_classes import SourceClasses  # noqa: E402
from models.training.loss import PartialLoss, unknown_at  # noqa: E402
from models.training.recipe import RecipeError  # noqa: E402
from models.training.remembering import Remembering  # noqa: E402
from models.training.run import Run, all_keys, packed, train  # noqa: E402
from models.training.samples import Example, Look, Samples, Taught, taught  # noqa: E402
from models.training.schedule import Schedule  # noqa: E402
from models.training.start import blank_network, mix_in, own_network, teach_new_classes  # noqa: E402
from models.training.trainer import Trainer, collate, save  # noqa: E402
from models.ultralytics_weights import load_weights  # noqa: E402

KEYS = all_keys()
BIN = KEYS.index("bin")


def street(labelled: frozenset[str] = frozenset({"bin"})) -> tuple[np.ndarray, Picture]:
    """A grey street with a green bin in it."""
    image = np.full((128, 128, 3), 120, np.uint8)
    image[40:100, 50:80] = (0, 160, 60)
    return image, Picture(
        Path("x"), (128, 128), (Box("bin", (50 / 128, 40 / 128, 80 / 128, 100 / 128)),), labelled=labelled
    )


def samples() -> Samples:
    image, picture = street()
    return Samples([(1.0, [Example(image, taught(picture, KEYS))])], 128, 0, Look(sides=((1, 1.0),), zoom=(0.9, 1.1)))


def trainer(steps: int = 12) -> Trainer:
    torch.manual_seed(1)
    schedule = Schedule(steps=steps, batch=4, rate=2e-3, backbone=1.0, warmup=3, average=0.5)
    return Trainer(blank_network("yolo11n", KEYS).train(), schedule, "cpu")


def silent(_: dict[str, float]) -> None: ...


def test_a_point_knows_nothing_of_a_class_inside_its_region() -> None:
    points = torch.tensor([[5.0, 5.0], [50.0, 50.0]])
    regions = torch.tensor([[[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 0.0, 0.0]]])
    unknown = torch.tensor([[[1.0, 0.0], [1.0, 1.0]]])
    assert unknown_at(points, regions, unknown).tolist() == [[[1.0, 0.0], [0.0, 0.0]]]


def test_where_a_class_is_unknown_seeing_it_costs_nothing_and_teaches_nothing() -> None:
    network = blank_network("yolo11n", KEYS).train()
    loss = PartialLoss(network)
    image, picture = street()
    said = taught(picture, KEYS)
    batch = collate([(image, Taught(said.boxes * 128, said.cls, said.regions * 128, said.unknown))])
    found = network(batch["img"].float() / 255)
    found["scores"].retain_grad()
    loss(found, batch)[0].backward()
    gradient = found["scores"].grad[0].abs().sum(1)
    assert {key for key, size in zip(KEYS, gradient.tolist(), strict=True) if size > 0} == {"bin"}


def test_training_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    whole = trainer()
    whole.run(samples(), 0, float("inf"), silent)
    first = trainer()
    batches = first._batches(samples(), 0)
    for _ in range(5):
        first._one(next(batches))
        first.step += 1
    save(first.state(), tmp_path / "checkpoint.pt")
    second = trainer()
    second.load(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    assert second.step == 5
    assert second.run(samples(), 0, float("inf"), silent)
    a, b = whole.averaged.state_dict(), second.averaged.state_dict()
    assert max(float((a[n].float() - b[n].float()).abs().max()) for n in a) < 1e-3


def test_a_network_learns_to_see_a_bin() -> None:
    taught_network = trainer(40)
    losses: list[float] = []
    batches = taught_network._batches(samples(), 0)
    for _ in range(40):
        losses.append(taught_network._one(next(batches))["cls_loss"])
        taught_network.step += 1
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_weights_that_were_written_are_read_back(tmp_path: Path) -> None:
    network = blank_network("yolo11n", KEYS)
    torch.save(packed(network, KEYS), tmp_path / "weights.pt")
    again, keys = own_network(tmp_path / "weights.pt")
    assert keys == KEYS
    a, b = network.state_dict(), again.state_dict()
    assert all(float((a[n].float() - b[n].float()).abs().max()) < 1e-2 for n in a)
    weights = load_weights(tmp_path / "weights.pt")
    assert weights.classes == KEYS


def test_a_mean_lies_between_the_network_and_what_it_started_from() -> None:
    network, start = (blank_network("yolo11n", KEYS) for _ in range(2))
    own = {n: v.clone() for n, v in network.state_dict().items()}
    mix_in(network, start, 0.25)
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(value, 0.75 * own[name] + 0.25 * start.state_dict()[name])


def test_a_mean_is_only_with_weights_that_know_our_classes(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text("name: r\nsets: {}\nof_start: 0.5\nstages: [{steps: 1}]\n", encoding="utf-8")
    run = Run(recipe, tmp_path, tmp_path, Path("yolo11n.onnx"))
    with pytest.raises(RecipeError, match=r"of_start: 0.5: yolo11n.onnx has no layers for our classes yet"):
        train(run, minutes=1, workers=0, told=print)


def test_a_class_that_the_old_network_knew_keeps_what_it_knew() -> None:
    network = blank_network("yolo11n", KEYS)
    before = network.model[-1].cv3[0][-1].weight[BIN].clone()
    teach_new_classes(network, KEYS, None, ("person", "bin"))
    after = network.model[-1].cv3[0][-1]
    assert after.out_channels == 2
    assert torch.equal(after.weight[1], before)


def remembering(network: object, classes: tuple[str, ...]) -> Remembering:
    return Remembering(network, classes, SourceClasses("old", {c: c for c in classes}), KEYS, "cpu")


def test_a_network_that_forgot_nothing_has_nothing_to_remember() -> None:
    torch.manual_seed(0)
    network = blank_network("yolo11n", KEYS)
    with torch.no_grad():  # so that it sees something everywhere
        for branch in network.model[-1].cv3:
            branch[-1].bias.fill_(-1.0)
    image = torch.rand(1, 3, 96, 96)
    kept = remembering(network, KEYS)
    with half_precision("cpu"):
        said = {name: value.float() for name, value in kept.old(image).items() if name in ("scores", "boxes")}
    assert float(kept(said, image)) == pytest.approx(0, abs=1e-3)
    said["scores"] = said["scores"] + 1
    assert float(kept(said, image)) > 0.05


def test_only_what_the_old_network_knew_is_asked_of_ours() -> None:
    torch.manual_seed(0)
    kept = remembering(blank_network("yolo11n", ("person", "bin")), ("person", "bin"))
    ours = blank_network("yolo11n", KEYS).train()
    image = torch.rand(1, 3, 96, 96)
    found = ours(image)
    found["scores"] = (found["scores"] + 5).detach().requires_grad_()
    kept(found, image).backward()
    gradient = found["scores"].grad[0].abs().sum(1)
    assert {key for key, size in zip(KEYS, gradient.tolist(), strict=True) if size > 0} == {"person", "bin"}
