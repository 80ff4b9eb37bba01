# Two commands matter: `make demo` shows everything working, `make test` runs everything that CI runs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
# No tool reports home; pip's extra wheels (PIP_FIND_LINKS) are passed on, because uv does not read that name.
export MLFLOW_DISABLE_TELEMETRY := true
export DVC_NO_ANALYTICS := true
ifdef PIP_FIND_LINKS
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
endif

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.PHONY: demo
demo: model serve ## Train, promote and serve: the app on :8000, MLflow on :5000, until Ctrl-C

.PHONY: model
model: install ## Run the pipeline on the sample data, register and promote the result
	@$(UV) run --no-sync dvc repro tune_sklearn
	@$(UV) run --no-sync opinionlens promote

.PHONY: serve
serve: install ## Start the app on :8000 and the MLflow page on :5000, until Ctrl-C
	@$(UV) run --no-sync opinionlens up

.PHONY: test
test: check ## Everything that CI runs
	$(UV) run --no-sync pytest

.PHONY: check
check: install ## Format, lint, types, import contracts, docs against code; no other tests
	$(UV) run --no-sync ruff format --check
	$(UV) run --no-sync ruff check
	$(UV) run --no-sync mypy
	$(UV) run --no-sync lint-imports
	$(UV) run --no-sync djlint templates --lint --quiet
	$(UV) run --no-sync pytest -q tests/hygiene
	$(MAKE) --no-print-directory check-lock

.PHONY: format
format: install ## Let ruff put the code in order
	$(UV) run --no-sync ruff check --fix
	$(UV) run --no-sync ruff format

EXPORT := export --quiet --format requirements-txt --no-emit-project --no-header --no-annotate

.PHONY: openapi
openapi: install ## Renew docs/openapi.json, the description of the API that a test compares with the app's
	@$(UV) run --no-sync opinionlens openapi docs/openapi.json

.PHONY: lock
lock: $(UV) ## Renew requirements.lock from pyproject.toml (names, versions, hashes; no addresses)
	$(UV) lock --quiet --upgrade
	$(UV) $(EXPORT) --output-file requirements.lock

.PHONY: check-lock
check-lock: $(UV)
	@$(UV) $(EXPORT) | diff -u requirements.lock - > /dev/null \
	  || { echo "requirements.lock is not what pyproject.toml resolves to: run 'make lock'"; exit 1; }

.PHONY: install
install: $(UV) ## Get uv if it is missing and install the environment into .venv
	@$(UV) sync --quiet

.tools/uv/bin/uv:
	@echo "installing uv into .tools (nothing outside this folder changes)"
	@$(PYTHON) -m venv .tools/uv
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check uv
