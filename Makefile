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
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Rakkan needs Python 3.11 or newer. If you have one, name it: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# --no-deps: the lock file names everything; --require-hashes: nothing else gets in.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

# The chain's engine exists for Linux on x86-64; elsewhere, or without Node, Rakkan runs unanchored and says so.
# Then there is no mark, and the next run tries again.
node_modules/.runtime: package-lock.json
	@if ! command -v npm >/dev/null 2>&1; then \
		echo "Node is not installed, so there is no chain: Rakkan will run unanchored" >&2; \
	elif npm ci --ignore-scripts --omit=dev --silent; then \
		touch $@; \
	else \
		echo "anvil could not be had from npm (it exists for Linux on x86-64): Rakkan will run unanchored" >&2; \
	fi

node_modules/.dev: package-lock.json
	@command -v npm >/dev/null 2>&1 || \
		{ echo "Tests and checks need Node 20 or newer, with npm" >&2; exit 1; }
	npm ci --ignore-scripts --silent
	@touch $@ node_modules/.runtime

# `make run PORT=8001` serves elsewhere.
run: setup
	$(BIN)/rakkan demo $(if $(PORT),--port $(PORT))

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
	$(MAKE) --no-print-directory generated
	scripts/generated-check.sh $(GENERATED)
	scripts/package-check.sh

# Everything that is committed and made from something else that is committed.
GENERATED := schemas/json docs/cli-reference.md docs/openapi.json contracts/artifacts tests/vectors
generated: $(VENV)/.dev node_modules/.dev
	$(BIN)/python -m rakkan.schemas.jsonschema
	$(BIN)/python scripts/cli-reference.py
	$(BIN)/python scripts/openapi.py
	node scripts/compile.mjs
	$(BIN)/python -m tests.vectors.make_rules
	$(BIN)/python -m tests.vectors.make_consent

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.dev
	scripts/lock.sh

clean:
	rm -rf $(VENV) node_modules dist build .mypy_cache .ruff_cache .pytest_cache contracts/out contracts/cache
