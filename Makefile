# The two commands of the README are `make demo` and `make test`; everything they need they install into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Installed again only when what is asked for changes.
STAMP := $(VENV)/.installed

.PHONY: demo test chaos chaos-long lint format bench bench-search screenshots clean

demo: $(STAMP)  ## Start everything, search a small model, show the winner, stop everything.
	$(BIN)/tuner demo

test: $(STAMP) lint  ## Linters, types, the floors of the house, every test.
	$(BIN)/python -m pytest -n 3 --dist worksteal

chaos: $(STAMP)  ## Kill, stop, cut and fill everything once, on SQLite and Postgres; lose nothing. Under 5 minutes.
	$(BIN)/python -m tests.chaos

# Arguments of one's own: make chaos-long CHAOS="--kills 1000 --database postgres --seed 7"
CHAOS ?= --kills 1000 --races 1000 --seconds 5400
chaos-long: $(STAMP)  ## A thousand kills on each database, and the rest once more.
	$(BIN)/python -m tests.chaos $(CHAOS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)  ## The claims of speed, each a ratio measured in one run.
	$(BIN)/python -m benchmarks

# Arguments of one's own: make bench-search BENCH_SEARCH="--problems network --seeds 20"
BENCH_SEARCH ?=
bench-search: $(STAMP)  ## The search beside Optuna's and KerasTuner's, into docs/search-benchmark.md. Under 30 minutes.
	$(BIN)/python -m benchmarks.search $(BENCH_SEARCH)

screenshots: $(STAMP)  ## Every page at both widths and in both themes, into build/screenshots.
	$(BIN)/python -m tests.browser.screenshots

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "tuner_service needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[worker,dev]'
	@touch $@
