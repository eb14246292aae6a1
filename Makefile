# Everything runs in .venv, which is created if it is missing. The main targets are `make demo` and `make test`.

VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
# The number of test processes. Each has one thread: with more, they compete for the cores.
JOBS ?= 2
# A whole file goes to one process, which makes the file's fixtures once; files go in the order of tests/conftest.py.
SHARES := --dist loadfile --no-loadscope-reorder
# The build of PyTorch. Where the package index has a CPU build, pip prefers it.
TORCH ?= torch==2.13.*

export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: install demo test check lint docs figure tutorial bench clean

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
	$(VENV)/bin/pytest -n $(JOBS) $(SHARES)

lint: install
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/pyright

check: lint docs test

docs: install
	$(PYTHON) -m askew.design.reference docs/reference/settings.md
	$(VENV)/bin/mkdocs build --strict --quiet

# The figure of the README and of the docs' home.
figure: install
	$(VENV)/bin/askew run emergent-misalignment --seeds 5 --out runs/figure
	$(PYTHON) -c "import askew; askew.load_run('runs/figure').figure('rates').save('docs/images/rates.svg')"

# The tutorial with its outputs, as it is published.
tutorial: install
	mkdir -p build
	cp docs/tutorial.ipynb build/
	PYTHONWARNINGS=ignore $(PYTHON) -m nbconvert --to notebook --execute --inplace --ExecutePreprocessor.record_timing=False build/tutorial.ipynb
	cp build/tutorial.ipynb docs/

bench: install
	$(PYTHON) benchmarks/main_job.py
	$(PYTHON) benchmarks/sampling.py
	$(PYTHON) benchmarks/coverage.py
	$(PYTHON) benchmarks/gate.py

clean:
	rm -rf $(VENV) site dist .pytest_cache .ruff_cache
