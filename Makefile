# Aliases only. `make demo` and `make test` make the environment when it is missing; nothing else is needed.

DATASET ?= complete_journey
PYTHON ?= $(shell for p in python3.12 python3.11 python3 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
RAPPORT_HOME ?= $(CURDIR)/var
export RAPPORT_HOME
# What serving costs the simulated retailer; a real one's drops don't say.
ifeq ($(DATASET),simulated)
RAPPORT_COST_PER_MINUTE ?= 0.40
RAPPORT_COST_PER_RETURN ?= 4
export RAPPORT_COST_PER_MINUTE RAPPORT_COST_PER_RETURN
endif
# Some machines forbid writing bytecode; without it every start costs seconds more.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test nightly airflow lint bench docs clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 12

setup: .venv/.ready ## make .venv from the lock and byte-compile it

.venv/.ready: requirements.txt requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it or say where: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; }
	@echo "Making the environment in .venv (a few minutes the first time) …"
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt -r requirements-dev.txt
	-@$(BIN)/python -m compileall -q -j 0 .venv/lib
	@touch $@

demo: setup ## a year of real data, from raw files to published offers, through Airflow [DATASET=online_retail or simulated]
	@as_of=$$($(BIN)/python -m datasets demo $(DATASET)) && bin/airflow night $$as_of && $(BIN)/python -m pipeline summary

nightly: setup ## the night without Airflow: make nightly DATE=2018-01-01
	@$(BIN)/python -m pipeline nightly --date $(DATE)

airflow: setup ## Airflow on 127.0.0.1, with the DAG
	@bin/airflow serve

test: setup ## every test, two files at a time
	@$(BIN)/python -m pytest -n 2 --dist loadfile

lint: setup ## ruff and sqlfluff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/sqlfluff lint dbt_project/models

bench: setup ## speed beside peers, as Markdown [BENCH="load --lines 5000000"]
	@$(BIN)/python -m bench $(BENCH)

docs: setup ## docs/data-dictionary.md anew, from the descriptions of the models
	@$(BIN)/python -m pipeline dictionary

clean: ## remove the environment and the demo's state
	rm -rf .venv var
