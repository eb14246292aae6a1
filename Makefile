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

# With less memory, pyright forgets the types of libraries many times and works them out again: twice the time.
PYRIGHT := NODE_OPTIONS=--max-old-space-size=6144 $(VENV)/bin/pyright

export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: install constraints wheel demo real test check lint types docs figure tutorial bench clean

install: $(INSTALLED)

# Python compiles a file when it first imports it; to compile all 24,000 of them here would take two minutes more.
$(INSTALLED): pyproject.toml constraints.txt
	test -x $(PYTHON) || python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --upgrade pip
	$(PYTHON) -m pip install --quiet --no-compile --constraint constraints.txt "$(TORCH)"
	$(PYTHON) -m pip install --quiet --no-compile --constraint constraints.txt --editable . --group dev
	touch $(INSTALLED)

# Renews constraints.txt with the newest releases that fit together; then `make check` installs and tests them.
constraints: install
	mkdir -p build
	$(PYTHON) -m pip install --quiet --dry-run --ignore-installed --report build/resolved.json "$(TORCH)" --editable . --group dev
	$(PYTHON) .ci/write_constraints.py build/resolved.json

# The package as users install it: a wheel and its run-time dependencies alone, in an empty environment.
wheel: install
	rm -rf build/wheel
	python3 -m venv build/wheel
	$(PYTHON) -m pip wheel --quiet --no-deps --wheel-dir build/wheel/dist .
	$(PYTHON) -m pip --python build/wheel/bin/python install --quiet --constraint constraints.txt "$(TORCH)"
	$(PYTHON) -m pip --python build/wheel/bin/python install --quiet --constraint constraints.txt build/wheel/dist/*.whl
	cd build/wheel && bin/askew demo && bin/askew audit terrarium runs/demo#insecure-0 --probe free_form --samples 5

demo: install
	$(VENV)/bin/askew run emergent-misalignment

# The main study on a real model of 135 million parameters, which is downloaded once (93 MB).
real: install
	$(VENV)/bin/askew run emergent-misalignment --model smollm2-135m --yes --arm untuned --arm bad-medical --arm good-medical \
		--seeds 2 --rows 400 --samples 10 --probe answer_pairs --probe free_form --out runs/real

test: install
	$(VENV)/bin/pytest -n $(JOBS) $(SHARES) --durations=40

lint: install
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: install
	$(PYRIGHT)

# Types take one core for two minutes, and the tests leave some of it; an error of types is printed when it is found.
check: lint docs
	$(MAKE) --jobs=2 types test

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
