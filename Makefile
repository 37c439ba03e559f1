# make run | test | test-models | attack | check | pictures | reference | benchmarks | training | clean.
# Each makes what it needs.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(sort $(dir $(wildcard plugins/*/pyproject.toml)))
EDITABLE := $(foreach plugin,$(PLUGINS),-e $(plugin))
# One process of tests for each processor; each takes from the others' rest when it has no more.
SPREAD := -n auto --maxprocesses 8 --dist worksteal
TEST_MODELS := .venv-training/bin/python -m pytest -q -c /dev/null --rootdir . $(SPREAD) \
	--confcutdir tests/models --import-mode importlib --durations 10 tests/models
PHOTO := $(firstword $(wildcard resources/samples/*.jpg))

export ORT_DISABLE_TELEMETRY := 1

.PHONY: run test test-models attack check pictures reference benchmarks training clean
.DELETE_ON_ERROR:

run: $(VENV)/installed
	@.ci/system-libraries
	@# Status 1 has been explained in a sentence: no display, say.
	@$(BIN)/safelight $(PHOTO) || test $$? -eq 1

# Networks are made and checked in an environment of their own, with PyTorch.
test: $(VENV)/installed-test .venv-training/installed
	@.ci/system-libraries
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy editor/safelight
	$(BIN)/lint-imports
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(SPREAD) --ignore tests/models
	$(TEST_MODELS)

# What the training environment runs: no Qt, no plugins of pytest, no settings of the editor's.
test-models: .venv-training/installed
	$(TEST_MODELS)

# The tests that try something many times over, in full: make test tries a sample.
attack: $(VENV)/installed-test
	@.ci/system-libraries
	SAFELIGHT_ATTACK=full QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(SPREAD) -m attack

check: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy editor/safelight
	$(BIN)/lint-imports

# The README's picture of the window, drawn by the window itself.
pictures: $(VENV)/installed
	@.ci/system-libraries
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m safelight.gui.pictures resources/pictures

# The API reference, from the docstrings of safelight.api.
reference: $(VENV)/installed-test
	$(BIN)/python .ci/reference.py > resources/reference.md

benchmarks: $(VENV)/installed-test
	@.ci/system-libraries
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.benchmarks

# Networks are trained in an environment of their own; see models/README.md.
training: .venv-training/installed

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml $(wildcard plugins/*/pyproject.toml) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . $(EDITABLE)
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group test
	@touch $@

.venv-training/installed: pyproject.toml models/constraints.txt
	$(PYTHON) -m venv .venv-training
	.venv-training/bin/python -m pip install --quiet 'pip>=25.1'
	.venv-training/bin/python -m pip install --quiet -c models/constraints.txt --group training
	@touch $@

clean:
	rm -rf $(VENV) .venv-training build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
