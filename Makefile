# Every command of the project. Each target sets up what it needs and then only calls plain tools.
PYTHON ?= python3
RUN := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo demo-slots demo-bookings sandbox test test-fast check year fuzz bench chaos package audit openapi infra lock clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: .venv/ready node_modules/ready ## Watch meetings of a simulated tenant arrive at a partner (ICS=file.ics plays a file)
	@$(RUN) -m sandbox.demo $(if $(ICS),--ics "$(ICS)")

demo-slots: .venv/ready node_modules/ready ## A customer books an agent in a conversation, while fifty others want the same
	@$(RUN) -m sandbox.demo.slots

demo-bookings: .venv/ready node_modules/ready ## Watch tickets become appointments in Microsoft Bookings, never twice
	@$(RUN) -m sandbox.demo.bookings

sandbox: .venv/ready node_modules/ready ## The same sandbox, left running for you to play with
	@$(RUN) -m sandbox

test: .venv/ready node_modules/ready ## All tests
	$(RUN) -m pytest -q -n 3 --dist loadfile

# Compiled tests are kept, also where the environment says not to: the next run starts seconds earlier.
test-fast: export PYTHONDONTWRITEBYTECODE =
test-fast: .venv/ready ## The tests that start no server: within a minute
	EXAMPLES_SHARE=0.1 $(RUN) -m pytest -q -n 2 --dist worksteal -p no:schemathesis -m 'not server' tests/unit tests/properties tests/architecture

check: .venv/ready ## Style, types and import directions
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache

year: .venv/ready ## A simulated year of two hundred subscriptions (a few minutes)
	@$(RUN) -m tests.simulation

fuzz: .venv/ready node_modules/ready ## Generated input: every parser, and the whole API against a sandbox (minutes; EXAMPLES=300 for many more)
	@$(RUN) -m tests.fuzz $(if $(EXAMPLES),--examples $(EXAMPLES))

bench: .venv/ready node_modules/ready ## Speed, as ratios measured side by side
	@$(RUN) -m tests.bench

chaos: .venv/ready node_modules/ready ## Kills, faults and outages under load, and the account of every change (SEED=, CHANGES=; 10 minutes)
	@$(RUN) -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(CHANGES),--changes $(CHANGES))

package: .venv/ready ## The zip that is deployed and its bill of materials: dist/calendar-relay.zip, .cdx.json
	@$(RUN) -m tools.package

audit: .venv/ready ## Known vulnerabilities of the pinned requirements, where their database can be reached
	@$(RUN) -m tools.audit

openapi: .venv/ready ## shared/openapi.json, which is served, and its copy in docs/, from the models and the routes
	@$(RUN) -m tools.openapi

infra: .venv/ready ## What is checked of infra/ without Azure: Bicep (BICEP_LINT=bicep_lint.py), checkov where it is installed, tests
	@if [ -n "$(BICEP_LINT)" ]; then $(PYTHON) "$(BICEP_LINT)" infra/ --strict; else echo "no BICEP_LINT: az bicep build --file infra/main.bicep does the same"; fi
	@if [ -x .venv-checkov/bin/checkov ]; then .venv-checkov/bin/checkov --config-file .checkov.yaml; else echo "no checkov: make .venv-checkov/ready"; fi
	$(RUN) -m pytest -q tests/architecture

lock: .venv/ready ## Pin the newest versions of all dependencies, with their hashes
	.venv/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header requirements.in -o requirements.txt
	.venv/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header requirements-dev.in -c requirements.txt -o requirements-dev.txt
	.venv/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header requirements-cli.in -c requirements-dev.txt -o requirements-cli.txt

clean: ## Remove everything that can be made again
	rm -rf .venv .venv-checkov node_modules dist sandbox/.generated .pytest_cache .mypy_cache .ruff_cache .hypothesis

# uv installs several times faster; where it cannot be had, pip does the same from the same hashes.
.venv/ready: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.13 …" if sys.version_info < (3, 11) else 0)'
	test -x $(RUN) || $(PYTHON) -m venv .venv
	$(RUN) -m pip install --quiet uv || echo "uv cannot be had: pip will do"
	if [ -x .venv/bin/uv ]; then .venv/bin/uv pip install --quiet --python $(RUN) --compile-bytecode --require-hashes -r requirements-dev.txt; \
	  else $(RUN) -m pip install --quiet --require-hashes -r requirements-dev.txt; fi
	touch $@

# In an environment of its own: it brings more packages than everything else together.
.venv-checkov/ready:
	$(PYTHON) -m venv .venv-checkov
	.venv-checkov/bin/python -m pip install --quiet checkov==3.3.30
	touch $@

node_modules/ready: package.json package-lock.json .venv/ready
	@command -v npm >/dev/null || { echo "Node.js 20 or newer is needed: Azurite, the storage of the sandbox, runs on it"; exit 1; }
	npm ci --silent --ignore-scripts
	touch $@
