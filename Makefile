# Everything a developer or a newcomer does, one target each. `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# So many processes run tests, each with ports, project names and folders of its own; four times as many as there are cores,
# since most of them wait for containers most of the time.
WORKERS ?= $(shell expr $$(nproc) \* 4)
# What waits for nothing needs no more of them than there are cores: each one imports and collects everything.
CORES := $(shell nproc)
# A file's tests share what they set up. In the order that tests/conftest.py gives: what takes longest comes first, and
# what is left for the end are thousands of quick ones, so that no process waits for another.
SPREAD := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# What has to cover by itself every branch of change detection and of the forges; tracing slows the others down.
COVERING := tests/unit/changes tests/unit/webhooks

# Set on some machines, it makes every start of a program compile all of it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: provision
provision: ## install what this machine lacks (Debian or Ubuntu; PROVISION=0 turns it off)
	@PYTHON=$(PYTHON) scripts/provision

.PHONY: install
install: $(VENV)/.installed ## make .venv with tegu in it

$(VENV)/.installed: pyproject.toml requirements.txt requirements-dev.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing Tegu and its tools into $(VENV)"
	@$(BIN)/pip install --quiet --retries 10 --disable-pip-version-check -r requirements-dev.txt
	@$(BIN)/pip install --quiet --retries 10 --disable-pip-version-check --no-deps --editable .
	@touch $@

# Pytest rewrites the assertions of each module it loads, and keeps the result. Where that is to be done, as in a fresh
# clone, all processes of a run would do it at the same time; so it is done once before.
$(VENV)/.collected: $(VENV)/.installed
	@$(BIN)/pytest --collect-only --quiet tests/integration tests/e2e >/dev/null & \
		$(BIN)/pytest --collect-only --quiet tests/unit >/dev/null; wait
	@touch $@

.PHONY: demo
demo: provision install ## see it work: a push, three stacks, and only what changed is touched
	@scripts/with-engine $(BIN)/tegu demo

.PHONY: run
run: install ## run Tegu here, from tegu.yaml in this folder
	@$(BIN)/tegu up

.PHONY: test
test: provision install $(VENV)/.collected ## every test, real Redis, Git, Docker and Compose included
	@$(BIN)/pytest $(SPREAD) -n $(CORES) $(COVERING) --cov=workers.changes --cov=app.webhooks --cov-report=
	@$(BIN)/coverage report --fail-under=100
	@scripts/with-engine scripts/steady $(BIN)/pytest $(SPREAD) $(COVERING:%=--ignore=%)

.PHONY: test-releases
test-releases: provision install ## all that there is, of all releases of Compose, and on Debian's newest engine, as root
	@TEGU_TEST_RELEASES=all scripts/with-engine $(BIN)/pytest $(SPREAD) tests/integration/changes
	@scripts/with-newest-engine scripts/with-engine $(BIN)/pytest $(SPREAD) tests/integration tests/e2e

.PHONY: test-fast
test-fast: install ## the tests that need no Docker, under a minute
	@$(BIN)/pytest $(SPREAD) tests/unit

.PHONY: check
check: install ## format, lint, types, layers; under 30 s
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: format
format: install ## write the format and the fixes that are safe
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: bench
bench: provision install ## measure, each as a ratio to its floor in the same run
	@scripts/with-engine $(BIN)/python -m benchmarks

.PHONY: mutation
mutation: install ## change each rule of change detection a little; a test should fail for it (ten minutes at most; several calls go on)
	@$(BIN)/python -m pip install --quiet --retries 10 --disable-pip-version-check --upgrade 'pip>=25.1' # knows dependency groups
	@$(BIN)/python -m pip install --quiet --retries 10 --disable-pip-version-check --group mutation
	@$(BIN)/python scripts/mutation.py

.PHONY: docs
docs: install ## make the generated pages of docs/ again
	@$(BIN)/python scripts/docs.py

.PHONY: lock
lock: ## make the pinned requirements again
	@$(PYTHON) scripts/lock.py

.PHONY: clean
clean: ## remove what was made here
	rm -rf $(VENV) .cache build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis mutants .coverage .import_linter_cache
