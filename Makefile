# Dragoman. `make help` lists what there is; `make` alone runs the tests.

SHELL := /bin/bash
.DEFAULT_GOAL := test

WEB_CONCURRENCY ?= 2
SECONDS ?= 3
CHINOOK ?=

# The first Python that is new enough; PYTHON=… chooses another.
NEW_ENOUGH := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c "$(NEW_ENOUGH)" 2>/dev/null && { command -v "$$p"; break; }; done)

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt
SOURCES := $(wildcard app.py wsgi.py) deploy crud sql bench tests

export WEB_CONCURRENCY CHINOOK
# Compiled modules are kept, whatever the shell says: tests and workers start many processes.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help install run test test-long smoke bench format check-config lint types layers check-format

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  Environment of make run: HOST PORT WEB_CONCURRENCY DATABASE_URL DRAGOMAN_CONFIG"
	@echo "                           DRAGOMAN_SECRET ADMIN_EMAIL ADMIN_PASSWORD"

install: .venv/.complete ## Create .venv with everything that running, tests and checks need

run: .venv/.runnable ## Prepare the database on first start, then serve with gunicorn
	@mkdir -p var
	@$(BIN)/python -m flask --app app prepare
	@exec $(BIN)/gunicorn --config deploy/gunicorn.conf.py wsgi:application

test: check-format lint types layers ## Check format, lint, types and layers, then run the tests (the default)
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not long"

test-long: .venv/.complete ## Run what takes longer (CHINOOK=folder adds the Chinook files)
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m long

smoke: .venv/.complete ## Ask a service behind nginx and gunicorn in every dialect (BASE_URL=… EMAIL=… PASSWORD=…: yours)
	@if [ -n "$${BASE_URL:-}" ]; then exec tests/smoke.sh; fi; \
		$(BIN)/python -m pytest -s tests/deploy/test_smoke.py -k every_dialect

bench: .venv/.complete ## Measure against a bare and a hand-written Flask view (SECONDS=3 each)
	@$(BIN)/python -m bench.run --seconds "$(SECONDS)"

format: .venv/.complete ## Rewrite the sources in the one format
	@$(BIN)/ruff check --quiet --fix-only $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

check-config: .venv/.runnable ## Say whether config.yml (or DRAGOMAN_CONFIG) is good
	@$(BIN)/python -m flask --app app config check

check-format: .venv/.complete
	@$(BIN)/ruff format --check --quiet $(SOURCES) \
		|| { echo "Not in the one format: run make format."; exit 1; }

lint: .venv/.complete ## Look for mistakes with ruff
	@$(BIN)/ruff check --quiet $(SOURCES)

types: .venv/.complete ## Check the types with mypy
	@$(BIN)/mypy

layers: .venv/.complete ## Check which room may import which
	@$(BIN)/lint-imports --no-cache > .venv/layers.txt || { cat .venv/layers.txt; exit 1; }

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Needs Python 3.11 or newer with its venv module."; exit 1; }
	@"$(PYTHON)" -m venv .venv

.venv/.runnable: requirements.txt constraints.txt | .venv/bin/python
	@echo "Installing into .venv …" >&2
	@$(PIP) --requirement requirements.txt
	@touch $@

.venv/.complete: requirements.txt requirements-dev.txt constraints.txt | .venv/bin/python
	@echo "Installing into .venv …" >&2
	@$(PIP) --requirement requirements-dev.txt
	@touch .venv/.runnable $@
