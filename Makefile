# `make run` runs the engine, `make test` checks everything; each sets up what it needs the first time.
.PHONY: run test coverage check chaos fuzz postman lock clean

URL ?= http://localhost:3000

run:
	@sh local/bootstrap.sh run
	@.venv/bin/engine up $(ARGS)

# `test` measures what decides on money; `coverage` all, also in the processes that tests start, and takes a third longer.
CONFIG = pyproject.toml
ENOUGH = 100
coverage: CONFIG = tests/coverage.toml
coverage: ENOUGH = 90
PYTEST = .venv/bin/python -m pytest --cov --cov-config=$(CONFIG) --cov-report=

test coverage: check
	$(PYTEST) $(or $(ARGS),--numprocesses 3 --dist loadfile --no-loadscope-reorder --max-worker-restart 2 -m 'not timed')
	@$(if $(ARGS),:,$(PYTEST) --cov-append -m timed)
	@$(if $(ARGS),:,.venv/bin/coverage report --rcfile=$(CONFIG) --fail-under=$(ENOUGH))

check:
	@sh local/bootstrap.sh dev
	PATH="$$PWD/.venv/bin:$$PATH" sh -ec 'ruff format --check .; ruff check .; mypy; lint-imports'

chaos:
	@sh local/bootstrap.sh run
	.venv/bin/python -m bench.chaos $(ARGS)

# Against an engine that runs, the one of `make run` or URL=http://host:port.
fuzz:
	@sh local/bootstrap.sh dev
	.venv/bin/schemathesis --config-file tests/schemathesis.toml run $(URL)/openapi.json --max-examples 200 $(ARGS)

postman:
	@sh local/bootstrap.sh dev
	@.venv/bin/python -m tests.support.newman $(URL) $(ARGS)

# bench-projections, -overload, -takeover, -feed, -fanout, -hops, -lists, -resting, -races: figures, each beside its limit
# or baseline.
bench-%:
	@sh local/bootstrap.sh run
	.venv/bin/python -m bench.$* $(ARGS)

lock:
	@sh local/bootstrap.sh run
	sh local/lock.sh

clean:
	rm -rf .venv .cache .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
