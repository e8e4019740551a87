# The commands of guidang. Every recipe is one bash script that stops at the first failure.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.DEFAULT_GOAL := help
.PHONY: help run test check live bench bench-formats screens mutants catalogue docs lock clean

# Without what Python keeps compiled, every start and every test run would compile all anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PYTHON ?= python3
WORKERS ?= auto
# Where the tests make their folders if it is there, may be written to, and has 4 GB left.
MEMORY := /dev/shm
# Its name carries what was installed: a changed lock file or package definition installs again.
INSTALLED := .venv/installed-$(shell cat requirements.lock pyproject.toml | cksum | tr -d ' ')

help: ## show this list
	awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(INSTALLED) ## start the archive on 127.0.0.1:8000; the first time sets everything up
	$(BIN)/python -m web.assets
	exec $(BIN)/guidang run

test: $(INSTALLED) ## every test that needs no server
	$(BIN)/python -m web.assets
	free=$$(df -Pk $(MEMORY) 2>/dev/null | awk 'NR == 2 {print $$4}') || true
	if [[ -z "$${TMPDIR:-}" && -w $(MEMORY) && "$${free:-0}" -ge 4000000 ]]; then
		export TMPDIR=$(MEMORY)
	fi
	exec $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile $(ARGS)

check: $(INSTALLED) ## format, lint, types, architecture, docs, licences
	$(BIN)/python -m web.assets
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	exec $(BIN)/python -m pytest -q tests/test_architecture.py tests/test_docs.py \
		tests/test_licences.py tests/test_packaging.py

live: $(INSTALLED) ## start the real servers and run contracts, the main job and the browser on them
	$(BIN)/python -m web.assets
	exec $(BIN)/python -m tests.live

bench: $(INSTALLED) ## measure; prints a table, writes JSON to bench-results/ (ARGS="--only worker")
	$(BIN)/python -m web.assets
	exec $(BIN)/python -m tests.bench $(ARGS)

bench-formats: $(INSTALLED) ## measure how files of other programs are read; table in docs/formats.md
	exec $(BIN)/python -m tests.formats $(ARGS)

screens: $(INSTALLED) ## photograph every page at 1440 and 390 px into screens/
	$(BIN)/python -m web.assets
	exec $(BIN)/python -m tests.screens $(ARGS)

mutants: $(INSTALLED) ## remove each guard in turn: the tests must notice
	exec $(BIN)/python -m tests.mutants $(ARGS)

catalogue: $(INSTALLED) ## collect the messages for translation
	exec $(BIN)/python -m web.assets extract

docs: $(INSTALLED) ## print settings and their like from the code into the documentation
	exec $(BIN)/python -m tests.docs

lock: ## pin every dependency again, with hashes and without addresses
	tools=$$(mktemp -d)
	trap 'rm -rf "$$tools"' EXIT
	$(PYTHON) -m venv "$$tools"
	"$$tools/bin/pip" install -q uv
	compile=("$$tools/bin/uv" pip compile pyproject.toml --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header -q)
	"$${compile[@]}" --extra dev -o requirements.lock $(ARGS)
	rm -f requirements-run.lock
	"$${compile[@]}" --constraint requirements.lock -o requirements-run.lock

clean: ## remove the environment and what was built; the data folder stays
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		screens bench-results web/static/icons.svg
	find web/translations -name '*.mo' -delete
	find . -name __pycache__ -prune -exec rm -rf {} +

$(INSTALLED):
	PYTHON=$(PYTHON) bash .ci/install
	touch $@
