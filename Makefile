# make run | test | test-editor | test-models | attack | check | wheels | pictures | reference | benchmarks | training |
# clean.
# Each makes what it needs.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(sort $(dir $(wildcard plugins/*/pyproject.toml)))
EDITABLE := $(foreach plugin,$(PLUGINS),-e $(plugin))
# Each process of tests takes from the others' rest when it has no more. Those of the editor wait for
# a third of their time, for workers and for the window: one process more than there are processors.
PROCESSORS := $(shell getconf _NPROCESSORS_ONLN)
SPREAD := --maxprocesses 8 --dist
TEST_EDITOR := QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest \
	-n $(shell expr $(PROCESSORS) + 1) $(SPREAD) worksteal --ignore tests/models
# A file of the networks' tests stays with one of them: what its tests share is a network, exported in
# a minute, and nobody waits for the last of these tests.
TEST_MODELS := .venv-training/bin/python -m pytest -q -c /dev/null --rootdir . \
	-n $(PROCESSORS) $(SPREAD) loadfile \
	--confcutdir tests/models --import-mode importlib --durations 10 tests/models
TOLD := .venv-training/tests.log
PHOTO := $(firstword $(wildcard resources/samples/*.jpg))

export ORT_DISABLE_TELEMETRY := 1
# Else each process of tests would rewrite the assertions of all files anew: half of what it needs
# before its first test.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test test-editor test-models attack check wheels pictures reference benchmarks training clean
.DELETE_ON_ERROR:

run: build/modules
	@.ci/system-libraries
	@# Status 1 has been explained in a sentence: no display, say.
	@$(BIN)/safelight $(PHOTO) || test $$? -eq 1

# Tests of the networks, in an environment of their own with PyTorch, run beside those of the editor,
# are through before them, and are told afterwards.
test:
	@.ci/system-libraries
	@$(MAKE) --no-print-directory --jobs 3 check test-editor test-models \
		AFTERWARDS='> $(TOLD) 2>&1; status=$$$$?; cat $(TOLD); exit $$$$status'

test-editor: $(VENV)/installed-test build/kernels/compiled build/modules
	$(TEST_EDITOR)

# What the training environment runs: no Qt, no plugins of pytest, no settings of the editor's.
test-models: .venv-training/installed
	$(TEST_MODELS) $(AFTERWARDS)

# The tests that try something many times over, in full: make test tries a sample. Some take minutes:
# each is named when it has ended.
attack: $(VENV)/installed-test build/kernels/compiled build/modules .venv-training/installed
	@.ci/system-libraries
	SAFELIGHT_ATTACK=full $(TEST_EDITOR) -m attack -vv
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.files.mutations
	SAFELIGHT_ATTACK=full $(TEST_MODELS) -m attack -vv

check: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy editor/safelight
	$(BIN)/lint-imports

# The editor and each plugin, to be installed anywhere: pip install build/wheels/*.whl
wheels: $(VENV)/installed
	$(BIN)/python .ci/wheels.py build/wheels

# The README's picture of the window, drawn by the window itself.
pictures: $(VENV)/installed
	@.ci/system-libraries
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m safelight.gui.readme_pictures resources/pictures

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
	@# What builds comes once: pip would fetch it anew for the editor and for each plugin. It warns of
	@# every folder that is installed where it lies, which is what is meant.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1' 'setuptools>=77'
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-build-isolation -e . $(EDITABLE)
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	@# What tests import of it is compiled then, once; workers, which write nothing, import none of it.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --group test
	@touch $@

# Workers write nothing, so each would compile anew at its start what no other process has compiled.
build/modules: $(VENV)/installed $(shell find editor plugins models -name '*.py')
	$(BIN)/python -m compileall -q editor plugins models
	@mkdir -p build
	@touch $@

# What all processes of tests share; see pixels/fused.py.
build/kernels/compiled: $(VENV)/installed $(wildcard editor/safelight/pixels/*.py) \
		$(wildcard plugins/exemplar/safelight_exemplar/*.py) plugins/codec/safelight_codec/entropy.py
	-$(BIN)/python .ci/kernels.py build/kernels
	@touch $@

.venv-training/installed: pyproject.toml models/constraints.txt
	$(PYTHON) -m venv .venv-training
	.venv-training/bin/python -m pip install --quiet 'pip>=25.1'
	@# A tenth of it is ever imported, and what is, is compiled then.
	.venv-training/bin/python -m pip install --quiet --no-compile \
		-c models/constraints.txt --group training
	@touch $@

clean:
	rm -rf $(VENV) .venv-training build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
