# Needs make and Python 3.11 or newer with its venv module, nothing else.

# The first of these that is new enough makes .venv; name yours with make PYTHON=/path/to/python
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
VENV := .venv
PY := $(VENV)/bin/python
PYTEST := $(PY) -m pytest -n 2

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check bench crashes docs incidents format pins clean storm

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 18

demo: $(VENV)/.demo ## The campaign of January 2021 on real figures, in a minute or two (SCALE=1 plays it whole)
	@$(VENV)/bin/crs demo

test: $(VENV)/.dev ## Every test, PostgreSQL included; ARGS go to pytest
	@$(PYTEST) $(ARGS)

check: $(VENV)/.dev ## Format, lint, types, floors and the quick tests, in under a minute
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-logo
	@HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-quick} $(PYTEST) -m "not slow" $(ARGS)

bench: $(VENV)/.dev ## What the library costs against the same work by hand
	@PYTHONPATH=. $(PY) tests/benchmarks/run.py $(ARGS)

docs: $(VENV)/.dev ## These pages as HTML, in build/docs; a warning is an error
	@$(PY) -m sphinx -W --keep-going -q -d build/doctrees docs build/docs
	@echo "build/docs/index.html"

incidents: $(VENV)/.dev ## The failures of the first week, in the old way and here, a line each
	@$(PY) -m examples.incidents

crashes: $(VENV)/.dev ## Kills loaded workers, CRASHES=200 on each database, and judges what they leave behind
	@CRASHES=$${CRASHES:-200} $(PY) -m pytest -q -n 0 -s tests/integration/test_crashes.py -k told $(ARGS)

storm: $(VENV)/.dev ## Ten thousand weeks of a small town with every vendor hostile (ARGS="--weeks 500 --first 20000")
	@PYTHONPATH=. $(PY) tests/storm.py $(ARGS)

format: $(VENV)/.dev ## Format the code and mend what the linter can
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

pins: $(VENV)/.dev ## Write what is installed now to constraints.txt
	@{ sed -n '/^#/p' constraints.txt; $(PY) -m pip freeze --exclude-editable; } > $(VENV)/pins
	@mv $(VENV)/pins constraints.txt

clean: ## Remove caches and build products; .venv stays
	@rm -rf .benchmarks .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	@find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

# Each stamp says which extras are installed. Twice quiet: pip prints errors, no advice on its version, user and cache.
install = $(PY) -m pip install -qq --disable-pip-version-check -c constraints.txt -e

$(VENV)/.demo: pyproject.toml constraints.txt | $(PY)
	@echo "Installing what the demo needs into $(VENV) ..."
	@$(install) '.[demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(PY)
	@echo "Installing what tests and checks need into $(VENV): about a minute the first time ..."
	@$(install) '.[dev]'
	@touch $@ $(VENV)/.demo

$(PY):
	@for python in $(PYTHON); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	done; \
	if [ -z "$$python" ]; then \
	  echo 'crs needs Python 3.11 or newer. Looked for: $(PYTHON). Name yours: make PYTHON=/path/to/python' >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$python lacks its venv module. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version) ..."; \
	"$$python" -m venv --clear $(VENV)
