"""The house keeps its own rules: who imports whom, what records may know, and what a stranger gets with the wheel."""

import ast
import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.scenery import street

PACKAGES = ("labels", "streams", "models", "vision", "cases", "service", "benchmarks")
RECORDS = ("labels/violation.py", "streams/frame.py", "vision/records.py")


def run(command: list[str], where: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, cwd=where, env={**os.environ, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done


def test_folders_import_only_from_the_folders_before_them(checkout: Path) -> None:
    run([str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], checkout)


def imported_by(file: Path) -> set[str]:
    """Modules by their whole names; of ``from a import b`` both ``a`` and, in case it is one, ``a.b``."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively"
            found |= {node.module or "", *(f"{node.module}.{name.name}" for name in node.names)}
    return found


@pytest.mark.parametrize("record", RECORDS)
def test_records_import_only_numpy_and_the_standard_library(checkout: Path, record: str) -> None:
    imported = {name.split(".")[0] for name in imported_by(checkout / record)}
    assert imported <= set(sys.stdlib_module_names) | {"numpy"}


def test_cases_know_of_vision_only_its_records(checkout: Path) -> None:
    for file in (checkout / "cases").rglob("*.py"):
        of_vision = {name for name in imported_by(file) if name.split(".")[0] == "vision"}
        strange = {n for n in of_vision if n != "vision.records" and not n.startswith("vision.records.")}
        assert not strange, f"{file.relative_to(checkout)} imports {strange}"


@pytest.mark.parametrize(
    "module", ["service.api.app", "service.serving", "service.city_book", "service.commands.serve"]
)
def test_what_keeps_cases_never_loads_what_sees(checkout: Path, module: str) -> None:
    heavy = {"av", "cv2", "onnxruntime", "torch", "ultralytics"}
    loaded = run([sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"], checkout).stdout.split()
    assert not heavy & set(loaded)


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_nothing_by_themselves(checkout: Path, package: str) -> None:
    inits = [checkout / package / "__init__.py", *(checkout / package).rglob("__init__.py")]
    for init in inits:
        assert not init.read_text(encoding="utf-8").strip(), f"{init.relative_to(checkout)} is to stay empty"


def test_every_link_in_the_documents_leads_somewhere(checkout: Path) -> None:
    documents = [checkout / "README.md", *(checkout / "docs").rglob("*.md"), *(checkout / "models").rglob("*.md")]
    for document in documents:
        text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.relative_to(checkout)} links to {target}"


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(checkout)], folder)
    return next(folder.glob("streetorder-*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_rules_weights_and_pages_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "labels/violations.yaml",
        "labels/sources/coco.yaml",
        "models/weights/nano.onnx",
        "models/weights/LICENSE",
        "service/templates/report.html.j2",
        "service/templates/report.css",
        "service/templates/report.js",
        "cases/store/migrations/env.py",
        "cases/store/migrations/versions/0001_first.py",
    ):
        assert wanted in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == set(PACKAGES)
    assert not [name for name in names if name.endswith((".pyc", ".mp4", ".jpg"))]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_stranger_scores_a_clip_from_a_folder_that_has_its_own_models(wheel: Path, tmp_path: Path, key: Path) -> None:
    """Nothing of the checkout is on the path, and a folder named ``models`` must not stand in for the package."""
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    run([str(programs / "python"), "-m", "pip", "install", "--quiet", str(wheel)], tmp_path)

    work = tmp_path / "work"
    (work / "models").mkdir(parents=True)
    (work / "models" / "__init__.py").write_text("raise SystemExit('the wrong models was imported')\n")
    street(work / "clip.mp4", seconds=4)
    command = [str(programs / "streetorder"), "score", "clip.mp4", "--out", "results", "--json"]
    summary = json.loads(run(command, work, STREETORDER_KEY=str(key), PYTHONPATH="").stdout)
    assert isinstance(summary, dict)
    assert (work / "results" / "violations.jsonl").read_text() == ""  # nothing but an empty grey street
    assert (work / "results" / "report.html").is_file()
    store = "from cases.store.engine import open_store; open_store('sqlite:///cases.db')"
    run([str(programs / "python"), "-P", "-c", store], work, PYTHONPATH="")
