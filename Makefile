# Two commands to remember: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
PORT ?= 8000
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL_SELF = $(PIP) install --no-deps --no-build-isolation --editable .

.DEFAULT_GOAL := help
.PHONY: help demo serve test soak check format lock docs schema answers bench clean python

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

python:
	@test -n "$(PYTHON)" || { echo "aidgraph needs Python 3.11 to 3.14 and found none; name one: make PYTHON=/path/to/python3.12 …" >&2; exit 1; }

$(BIN)/python: | python
	@$(PYTHON) -m venv $(VENV) || { echo "cannot make a virtual environment with $(PYTHON): on Debian and Ubuntu, apt install python3-venv" >&2; exit 1; }

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing what requirements.lock lists (the first time only) …"
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(INSTALL_SELF)
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "installing what requirements-dev.lock lists (the first time only) …"
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@$(INSTALL_SELF)
	@touch $@ $(VENV)/.runtime

demo: $(VENV)/.runtime ## set up, load the seed, serve the API and show what to ask (PORT=8000)
	@$(BIN)/aidgraph demo --port $(PORT)

serve: $(VENV)/.runtime ## serve the API over what is loaded (PORT=8000)
	@$(BIN)/aidgraph serve --port $(PORT)

test: $(VENV)/.dev ## all tests, on the embedded engine and on a real Neo4j
	@$(BIN)/python -m tests.together -m "not soak" $(ARGS)

soak: $(VENV)/.dev ## the long tests: kills, full disks, many fuzz cases
	@$(BIN)/python -m tests.together -m soak --timeout 1200 $(ARGS)

check: $(VENV)/.dev ## formatting, lint and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/basedpyright --level error

format: $(VENV)/.dev ## format the code
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

docs: $(VENV)/.dev ## write the generated files anew: schema.graphql, docs/graph-model.md
	@$(BIN)/aidgraph schema > schema.graphql.new && mv schema.graphql.new schema.graphql
	@$(BIN)/aidgraph model > docs/graph-model.md.new && mv docs/graph-model.md.new docs/graph-model.md

answers: $(VENV)/.dev ## write the answers in docs/tutorial.md and docs/article.md anew, as the seed gives them
	@$(BIN)/python -m tests.pages

bench: $(VENV)/.dev ## timings, as ratios in one run
	@$(BIN)/python -m bench $(ARGS)

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --group build pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --group dev pyproject.toml --output-file requirements-dev.lock

clean: ## remove the virtual environment and the caches (never a store)
	rm -rf $(VENV) .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
