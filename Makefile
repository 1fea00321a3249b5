# Every target sets up what it needs. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
SCALE ?= short
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
FLASK := $(BIN)/flask
SITES := examples/sites/comp/.venv/.ready examples/sites/phys/.venv/.ready
CATALOGUES := $(wildcard */translations/*/LC_MESSAGES/*.po consortium/kernel/translations/*/LC_MESSAGES/*.po)

# Every start of a process is a second quicker with compiled modules kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help env run serve work db test check browser interop conformance bench fix clean

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

env: .venv/.ready ## Make the environment in .venv.

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed: apt-get install python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "The module venv is missing: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.ready: .venv/bin/python pyproject.toml constraints.txt $(CATALOGUES)
	$(PIP) --editable ".[test]"
	$(BIN)/python tools/translations.py --compile
	@touch $@

.venv/.check: .venv/.ready
	$(PIP) --editable ".[test,check]"
	@touch $@

.venv/.browser: .venv/.ready
	$(PIP) --editable ".[test,browser]"
	@touch $@

examples/sites/%/.venv/.ready: examples/sites/%/requirements.txt .venv/bin/python
	$(PYTHON) -m venv examples/sites/$*/.venv
	examples/sites/$*/.venv/bin/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --requirement $<
	@touch $@

run: .venv/.ready $(SITES) ## Run everything with the demo on http://localhost:$(PORT).
	@exec $(BIN)/python tools/run.py --port $(PORT)

serve: .venv/.ready ## Run the web processes on the configured database.
	@exec $(FLASK) consortium serve --port $(PORT)

work: .venv/.ready ## Run a worker on the configured database.
	@exec $(FLASK) consortium work

db: .venv/.ready ## Bring the configured database to the newest schema.
	@$(FLASK) consortium schema upgrade

test: .venv/.ready $(SITES) ## Run every test on SQLite and on PostgreSQL.
	@$(BIN)/python tools/test.py

check: .venv/.check ## Check style, types, imports and generated pages.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python tools/translations.py --check
	$(BIN)/python tools/documents.py --check

fix: .venv/.check ## Mend style and write generated pages.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python tools/documents.py

browser: .venv/.browser $(SITES) ## Run the stories in Chromium.
	@$(BIN)/python tools/test.py --browser

interop: .venv/.ready $(SITES) ## Run other people's clients against a node.
	@$(BIN)/python tools/test.py --interop

conformance: .venv/.ready ## Send generated requests to all that the API describes.
	@$(BIN)/python tools/test.py tests/conformance

bench: .venv/.ready ## Measure: make bench [ONLY=name] [SCALE=short|full].
	@$(BIN)/python -m tests.bench --scale $(SCALE) $(if $(ONLY),--only $(ONLY))

clean: ## Remove environments and built files; data in var/ stay.
	rm -rf .venv examples/sites/*/.venv build dist *.egg-info
