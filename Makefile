# Two commands matter: `make demo` and `make test`. Each makes .venv where it is missing, installs, and runs.
#
#   PYTHON=python3.12    the interpreter that makes .venv (3.11 or newer)
#   PIP_ARGS="..."       options for pip, such as the index of the CPU-only torch wheels
#   PYTEST_ARGS="..."    options for pytest, such as -x or a path
#   DEMO_ARGS="..."      options for the demo

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11 python,$(shell \
	$(name) -c 'import sys; print("$(name)" if sys.version_info >= (3, 11) else "")' 2>/dev/null)))
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS)

.DEFAULT_GOAL := help
.PHONY: help venv install install-dev demo test test-slow lint format types benchmark build clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

venv: $(BIN)/python ## make .venv

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or newer found: install one, or name it with PYTHON=/path/to/python" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is not Python 3.11 or newer: name another with PYTHON=/path/to/python" >&2; exit 2; }
	@echo "making $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); exit 2; }

install: $(INSTALLED) ## install the project into .venv

install-dev: $(INSTALLED_DEV) ## install the project and what its tests and checks need

# The stamps make a second call quick; a changed pyproject.toml installs again.
$(INSTALLED): pyproject.toml | $(BIN)/python
	@echo "installing seethrough into $(VENV) (torch is large: this takes some minutes the first time)"
	@$(PIP) --editable .
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	@echo "installing what the tests and checks need"
	@$(PIP) --editable '.[dev]'
	@touch $@

demo: $(INSTALLED) ## train FOCUS briefly on synthetic faces, evaluate it, reconstruct a photo
	$(BIN)/python -m experiments.demo $(DEMO_ARGS)

test: $(INSTALLED_DEV) ## fast tests
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=8 --dist=loadfile $(PYTEST_ARGS)

test-slow: $(INSTALLED_DEV) ## slow tests: training, resume, several processes, packaging
	$(BIN)/python -m pytest -m "slow and not gpu" $(PYTEST_ARGS)

lint: $(INSTALLED_DEV) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(INSTALLED_DEV) ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(INSTALLED_DEV) ## pyright on seethrough/
	$(BIN)/pyright --pythonpath $(BIN)/python seethrough

benchmark: $(INSTALLED) ## measure speed
	$(BIN)/python -m tools.benchmark $(BENCHMARK_ARGS)

build: $(INSTALLED_DEV) ## build the wheel into dist/
	$(BIN)/hatchling build -t wheel

clean: ## remove .venv and caches; runs/ stays
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
