# Everything happens in .venv, made with nothing but Python and make, and made again when pyproject.toml changes.
# `make PYTHON=python3.12 …` chooses another interpreter (3.11 or newer).

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
MADE   := $(VENV)/.made
DEMO   := $(VENV)/.demo
DEV    := $(VENV)/.dev
# Thousands of databases that live for a moment need no disk, where there is memory for them: 2 GiB, and containers often have less.
IN_MEMORY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 2097152 { print "TMPDIR=/dev/shm" }')
# One more than there are cores: some tests wait for a database or a process of their own.
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1 )))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help .venv demo test test-matrix check check-style check-mypy check-pyright check-imports fix bench faults wheel clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv: $(DEV) ## set up .venv with everything a developer needs

demo: $(DEMO) ## run the quickstart: two conversations, and what was learned from them
	@$(PY) cookbook/quickstart.py

test: $(DEV) ## run the whole test suite on all cores (ARGS="-k name -x" is passed on)
	@$(IN_MEMORY) $(PY) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

test-matrix: $(MADE) ## run the frameworks' tests on their oldest and newest versions (ARGS="floor latest" chooses)
	@$(PY) -m tests.matrix $(ARGS)

check: check-style check-mypy check-pyright check-imports ## format, lint, types (two readers) and the import contracts

check-style: $(DEV)
	$(PY) -m ruff format --check
	$(PY) -m ruff check

check-mypy: $(DEV)
	$(PY) -m mypy

check-pyright: $(DEV)
	$(PY) -m basedpyright

check-imports: $(DEV)
	$(VENV)/bin/lint-imports --no-logo

fix: $(DEV) ## repair what the tools can repair
	$(PY) -m ruff check --fix-only
	$(PY) -m ruff format

bench: $(DEV) ## measure cost: import, add, search, memory held (ARGS="peers" beside others, ARGS="plots" draws)
	@$(PY) -m benchmarks $(ARGS)

faults: $(DEV) ## try out what is promised under kills, faults, races and attacks (ARGS="kills --scale 0.1")
	@$(PY) -m faults $(ARGS)

wheel: $(DEV) ## build the sdist, and the wheel from it, into dist/
	@$(PY) -m build --outdir dist

clean: ## remove .venv and everything that was built or cached
	rm -rf $(VENV) .matrix build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --clear: an environment left half made is made anew.
$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'memx needs Python 3.11 or newer; choose one with: make PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(DEMO): pyproject.toml | $(MADE)
	@echo 'Installing memx for the demo into $(VENV) …'
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[demo]'
	@touch $@

# The developer's set holds the demo's.
$(DEV): pyproject.toml | $(MADE)
	@echo 'Installing memx and the tools of its developers into $(VENV) …'
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(DEMO) $@
