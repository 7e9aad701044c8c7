# Two commands are enough: `make run` and `make test`. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
export PORT ?= 8000
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Each of our many processes would compile our modules anew where a shell forbids it to keep them.
export PYTHONDONTWRITEBYTECODE :=
TESTS ?= tests
# One more than two cores: many tests wait, for a process to start or a lease to end.
JOBS ?= 3

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: run
run: $(VENV)/base.ready ## Set up, migrate, seed, poll feeds in the background, serve on PORT (8000)
	@$(MAKE) -s catalogues
	@DEBUG="$${DEBUG:-1}" exec $(BIN)/python manage.py run

.PHONY: test
test: $(VENV)/dev.ready ## Set up and run the whole suite (TESTS=… for a part, JOBS=… processes)
	@$(MAKE) -s catalogues
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(TESTS)

.PHONY: quick
quick: ## The suite without browsers, killed processes, trainings and sweeps over everything: two minutes on two cores
	@$(MAKE) -s test TESTS='tests -m "not slow and not browser"'

.PHONY: check
check: $(VENV)/dev.ready ## Linters, types, templates, migrations, security rules, locked requirements
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/djlint --quiet --lint scorecard tracker feeds
	$(BIN)/bandit -q -r feeds tracker scorecard -c pyproject.toml
	DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	DEBUG=1 $(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

.PHONY: map
map: $(VENV)/dev.ready ## Write the map of docs/architecture.md from the modules' docstrings
	@$(BIN)/python -m tests.house_map

.PHONY: evaluate
evaluate: $(VENV)/dev.ready ## Quality of tagging, grouping and the queue (FEED_CORPUS=DIR), from labelled articles
	@DEBUG=1 $(BIN)/python -m tests.evaluate

.PHONY: bench
bench: $(VENV)/dev.ready ## Speed of every part beside its peer (BENCH=… for one part)
	@DEBUG=1 $(BIN)/python -m tests.bench $(BENCH)

.PHONY: image
image: $(VENV)/dev.ready ## Build the image without a container engine (root, debootstrap, buildah), run the service in it
	@$(BIN)/python -m tests.operations.image

.PHONY: book
book: $(VENV)/dev.ready ## Type the commands of docs/operators.md on a bare Debian of its own (root, debootstrap; ten minutes)
	@BY_THE_BOOK=1 $(BIN)/python -m pytest -q tests/operations/test_by_the_book.py

.PHONY: chaos
chaos: $(VENV)/dev.ready ## Strike at every process and server while readers read; prints what was lost and how soon it was back
	@CHAOS_ROUNDS=28 $(BIN)/python -m pytest -q -s -n 0 --show-capture=no tests/operations/test_chaos.py

.PHONY: worker
worker: $(VENV)/base.ready ## A Celery worker and beat beside a web process (needs REDIS_URL)
	@exec $(BIN)/python manage.py worker

.PHONY: setup
setup: $(VENV)/dev.ready ## Virtual environment with everything, also for development

.PHONY: lock
lock: $(VENV)/dev.ready ## Pin the requirements anew, with hashes and without addresses
	$(BIN)/pip install -q uv
	for name in base dev errors fulltext mcp parquet xlsx; do \
	  $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    --python-version 3.11 requirements/$$name.in -o requirements/$$name.txt; done

.PHONY: audit
audit: $(VENV)/bin/python ## Known weaknesses of the locked packages; asks the package index, so no part of check
	@"$$(.ci/python)" -m venv .local/audit && .local/audit/bin/pip install -q pip-audit
	@for name in base dev; do .local/audit/bin/pip-audit --strict --require-hashes --disable-pip \
	  -r requirements/$$name.txt; done

.PHONY: pictures
pictures: $(VENV)/dev.ready ## The handbook's pictures anew, as the browser tests see the desk
	@PICTURES=docs/pictures $(BIN)/python -m pytest -q tests/browser/test_desk.py tests/browser/test_desk_axe.py -k "full_code or axe_and and light"

.PHONY: messages
messages: $(VENV)/dev.ready ## Collect words to translate into the catalogues
	for app in tracker feeds scorecard; do \
	  (cd $$app && DEBUG=1 ../$(BIN)/python ../manage.py makemessages -l zh_Hans --no-location --no-obsolete -v0); done

.PHONY: clean
clean: ## Remove the virtual environment and what tests left; the database in .local stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Set-up: the newest fitting Python, requirements checked against their hashes, catalogues compiled. Modules are compiled
# on all cores, which pip does on one; a package's template that is no Python is none of our errors.
COMPILE = $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true

$(VENV)/bin/python:
	@.ci/python > /dev/null
	@echo "Making a virtual environment with $$(.ci/python) …"
	@"$$(.ci/python)" -m venv $(VENV) || { \
	  echo "No virtual environment could be made in $(CURDIR)/$(VENV). Is this folder writable, and is the" \
	    "venv module of Python installed (Debian: python3-venv)?" >&2; rm -rf $(VENV); exit 1; }

# A machine of one's own has room for the extras.
$(VENV)/base.ready: requirements/base.txt requirements/fulltext.txt requirements/parquet.txt requirements/xlsx.txt | $(VENV)/bin/python
	@echo "Installing $$(grep -c == requirements/base.txt) pinned packages, about a minute …"
	@$(BIN)/pip install -q --no-compile --require-hashes --only-binary :all: -r requirements/base.txt \
	  -r requirements/fulltext.txt -r requirements/parquet.txt -r requirements/xlsx.txt
	@$(COMPILE)
	@$(MAKE) -s catalogues
	@touch $@

$(VENV)/dev.ready: requirements/dev.txt | $(VENV)/bin/python
	@echo "Installing $$(grep -c == requirements/dev.txt) pinned packages, about two minutes …"
	@$(BIN)/pip install -q --no-compile --require-hashes -r requirements/dev.txt
	@$(COMPILE)
	@$(MAKE) -s catalogues
	@touch $@ $(VENV)/base.ready

CATALOGUES := $(patsubst %.po,%.mo,$(wildcard */locale/*/LC_MESSAGES/django.po))

.PHONY: catalogues
catalogues: $(CATALOGUES) ## Compile the Chinese catalogues

%.mo: %.po
	@$(BIN)/pybabel -q compile -i $< -o $@ -l zh_Hans
