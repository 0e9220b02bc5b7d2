# Every target sets up what it needs in .venv; a second run finds it there.

PYTHON ?= python3
PY := .venv/bin/python
INSTALLED := .venv/.installed
ARGS ?=
# Tests wait for processes and browsers a good part of their time: one more than there are cores, up to four.
TEST_PROCESSES ?= $(shell $(PYTHON) -c "import os; print(min(4, (os.cpu_count() or 1) + 1))")

# The settings want a database and a key to be named; checks use neither.
CHECKS := DATABASE_URL=postgresql:///none SECRET_KEY='settings are read, and nothing is signed with it'
# A database of its own to compare models and migrations with.
SCRATCH := ORRA_DATA_DIR=.venv/scratch

# What the wheel needs of this repository is not in an index.
OURS := --find-links dist --no-emit-package orra-client --no-emit-package orra-minilm

.PHONY: help demo up test fuzz bench chaos versions containers alerts machines docs models screenshots lint format lock wheel wheel-check audit clean

help:
	@echo "make demo    start everything, plan a few requests of a small shop, show what happened, stop"
	@echo "make up      start everything and stay (PORT, ORRA_DATA_DIR, DATABASE_URL, … as in docs/settings.md)"
	@echo "make test    the tests        (ARGS='-k name' chooses)"
	@echo "make fuzz    strange requests, made of the API's description   (ARGS='--examples 100 --seconds 900')"
	@echo "make bench   the measurements"
	@echo "make chaos   faults, one at a time, while clients are at work; ten minutes (ARGS='--seed 7 --rounds 20 --faults worker,broker')"
	@echo "make versions  the release before and this code side by side, there and back (ARGS='--changes 4'); minutes each"
	@echo "make containers  the image and deploy/compose.yaml, built, run and looked at, with docker or podman   (ARGS=--help)"
	@echo "make alerts  what Prometheus' own promtool says of the alert rules"
	@echo "make machines  several hosts on one network, cut off and lost; needs root (ARGS='--setups rabbitmq --faults cut')"
	@echo "make models  small models with real weights, and a server for them (1.6 GB), for make bench ARGS=real_models"
	@echo "make docs    the pages of docs/ as a site, in build/site"
	@echo "make screenshots  pictures of the admin's pages, as its browser tests meet them, in .data/screenshots"
	@echo "make lint    style, types, direction of imports, migrations"
	@echo "make format  put the style right"
	@echo "make lock    choose new versions of all packages and pin them"
	@echo "make wheel   orra as wheels, in dist/"
	@echo "make wheel-check  the wheels in a new environment: demo, start, readiness, stop (needs the package index)"
	@echo "make audit   which pinned packages are known to be vulnerable (asks a service on the internet)"
	@echo "make clean   remove .venv and the embedded data"

demo: $(INSTALLED)
	@$(PY) -m orra demo $(ARGS)

up: $(INSTALLED)
	@$(PY) -m orra up $(ARGS)

test: $(INSTALLED) .venv/generators/.installed
	@$(PY) -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(ARGS)

fuzz: $(INSTALLED) .venv/fuzzing/.installed
	@$(PY) -m fuzzing $(ARGS)

# Of versions of their own: what makes requests, or clients of the API's description, shares no package with what answers.
.venv/fuzzing/.installed: fuzzing/requirements.lock
.venv/generators/.installed: tests/clients/generated/requirements.lock
.venv/fuzzing/.installed .venv/generators/.installed: $(INSTALLED)
	@$(PY) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes -r $(filter %requirements.lock,$^)
	@touch $@

bench: $(INSTALLED)
	@$(PY) -m benchmarks $(ARGS)

chaos: $(INSTALLED)
	@$(PY) -m chaos $(ARGS)

versions: $(INSTALLED)
	@$(PY) -m versions $(ARGS)

containers: $(INSTALLED)
	@$(PY) -m containers $(ARGS)

alerts:
	@command -v promtool >/dev/null || \
		{ echo "promtool is missing: on Debian and Ubuntu it is in the package prometheus (--no-install-recommends)."; exit 1; }
	@promtool check rules deploy/observability/alerts.yaml
	@promtool check config --syntax-only deploy/observability/prometheus.yml
	@promtool test rules deploy/observability/alerts.test.yaml

# RabbitMQ and PgBouncer are Debian's: a setup without its package says so and is left out.
machines: $(INSTALLED)
	@$(PY) -m machines $(ARGS)

models: $(INSTALLED)
	@$(PY) -m benchmarks.planning.models

docs: $(INSTALLED)
	@$(PY) -m properdocs build --quiet --strict --config-file properdocs.yml
	@echo "The site is in build/site: open build/site/index.html."

screenshots: $(INSTALLED)
	@mkdir -p .data/screenshots
	@SCREENSHOTS=$(CURDIR)/.data/screenshots $(PY) -m pytest --quiet --numprocesses $(TEST_PROCESSES) \
		--dist loadfile $(wildcard tests/admin/test_browser*.py) $(ARGS)
	@echo "The pictures are in .data/screenshots."

lint: $(INSTALLED)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet . || { echo "Run 'make format'."; exit 1; }
	@$(CHECKS) $(PY) -m mypy .
	@.venv/bin/lint-imports --no-logo
	@$(SCRATCH) $(PY) manage.py makemigrations --check --dry-run

format: $(INSTALLED)
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format .

lock: wheel
	@.venv/bin/uv pip compile pyproject.toml requirements.in --quiet --upgrade --generate-hashes --no-emit-index-url --no-header \
		--override requirements.overrides --python-version 3.11 --universal $(OURS) -o requirements.lock
	@.venv/bin/uv pip compile deploy/requirements.in --quiet --upgrade --generate-hashes --no-emit-index-url --no-header \
		--override requirements.overrides --constraint requirements.lock --python-version 3.11 --universal \
		-o deploy/requirements.lock

wheel: $(INSTALLED)
	@$(PY) wheels/build.py

wheel-check: wheel
	@$(PY) wheels/check.py $(ARGS)

# Not in CI: it takes the advisories of osv.dev, and what they say changes without a change here.
audit: $(INSTALLED)
	@.venv/bin/uv tool run --quiet pip-audit==2.9.0 --vulnerability-service osv --disable-pip --require-hashes \
		--requirement requirements.lock $(ARGS)

clean:
	rm -rf .venv .data dist clients/typescript/node_modules clients/typescript/.node

$(INSTALLED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "orra needs Python 3.11 or newer: run make PYTHON=python3.12 (or wherever it is)."; exit 1; }
	@echo "Installing the pinned packages into .venv (once, about 420 MB) …"
	@$(PYTHON) -m venv .venv || \
		{ echo "Python's venv module does not work here; on Debian and Ubuntu it is in the package python3-venv."; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes -r requirements.lock
	@touch $@
