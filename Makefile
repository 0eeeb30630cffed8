# All commands of the project. Each target installs what it needs first.
PYTHON ?= python3
RUN := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo demo-slots demo-bookings demo-dispatch sandbox test test-fast test-long check year year-upgrade dataverse-run fuzz bench chaos plants mutants package wheel audit openapi infra lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: .venv/ready node_modules/ready ## Demo: meetings of a simulated tenant arrive at a partner (ICS=file.ics plays a file)
	@$(RUN) -m sandbox.demo $(if $(ICS),--ics "$(ICS)")

demo-slots: .venv/ready node_modules/ready ## Demo: a customer books an agent, while fifty others try to book the same slot
	@$(RUN) -m sandbox.demo.slots

demo-bookings: .venv/ready node_modules/ready ## Demo: tickets become appointments in Microsoft Bookings, never twice
	@$(RUN) -m sandbox.demo.bookings

demo-dispatch: .venv/ready node_modules/ready ## Demo: a day of a dispatcher and two technicians, Dynamics 365 and Outlook in step
	@$(RUN) -m sandbox.demo.dispatch

sandbox: .venv/ready node_modules/ready ## Start the sandbox of the demos and leave it running
	@$(RUN) -m sandbox

test: .venv/ready node_modules/ready .venv-runtime/ready dist/wheels/ready ## All tests except those of test-long (minutes)
	EXAMPLES_SHARE=0.1 $(RUN) -m pytest -q -n 4 --dist loadgroup --no-loadscope-reorder -m 'not long'

test-long: .venv/ready node_modules/ready dist/wheels/ready ## Slow tests: all examples, demos, chaos, generated input, a year (about an hour)
	$(RUN) -m pytest -q -n 2 --dist loadgroup --no-loadscope-reorder -m long
	$(RUN) -m pytest -q -n 2 tests/properties
	@$(MAKE) fuzz chaos year year-upgrade

# Writes bytecode even if the environment disables it: the next run starts seconds earlier.
test test-fast: export PYTHONDONTWRITEBYTECODE =
test-fast: .venv/ready dist/wheels/ready ## The tests of make test that start no server, in three minutes
	EXAMPLES_SHARE=0.1 $(RUN) -m pytest -q -n 2 --dist worksteal -p no:schemathesis -m 'not server and not long' tests/unit tests/properties tests/architecture

check: .venv/ready node_modules/ready ## Style, types, import directions, and the OpenAPI document
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	MYPYPATH=docs/examples .venv/bin/mypy docs/examples
	.venv/bin/lint-imports --no-cache
	REDOCLY_TELEMETRY=off node_modules/.bin/redocly lint docs/openapi.json
	node_modules/.bin/spectral lint --fail-severity=hint docs/openapi.json

year: .venv/ready ## Simulate a year of two hundred subscriptions (SEED=, DAYS=, SUBSCRIPTIONS=, UPGRADE=1; ten minutes)
	@$(RUN) -m tests.simulation $(if $(SEED),--seed $(SEED)) $(if $(DAYS),--days $(DAYS)) \
	  $(if $(SUBSCRIPTIONS),--subscriptions $(SUBSCRIPTIONS)) $(if $(UPGRADE),--upgrade)

year-upgrade: ## Simulate forty days of 2,500 subscriptions with an upgrade in them (SEED=; ten minutes)
	@$(MAKE) year SUBSCRIPTIONS=2500 DAYS=40 UPGRADE=1

dataverse-run: .venv/ready ## What 5,000 pairs of the feature dataverse cost in calls (PAIRS=, RESOURCES=, CHANGES=, FOREIGN=; ten minutes)
	@$(RUN) -m tests.dataverse_run $(if $(PAIRS),--pairs $(PAIRS)) $(if $(RESOURCES),--resources $(RESOURCES)) \
	  $(if $(CHANGES),--changes $(CHANGES)) $(if $(FOREIGN),--foreign $(FOREIGN))

fuzz: .venv/ready node_modules/ready ## Generated input for every parser and the whole API (minutes; EXAMPLES=300 for many more)
	@$(RUN) -m tests.fuzz $(if $(EXAMPLES),--examples $(EXAMPLES))

bench: .venv/ready node_modules/ready dist/wheels/ready ## Benchmarks, as ratios of variants measured side by side
	@$(RUN) -m tests.bench

chaos: .venv/ready node_modules/ready ## Kills, faults, outages under load (SEED=, CHANGES=; 10 minutes); random schedules (RANDOM=2h)
	@$(RUN) -m $(if $(RANDOM),tests.schedules --random $(RANDOM),tests.chaos $(if $(CHANGES),--changes $(CHANGES))) \
	  $(if $(SEED),--seed $(SEED))

plants: .venv/ready node_modules/ready ## Planted faults that random runs must find: 12 and 14 of forty each (PLANT_SEED=; ALL=1: all; ONLY=deliveries)
	@$(foreach machine,$(or $(ONLY),schedules deliveries),$(if $(PLANT_SEED),PLANT_SEED=$(PLANT_SEED)) \
	  $(RUN) -m tests.$(machine).plant_runs $(if $(ALL),--all) &&) true

mutants: .venv/ready node_modules/ready ## Mistakes in the code that keeps subscriptions, one at a time: which tests notice (ONLY=; ten minutes)
	@$(RUN) -m tests.mutants $(if $(ONLY),--only $(ONLY))

package: .venv/ready dist/wheels/ready ## Build the zip to deploy and its bill of materials: dist/calendar-relay.zip, .cdx.json
	@$(RUN) -m tools.package

wheel: .venv/ready ## Build the wheel of the command line: dist/wheel/calendar_relay_admin-VERSION-py3-none-any.whl
	@rm -rf dist/wheel
	@$(RUN) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist/wheel .
	@ls dist/wheel/*.whl

audit: .venv/ready ## Check the pinned requirements for known vulnerabilities (MUST_ANSWER=1: fail if their database is unreachable)
	@$(RUN) -m tools.audit $(if $(MUST_ANSWER),--must-answer)

openapi: .venv/ready ## Generate shared/openapi.json, which the relay serves, its copy in docs/, and the codes of docs/errors.md
	@$(RUN) -m tools.openapi
	@$(RUN) -m tools.errors

infra: .venv/ready node_modules/ready ## Check infra/ without Azure: Bicep (BICEP_LINT=bicep_lint.py), checkov if installed, KQL, tests
	@if [ -n "$(BICEP_LINT)" ]; then $(PYTHON) "$(BICEP_LINT)" infra/ --strict; else echo "no BICEP_LINT: az bicep build --file infra/main.bicep does the same"; fi
	@if [ -x .venv-checkov/bin/checkov ]; then $(RUN) -m tools.checkov; else echo "no checkov: make .venv-checkov/ready"; fi
	$(RUN) -m tools.kql
	$(RUN) -m pytest -q tests/architecture

lock: .venv/ready ## Pin the newest versions of all dependencies, with hashes
	.venv/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header requirements.in -o requirements.txt
	.venv/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header requirements-dev.in -c requirements.txt -o requirements-dev.txt
	.venv/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header requirements-cli.in -c requirements-dev.txt -o requirements-cli.txt
	.venv/bin/uv pip compile -q --upgrade --python-version 3.13 --python-platform x86_64-manylinux_2_28 --generate-hashes \
	  --no-emit-index-url --no-header requirements.in -c requirements.txt -o requirements-app.txt
	.venv/bin/uv pip compile -q --upgrade --universal --python-version 3.13 --generate-hashes --no-emit-index-url \
	  --no-header requirements-runtime.in -c requirements.txt -o requirements-runtime.txt
	for tool in uv checkov pipx; do echo $$tool | .venv/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate - -o requirements-$$tool.txt || exit 1; done

clean: ## Remove everything that can be rebuilt
	rm -rf .venv .venv-checkov .venv-runtime node_modules dist sandbox/.generated .pytest_cache .mypy_cache .ruff_cache .hypothesis

# uv is several times faster; without it, pip installs the same from the same hashes.
.venv/ready: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.13 …" if sys.version_info < (3, 11) else 0)'
	test -x $(RUN) || $(PYTHON) -m venv .venv
	$(RUN) -m pip install --quiet --require-hashes -r requirements-uv.txt || echo "uv is not available: using pip"
	if [ -x .venv/bin/uv ]; then .venv/bin/uv pip install --quiet --python $(RUN) --compile-bytecode --require-hashes -r requirements-dev.txt; \
	  else $(RUN) -m pip install --quiet --require-hashes -r requirements-dev.txt; fi
	touch $@

# The wheels that the package carries, for Python 3.13 on Linux, from the pinned hashes (docs/package.md).
dist/wheels/ready: requirements-app.txt | .venv/ready
	@$(RUN) -m tools.package --wheels

# A separate environment: checkov has more dependencies than the whole project.
.venv-checkov/ready: requirements-checkov.txt
	$(PYTHON) -m venv .venv-checkov
	.venv-checkov/bin/python -m pip install --quiet --require-hashes -r requirements-checkov.txt
	touch $@

# The app's requirements and the library of the deployed worker, on Python 3.13: tests/runtime.
.venv-runtime/ready: requirements-runtime.txt | .venv/ready
	@python="$$($(RUN) -c 'from tests.support.python_313 import python_313; print(python_313() or "")')"; \
	if [ -z "$$python" ]; then echo "no Python 3.13: tests/runtime is skipped"; exit 0; fi; \
	"$$python" -m venv --clear .venv-runtime && \
	if [ -x .venv/bin/uv ]; then .venv/bin/uv pip install --quiet --python .venv-runtime/bin/python --require-hashes -r $<; \
	  else .venv-runtime/bin/python -m pip install --quiet --require-hashes -r $<; fi && touch $@

node_modules/ready: package.json package-lock.json .venv/ready
	@command -v npm >/dev/null || { echo "Node.js 20 or newer is needed: Azurite, the storage of the sandbox, runs on it"; exit 1; }
	npm ci --silent --ignore-scripts
	touch $@
