# `make run` runs the engine, `make test` checks everything; each sets up what it needs the first time.
.PHONY: run test coverage pure compiled check venv kafka tools chaos fuzz postman bench lock clean

URL ?= http://localhost:3000

run:
	@sh local/bootstrap.sh run
	@.venv/bin/engine up $(ARGS)

# Without the compiled modules each process of an engine would compile all of ours again when it starts.
unexport PYTHONDONTWRITEBYTECODE

# First the pure part, of which its own tests must take every branch; then the rest, so many files at once; then what
# holds a limit of seconds, on cores that are not all busy. `coverage` measures everything, also in the processes that tests start: it takes longer.
PYTEST = .venv/bin/python -m pytest
PURE = tests/unit/orders
FILES = --dist loadfile --no-loadscope-reorder --max-worker-restart 2 --numprocesses
AT_ONCE = $(FILES) 5 -m 'not timed'
TIMED = tests/acceptance $(FILES) 2 -m timed
ONE_AFTER_ANOTHER = $(addprefix --,$(filter output-sync,$(.FEATURES)))

# Kafka is mostly waited for: the tools are installed beside it, and what needs no Kafka begins.
test: venv
	@$(MAKE) --no-print-directory --jobs 2 $(ONE_AFTER_ANOTHER) kafka check $(if $(ARGS),,pure compiled)
	$(PYTEST) $(or $(ARGS),--ignore=$(PURE) $(AT_ONCE))
	@$(if $(ARGS),:,$(PYTEST) $(TIMED))

coverage: MEASURED = $(PYTEST) --cov --cov-config=tests/coverage.toml --cov-report=
coverage: check kafka
	$(MEASURED) $(AT_ONCE)
	$(MEASURED) --cov-append $(TIMED)
	.venv/bin/coverage report --rcfile=tests/coverage.toml --fail-under=90

pure: tools
	$(PYTEST) --cov --cov-fail-under=100 $(PURE)

# All processes of the tests begin at the same moment: each would compile all of them. What cannot be is told by these.
compiled: tools
	@$(PYTEST) --collect-only >/dev/null || true

check: tools
	PATH="$$PWD/.venv/bin:$$PATH" sh -ec 'ruff format --check .; ruff check .; mypy; lint-imports'

venv:
	@sh local/bootstrap.sh venv

kafka: venv
	@sh local/bootstrap.sh run

tools: venv
	@sh local/bootstrap.sh dev

chaos:
	@sh local/bootstrap.sh run
	.venv/bin/python -m bench.chaos $(ARGS)

# Against an engine that runs, the one of `make run` or URL=http://host:port.
fuzz: tools
	.venv/bin/schemathesis --config-file tests/schemathesis.toml run $(URL)/openapi.json --max-examples 200 $(ARGS)

postman: tools
	@.venv/bin/python -m tests.support.newman $(URL) $(ARGS)

# Every figure beside its limit or baseline, in 15 minutes: ARGS="--short", "--only intake", "--json FILE --chart FILE".
bench:
	@sh local/bootstrap.sh run
	.venv/bin/python -m bench $(ARGS)

# bench-projections, -sustained, -overload, -takeover, -feed, -fanout, -hops, -lists, -resting, -races: figures, each beside its limit
# or baseline.
bench-%:
	@sh local/bootstrap.sh run
	.venv/bin/python -m bench.$* $(ARGS)

lock:
	@sh local/bootstrap.sh run
	sh local/lock.sh

clean:
	rm -rf .venv .cache .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
