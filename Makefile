# Everything runs in .venv, which is made when it is missing. `make demo` and `make test` are the two to know.

VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
# Tests run in this many processes, each with one thread: two threads a process only get in each other's way.
JOBS ?= 2
# The build of PyTorch. Where the package index has a CPU build, pip prefers it.
TORCH ?= torch==2.13.*

export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: install demo test check lint docs bench clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml
	test -x $(PYTHON) || python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --upgrade pip
	$(PYTHON) -m pip install --quiet "$(TORCH)"
	$(PYTHON) -m pip install --quiet --editable . --group dev
	touch $(INSTALLED)

demo: install
	$(VENV)/bin/askew run emergent-misalignment

test: install
	$(VENV)/bin/pytest -n $(JOBS)

lint: install
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/pyright

check: lint docs test

docs: install
	$(VENV)/bin/mkdocs build --strict --quiet

bench: install
	$(PYTHON) benchmarks/main_job.py
	$(PYTHON) benchmarks/sampling.py
	$(PYTHON) benchmarks/coverage.py

clean:
	rm -rf $(VENV) site dist .pytest_cache .ruff_cache
