# The one door: `make demo`, `make test`, `make check`. Everything else is a part.
# A fresh machine needs python3 (3.11 or newer, with venv or pip), make and the
# package registries; nothing here needs root.

PORT ?= 8000
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
UV := $(shell command -v uv 2>/dev/null || echo $(VENV)-uv/bin/uv)

.DEFAULT_GOAL := help
.PHONY: help demo market-day clean-demo test test-browser walk services services-stop test-services test-elasticsearch-cluster check check-deployment format lock messages schema bench install backup restore drill clean

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## a living county on http://127.0.0.1:8000 (PORT=… for another)
	@PORT=$(PORT) $(RUN) -m shop.demo

market-day: $(VENV)/.runtime ## drive the running demo from a sentence to a ledger (lang=en or zh)
	@$(RUN) -m shop.demo.market_day $(if $(lang),--lang $(lang))

clean-demo: ## forget the demo's data and start over
	@$(PYTHON) tools/clean_demo.py

test: $(VENV)/.dev ## the tests on the embedded sizes
	@$(RUN) -m tools.messages compile
	@$(RUN) -m pytest -n 2 -m "not browser and not drill and not cluster and not services"

test-browser: $(VENV)/.browser ## the public pages and the market day in Chromium
	@$(RUN) -m tools.messages compile
	@$(RUN) -m pytest -m browser -p no:randomly tests/journeys

walk: $(VENV)/.browser ## the market day alone, with a picture of every page
	@$(RUN) -m tools.messages compile
	@$(RUN) -m pytest -m walk -p no:randomly tests/journeys

services: $(VENV)/.dev ## PostgreSQL, Redis, Elasticsearch for tests; prints how to reach them
	@$(RUN) -m tools.services start

services-stop: $(VENV)/.dev ## end exactly these, and forget their data
	@$(RUN) -m tools.services stop

test-services: services ## the tests that mind them (or TESTS="tests/shop/alipay tests/…")
	@$(RUN) -m tools.messages compile
	@$(RUN) -m tools.services use -- $(RUN) -m pytest -n 3 -m "not browser and not drill and not cluster and not once$(if $(TESTS),, and (services or both))" $(TESTS)

test-elasticsearch-cluster: $(VENV)/.dev ## a node with a password; three nodes of which one is killed
	@$(RUN) -m pytest -m cluster -p no:randomly tests/shop/discovery/test_nodes.py

check: $(VENV)/.dev ## style, types, directions, migrations, catalogues
	@$(RUN) -m tools.messages compile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@git ls-files 'templates/*.html' | xargs $(BIN)/djade --check --target-version 5.2
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(RUN) manage.py check --fail-level WARNING
	$(RUN) manage.py makemigrations --check --dry-run
	$(RUN) -m tools.messages check
	$(RUN) -m tools.schema check

check-deployment: $(VENV)/.dev ## compose.yaml, nginx's site and the units, judged by their programs
	@$(RUN) -m tools.deployment check

format: $(VENV)/.dev ## put the code into the house's form
	@$(BIN)/ruff check --fix-only -q . ; $(BIN)/ruff format -q .
	@git ls-files 'templates/*.html' | xargs $(BIN)/djade --target-version 5.2

messages: $(VENV)/.dev ## take new strings into both catalogues
	@$(RUN) -m tools.messages update

schema: $(VENV)/.dev ## write shop/config/schema.sql anew after a migration changed
	@$(RUN) -m tools.schema dump

install: export UV_COMPILE_BYTECODE = 1
install: $(VENV)/.runtime ## a server's checkout, new or newer: programs, catalogues, byte code
	@$(RUN) -m tools.messages compile
	@$(RUN) -m compileall -q partners logistics traceability shop tools

backup: $(VENV)/.runtime ## keep everything in a new folder (TO=… KEEP=14)
	@$(RUN) manage.py backup $(if $(TO),--to "$(TO)") $(if $(KEEP),--keep "$(KEEP)")

restore: $(VENV)/.runtime ## FROM=… into an empty place (AT=… WAL=… DATA=… IDENTITY=…)
	@$(RUN) manage.py restore "$(FROM)" $(if $(AT),--at "$(AT)") $(if $(WAL),--wal "$(WAL)") \
	  $(if $(DATA),--data "$(DATA)") $(if $(IDENTITY),--identity "$(IDENTITY)")

drill: $(VENV)/.dev ## back up, go on, restore to a moment: embedded, and on a PostgreSQL
	@$(RUN) -m pytest tests/shop/backups

bench: $(VENV)/.dev ## measure, each figure beside its baseline (ARGS="pages --products 100000")
	@$(RUN) -m bench $(ARGS)

lock: $(UV) ## compile pyproject.toml into the pinned requirements
	$(UV) pip compile -q --no-header --python-version 3.11 --upgrade pyproject.toml -o requirements.txt
	$(UV) pip compile -q --no-header --python-version 3.11 --upgrade --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	$(UV) pip compile -q --no-header --python-version 3.11 --upgrade --group dev --group browser -c requirements-dev.txt pyproject.toml -o requirements-browser.txt

clean: clean-demo ## clean-demo, and forget the environment too
	rm -rf $(VENV) $(VENV)-uv

# uv installs in seconds what pip needs minutes for; where it is missing it comes
# from the registry into a folder of its own.
$(VENV)-uv/bin/uv:
	@echo "Fetching uv …"
	@$(PYTHON) -m venv $(VENV)-uv 2>/dev/null \
	  && $(VENV)-uv/bin/pip install -q --disable-pip-version-check uv \
	  || { rm -rf $(VENV)-uv; $(PYTHON) -m pip install -q --disable-pip-version-check --target $(VENV)-uv uv; }

$(RUN): | $(UV)
	@$(UV) venv -q --python $(PYTHON) $(VENV)

$(VENV)/.runtime: requirements.txt | $(UV) $(RUN)
	@echo "Installing what Xiangji runs on …"
	@$(UV) pip install -q -p $(RUN) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(UV) $(RUN)
	@echo "Installing what the tests need …"
	@$(UV) pip install -q -p $(RUN) -r requirements-dev.txt
	@touch $@ $(VENV)/.runtime

$(VENV)/.browser: requirements-browser.txt | $(UV) $(RUN)
	@echo "Installing what the browser tests need …"
	@$(UV) pip install -q -p $(RUN) -r requirements-browser.txt
	@touch $@ $(VENV)/.dev $(VENV)/.runtime
