"""The suppression inside the graph says what the greedy one outside says. Needs torch: the extra ``train``."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given, settings

from models.boxes import Rows, suppress, tidy
from tests.models.pictures import noise
from tests.models.test_boxes import crowds

torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")


def stays_in_graph(rows: Rows, rounds: int) -> Rows:
    from models.contract_graph import keep_best

    kept = keep_best(torch.from_numpy(rows[None, :, :4]), torch.from_numpy(rows[None, :, 5]), 0.5, rounds)
    return rows[kept[0].numpy() > 0]


@settings(max_examples=300)
@given(crowds())
def test_any_crowd_is_thinned_as_greedily_by_enough_rounds(rows: Rows) -> None:
    np.testing.assert_array_equal(stays_in_graph(rows, rounds=len(rows)), suppress(rows, 0.5))


def chain(length: int) -> Rows:
    """Boxes in a row of which each overlaps only its neighbours too much: every second one stays."""
    x = np.arange(length, dtype=np.float32) * 3
    zero, ten = np.zeros_like(x), np.full_like(x, 10)
    return np.stack([x, zero, x + 10, ten, np.linspace(0.9, 0.1, length, dtype=np.float32), zero], 1)


def test_the_unrolled_rounds_settle_a_chain_of_eight_suppressors() -> None:
    from models.contract_graph import NMS_ROUNDS

    np.testing.assert_array_equal(stays_in_graph(chain(9), NMS_ROUNDS), suppress(chain(9), 0.5))


@given(crowds())
def test_nothing_that_greedy_keeps_is_lost_however_long_the_chain(rows: Rows) -> None:
    from models.contract_graph import NMS_ROUNDS

    for crowd in (rows, chain(25)):
        kept = stays_in_graph(crowd, NMS_ROUNDS)
        assert {tuple(row) for row in suppress(crowd, 0.5)} <= {tuple(row) for row in kept}
        np.testing.assert_array_equal(suppress(kept, 0.5), suppress(crowd, 0.5))


def test_an_empty_crowd_is_no_trouble() -> None:
    assert len(stays_in_graph(chain(0), 8)) == 0


def fill(network: Any, seed: int, behind: int = 0) -> None:
    """Random weights in the layers from ``behind`` on."""
    torch.manual_seed(seed)
    for name, parameter in network.named_parameters():
        if "dfl" in name or int(name.split(".")[1]) < behind:  # fixed weights
            continue
        if parameter.ndim == 4:
            torch.nn.init.kaiming_normal_(parameter)  # so that the picture is still felt at the last layer
        else:
            torch.nn.init.normal_(parameter, std=0.1)  # all different: the exporter stores equal tensors once


@pytest.mark.slow
def test_two_networks_that_share_their_first_layers_see_together_what_each_sees_alone() -> None:
    tasks = pytest.importorskip("ultralytics.nn.tasks", reason="the extra 'train' is not installed")
    from models.contract_graph import ContractGraph

    old = tasks.DetectionModel("yolo11n.yaml", nc=80, verbose=False).eval().fuse(verbose=False)
    fill(old, seed=3)
    new = deepcopy(old)
    fill(new, seed=4, behind=11)
    olds, news = [[0], [2, 5, 7]], [[11], [30]]
    crops = torch.from_numpy(noise((16, 12), 1).repeat(32, axis=1).repeat(32, axis=2))
    with torch.no_grad():
        graph = ContractGraph([(old, olds), (new, news)], [2, 0, 3, 1], 0.65).eval()
        (both,) = graph(crops).numpy()
        alone = [(ContractGraph([n], [0, 1], 0.65).eval()(crops)[0].numpy()) for n in ((old, olds), (new, news))]
    assert len(graph.shared) == 13  # upsampling and joining behind the eleventh have no weights
    for rows, classes in zip(alone, ((2, 0), (3, 1)), strict=True):
        rows[:, 5] = np.array(classes)[rows[:, 5].astype(int)]
    expected = np.concatenate(alone)
    seen = both[both[:, 4] > 0]
    assert {0, 1, 2, 3} >= set(seen[:, 5]) != set()
    for row in seen:
        assert np.abs(expected - row).max(1).min() < 0.01, row
    strong = expected[expected[:, 4] > np.sort(expected[:, 4])[-50]]
    for row in strong:
        assert np.abs(seen - row).max(1).min() < 0.01, row


def test_networks_that_share_no_layer_are_told_apart() -> None:
    tasks = pytest.importorskip("ultralytics.nn.tasks", reason="the extra 'train' is not installed")
    from models.contract_graph import shared_layers

    one, other = (tasks.DetectionModel("yolo11n.yaml", nc=3, verbose=False).eval().fuse(verbose=False) for _ in "ab")
    fill(one, seed=1)
    fill(other, seed=2)
    assert shared_layers(one.model, other.model) == 0
    assert shared_layers(one.model, deepcopy(one).half().float().model) == len(one.model) - 1


@pytest.mark.slow
def test_an_exported_network_finds_what_ultralytics_and_the_adapter_find(tmp_path: Path) -> None:
    """A network with random weights: what it sees means nothing, but both ways must see the same."""
    tasks = pytest.importorskip("ultralytics.nn.tasks", reason="the extra 'train' is not installed")
    from labels.source_classes import load_source_classes
    from models.detector import load_detector
    from models.export import export
    from models.ultralytics_weights import Weights, load_weights

    source = load_source_classes("coco")
    network = tasks.DetectionModel("yolo11n.yaml", nc=80, verbose=False).eval().fuse(verbose=False)
    fill(network, seed=3)
    network.model[-1].export = network.model[-1].dynamic = True
    plain = tmp_path / "plain.onnx"
    torch.onnx.export(
        network, (torch.zeros(1, 3, 448, 768),), str(plain), input_names=["images"], output_names=["output0"],
        dynamic_axes={"images": {0: "batch", 2: "height", 3: "width"}, "output0": {0: "batch", 2: "anchors"}},
        opset_version=17, dynamo=False,
    )  # fmt: skip
    onnx = pytest.importorskip("onnx")
    model = onnx.load(plain)
    said = {"names": str(dict(enumerate(source.key_of))), "description": "Ultralytics YOLO11n model"}
    onnx.helper.set_model_props(model, said)
    onnx.save(model, plain)

    made = export(load_weights(plain), tmp_path / "made.onnx", source, {"licence": "none"})
    direct = export(
        Weights(plain, network, tuple(source.key_of), {}), tmp_path / "direct.onnx", source, {"licence": "none"}
    )
    assert made.provenance["graph_sha256"] == direct.provenance["graph_sha256"]
    assert json.loads(made.to_metadata())["sizes"][0] == [768, 448]
    assert "duplicates from IoU 0.65" in made.recipe

    coarse = noise((21, 16), 2)
    crops = coarse.repeat(32, axis=1).repeat(32, axis=2)  # coarse enough that the network tells its cells apart
    (ours,) = ort.InferenceSession(made.path).run(None, {"crops": crops})
    for rows, expected in zip(ours, load_detector(plain).detect(crops), strict=True):
        assert len(expected) > 20
        # Random weights see a lattice of boxes, chains longer than any street has: one more suppression ends them.
        np.testing.assert_allclose(tidy(suppress(rows[rows[:, 4] > 0]), 672, 512), expected, atol=0.01)
