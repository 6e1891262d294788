# `make` lists the targets. Those that need packages set up .venv themselves, and only once:
# `demo` and `bench` install what the program needs, the others the developer's tools as well.

DEMO = train multi-mnist-fast --digits bundled --seed 1 --out runs/demo
UV   = uv==0.13.9

# The first Python that the locked requirements have wheels for, or PYTHON=... from the user.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' \
	>/dev/null 2>&1 && echo "$$p" && break; done)
BIN = .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check

.DELETE_ON_ERROR:
.PHONY: help demo test test-slow lint format bench tables docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

demo: .venv/run.stamp ## train on the bundled digits from nothing (or go on, if interrupted)
	@if [ -e runs/demo/config.json ] && [ ! -e runs/demo/model.safetensors ]; \
	then $(BIN)/airscene $(DEMO) --resume; else rm -rf runs/demo; $(BIN)/airscene $(DEMO); fi

test: .venv/dev.stamp ## run the tests
	@$(BIN)/python -m pytest -q

test-slow: .venv/dev.stamp ## run the tests that take minutes
	@$(BIN)/python -m pytest -q -m slow

lint: .venv/dev.stamp ## check the style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: .venv/dev.stamp ## mend the style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/run.stamp ## measure speed on this machine
	@$(BIN)/python -m airscene.app.bench --out results/bench.json

tables: .venv/run.stamp ## write the tables of results into the README and REPRODUCTION.md from results/*.json
	@$(BIN)/python -m airscene.experiments.tables

docs: .venv/dev.stamp ## build the documentation into build/site
	@$(BIN)/mkdocs build --strict --quiet
	@echo "The documentation is in build/site/index.html"

lock: .venv/bin/pip ## write requirements*.txt anew from pyproject.toml
	@$(PIP) install -qq $(UV)
	@for lock in requirements.txt "requirements-dev.txt --all-extras --constraint requirements.txt"; do \
		sed -n 's/^requires = \["\(.*\)"\]/\1/p' pyproject.toml | $(BIN)/uv pip compile --quiet \
		--python-version 3.11 --universal --fork-strategy fewest --generate-hashes --no-annotate \
		--upgrade --custom-compile-command "make lock" pyproject.toml - --output-file $$lock \
		|| exit 1; done

clean: ## remove everything that make made, runs aside
	@rm -rf .venv build dist .hypothesis .pytest_cache .ruff_cache
	@find src tests docs -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/pip:
	@test -n "$(PYTHON)" || { echo "airscene needs Python 3.11 to 3.14: install it," \
		"or name it with make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual" \
		"environments: on Debian or Ubuntu, apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv --clear .venv

.venv/run.stamp: requirements.txt
.venv/dev.stamp: requirements-dev.txt
.venv/%.stamp: pyproject.toml | .venv/bin/pip
	@echo "Installing the packages of $(filter requirements%,$^) into .venv (once, a minute or two)"
	@$(PIP) install -qq --require-hashes -r $(filter requirements%,$^)
	@$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@touch $@
