# `make` lists the targets. Those that need packages set up .venv themselves, and only once:
# `demo` and `bench` install what the program needs, `demo-3d` MuJoCo too, the others the developer's
# tools as well.

DEMO = train multi-mnist-fast --digits bundled --seed 1 --out runs/demo
DEMO_3D = train single-object --steps 800 --evaluate-every 100 --save-every 100 --seed 1 \
	--out runs/demo-3d
UV   = uv==0.13.9

# The first Python that the locked requirements have wheels for, or PYTHON=... from the user.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' \
	>/dev/null 2>&1 && echo "$$p" && break; done)
BIN = .venv/bin
OPENGL = $(BIN)/python -c "from airscene.graphics.mujoco.context import make_context; make_context(8, 8)" \
	2>/dev/null
PIP = $(BIN)/python -m pip --disable-pip-version-check

.DELETE_ON_ERROR:
.PHONY: help demo demo-3d test test-slow test-package lint format bench tables docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: .venv/run.stamp ## train on the bundled digits from nothing (or go on, if interrupted)
	@if [ -e runs/demo/config.json ] && [ ! -e runs/demo/model.safetensors ]; \
	then $(BIN)/airscene $(DEMO) --resume; else rm -rf runs/demo; $(BIN)/airscene $(DEMO); fi

demo-3d: .venv/3d.stamp ## the same in 3-D: scenes as the bundled weights infer them, then a short training
	@$(OPENGL) || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		echo "Installing the OpenGL library that MuJoCo draws with" && apt-get -qq update && \
		{ apt-get -qq install -y libosmesa6 || apt-get -qq install -y libegl1 libgl1-mesa-dri; } \
		>/dev/null 2>&1; } || true
	@for model in tabletop-camera tabletop single-object; do \
		if [ ! -e src/airscene/weights/$$model.safetensors ]; \
		then echo "There are no bundled weights $$model yet: no picture of what they infer"; \
		else $(BIN)/airscene data $$model --n 8 --seed 7 --out runs/demo-3d-scenes/$$model.npz && \
			$(BIN)/airscene infer $$model runs/demo-3d-scenes/$$model.npz \
			--out runs/demo-3d-scenes/$$model.json --overlay runs/demo-3d-scenes || exit 1; fi; done
	@if [ -e runs/demo-3d/config.json ] && [ ! -e runs/demo-3d/model.safetensors ]; \
	then $(BIN)/airscene $(DEMO_3D) --resume; \
	else rm -rf runs/demo-3d; $(BIN)/airscene $(DEMO_3D); fi

test: .venv/dev.stamp ## run the tests
	@$(BIN)/python -m pytest -q -n 2 --dist loadscope

test-slow: .venv/dev.stamp ## run the tests that take minutes
	@$(BIN)/python -m pytest -q -m slow

test-package: .venv/dev.stamp ## build the package, install it into an empty folder and test it there
	@$(BIN)/python -m pytest -q -m slow tests/test_package.py

lint: .venv/dev.stamp ## check the style and the types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/basedpyright

format: .venv/dev.stamp ## correct the style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/run.stamp ## measure speed on this machine
	@$(BIN)/python -m airscene.app.benchmarks.bench --out results/bench.json

tables: .venv/run.stamp ## write the tables of results in the documents from results/*.json
	@$(BIN)/python -m airscene.paper.tables

docs: .venv/dev.stamp ## build the documentation into build/site
	@$(BIN)/mkdocs build --strict --quiet
	@echo "The documentation is in build/site/index.html"

lock: .venv/bin/pip ## write requirements*.txt anew from pyproject.toml
	@$(PIP) install -qq $(UV)
	@for lock in requirements.txt "requirements-3d.txt --extra 3d --constraint requirements.txt" \
		"requirements-dev.txt --all-extras --constraint requirements-3d.txt"; do \
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
.venv/3d.stamp: requirements-3d.txt
.venv/dev.stamp: requirements-dev.txt
.venv/%.stamp: pyproject.toml | .venv/bin/pip
	@echo "Installing the packages of $(filter requirements%,$^) into .venv (once, a minute or two)"
	@$(PIP) install -qq --require-hashes -r $(filter requirements%,$^)
	@$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@touch $@
