# Rakkan. `make run` sets up and runs the main job; `make test` sets up and passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DELETE_ON_ERROR:
.PHONY: setup run test check bench lock generated format clean engines

# The environment only; its last line is the path of the `rakkan` command.
setup: $(VENV)/.runtime node_modules/.runtime
	@echo "$(CURDIR)/$(BIN)/rakkan"

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# --no-deps: the lock file names everything; --require-hashes: nothing else gets in.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

# The chain's engine exists for Linux on x86-64; elsewhere Rakkan runs unanchored and says so.
node_modules/.runtime: package-lock.json
	@mkdir -p node_modules
	npm ci --ignore-scripts --omit=dev --silent || echo "anvil is not available here: Rakkan will run unanchored" >&2
	@touch $@

node_modules/.dev: package-lock.json
	npm ci --ignore-scripts --silent
	@touch $@ node_modules/.runtime

run: setup
	$(BIN)/rakkan demo

# Real engines for the tests: Kubo built with Go, Chromium from Debian; kept outside the checkout.
engines:
	@scripts/engines.sh

test: $(VENV)/.dev node_modules/.dev engines
	RAKKAN_REQUIRE_ENGINES=1 $(BIN)/python -m pytest

check: $(VENV)/.dev node_modules/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	node_modules/.bin/pyright --warnings
	$(BIN)/lint-imports
	node scripts/compile.mjs --check
	$(MAKE) --no-print-directory generated
	git diff --exit-code -- schemas/json docs contracts/artifacts tests/vectors
	scripts/package-check.sh

generated: $(VENV)/.dev
	$(BIN)/python -m rakkan.schemas.jsonschema
	$(BIN)/python scripts/cli-reference.py

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.dev
	scripts/lock.sh

clean:
	rm -rf $(VENV) node_modules dist build .mypy_cache .ruff_cache .pytest_cache contracts/out contracts/cache
