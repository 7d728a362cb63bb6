# Every target does its own set-up: `make test` in a fresh clone needs Python >= 3.11 and make, nothing else.
# A target installs the extra of pyproject.toml that it needs into a virtual environment, once, and again
# when pyproject.toml changes.
#
#   make digits ARGS="--seed 1"      options for the command behind a target
#   make test PYTHON=python3.13      another interpreter (after `make clean`, or with another VENV)
#   make test VENV=/tmp/env          another place for the virtual environment

VENV   ?= .venv
PYTHON ?= python3
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help digits mnist test test-matrix test-oldest test-page test-browser test-jax test-notebooks fuzz mutants torture lint check bench pictures playground site release notebooks notebooks-zh clean

python := $(VENV)/bin/python
ready  := $(VENV)/ready

help:  ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 20

digits: $(ready)-digits  ## train the sources' network on handwritten digits; results in runs/digits/
	$(python) -m nn digits --resume $(ARGS)

mnist: $(ready)-mnist  ## train 784-16-16-10 on 5 000 real MNIST digits; results in runs/mnist/
	$(python) -m nn digits --mnist --out runs/mnist --resume $(ARGS)

test: $(ready)-test  ## run the tests, doctests and README examples, in parallel
	$(python) -m pytest -n auto --dist worksteal $(ARGS)

test-matrix: $(ready)  ## run the tests on every Python from 3.11 on that is there, each in its .venv-3.x
	@$(python) .ci/pythons.py --hypothesis-profile=new $(ARGS)

test-oldest: $(ready)  ## run the tests with the oldest dependencies that are allowed, in .venv-oldest
	@$(python) .ci/pythons.py --oldest $(ARGS)

# What is checked of the page with the tools of JavaScript; nothing else needs them.
test-page: $(ready)-test  ## lint the page's modules and test them under Node.js, where there is npm
	@if command -v npm >/dev/null; then set -ex; \
	  npm ci --silent --no-audit --no-fund --prefix tests/page; \
	  npm run --silent --prefix tests/page lint; \
	  npm run --silent --prefix tests/page format; \
	  $(python) -m pytest tests/page $(ARGS); \
	else echo "no npm here: the page's modules are neither linted nor tested under Node.js"; fi

# Firefox is driven by npm's Puppeteer, and Lighthouse is npm's. With AUTOGRAD_BROWSER=required they fail where they would skip.
# 5 is pytest's word for "no test ran", as where all of them skip.
test-browser: $(ready)-browser  ## run the tests that drive Chromium and Firefox; they skip where there is none
	@if command -v npm >/dev/null; then for tool in firefox lighthouse; do \
	  npm ci --silent --no-audit --no-fund --prefix tests/browser/$$tool || exit 1; done; fi
	$(python) -m pytest -n auto --dist loadfile tests/browser $(ARGS) || [ $$? -eq 5 -a "$$AUTOGRAD_BROWSER" != required ]

# The batteries of the compiler once more, on JAX alone, and what it has of its own: training on many devices.
test-jax: $(ready)-test-jax  ## run the tests on JAX's devices, in some minutes; JAX takes 600 MB
	AUTOGRAD_ENGINES=jax $(python) -m pytest -n auto --dist worksteal -k "jax or devices" \
	  tests/devices tests/compiler/test_programs.py tests/compiler/test_reached.py tests/compiler/test_ownership.py \
	  tests/compiler/test_derivatives.py tests/compiler/test_errors.py tests/compiler/test_trace_answers.py $(ARGS)
	AUTOGRAD_ENGINES=jax $(python) -m pytest -n auto --dist worksteal tests/fuzz/test_compiled.py $(ARGS)

fuzz: $(ready)-test  ## compare 30,000 random graphs with mpmath, 3 x 4,000 compiled programs with the eager engine; new examples
	AUTOGRAD_GRAPHS=30000 AUTOGRAD_PROGRAMS=4000 $(python) -m pytest -n auto --dist worksteal tests/fuzz $(ARGS)
	$(python) -m pytest -n auto --dist worksteal -m hypothesis --hypothesis-profile=new tests $(ARGS)

mutants: $(ready)-mutants  ## break every line that decides a result once and see a test fail; an hour or two on two cores
	$(python) tests/mutants $(ARGS)

torture: $(ready)-test  ## damage files, fill disks, cut the power, kill and interrupt, thousands of times
	AUTOGRAD_TORTURE=2000 $(python) -m pytest -n auto --dist worksteal tests/torture tests/nn/test_checkpoint.py tests/nn/test_resumed.py tests/test_digits.py $(ARGS)

lint: $(ready)-lint  ## check style and types
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy

check: lint test  ## lint, then test

# PyTorch, from where its builds for processors alone are: that of PyPI brings gigabytes of CUDA along on Linux.
$(ready)-bench: pyproject.toml $(ready)
	@echo "Installing what 'bench' needs into $(VENV), PyTorch among it …"
	@$(python) -m pip install -qq --disable-pip-version-check --editable '.[bench]'
	@$(python) -m pip install -qq --disable-pip-version-check --retries 1 --index-url https://download.pytorch.org/whl/cpu torch \
	  || echo "PyTorch cannot be had from download.pytorch.org: what is beside it will be skipped." >&2
	@touch $@

bench: $(ready)-bench  ## print the tables of what is measured, in about twenty minutes
	$(python) -m benchmarks.engine $(ARGS)
	$(if $(wildcard benchmarks/compiled.py),$(python) -m benchmarks.compiled $(ARGS))
	$(python) -m benchmarks.engines
	$(python) -m benchmarks.estimators
	$(python) -m benchmarks.native
	$(python) -m benchmarks.derivatives
	$(python) -m benchmarks.devices

ifneq ($(wildcard notebooks/*.ipynb),)
notebooks: $(ready)-notebooks  ## open the notebooks in JupyterLab
	$(python) -m jupyter lab notebooks $(ARGS)

notebooks-zh: $(ready)-notebooks  ## the same in Chinese, 中文笔记本
	$(python) docs/chinese.py --write runs/zh
	$(python) -m jupyter lab runs/zh $(ARGS)

test-notebooks: $(ready)-notebooks  ## execute every notebook from a clean kernel
	printf '%s\n' notebooks/*.ipynb | xargs -P 2 -I{} $(python) -m nbconvert --to notebook --execute --output-dir runs/notebooks {}
else
notebooks notebooks-zh test-notebooks:
	@echo "There are no notebooks yet."
endif

# Static files, to be served from any path; npm brings Pyodide, CodeMirror and Graphviz as WebAssembly.
playground: $(ready)-draw $(ready)-compile  ## build the playground, Python in the browser, into docs/playground/dist/
	npm ci --silent --no-audit --no-fund --prefix docs/playground
	$(python) docs/playground/pack.py
	npm run --silent --prefix docs/playground build

pictures: $(ready)-pictures  ## draw the pictures of the README again
	$(python) notebooks/pictures.py $(ARGS)

site: $(ready)-site  ## build the documentation into site/, with the playground where there is npm
	@if command -v npm >/dev/null; then $(MAKE) playground; else echo "no npm here: the site is built without the playground"; fi
	$(python) docs/build.py $(ARGS)

release: $(ready)-release  ## build wheel and sdist twice, compare and check them, and write the release notes; in dist/
	$(python) .ci/release.py $(ARGS)

clean:  ## remove the virtual environment and everything generated
	rm -rf $(VENV) .venv-* runs build dist site tests/page/node_modules tests/browser/*/node_modules docs/playground/node_modules docs/playground/dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ── set-up ────────────────────────────────────────────────────────────────────────────────────

# The project, editable, with one extra.
$(ready)-%: pyproject.toml $(ready)
	@echo "Installing what '$*' needs into $(VENV) …"
	@$(python) -m pip install -qq --disable-pip-version-check --editable '.[$*]'
	@touch $@

# The first interpreter that is new enough: $(PYTHON), or one with its version in its name.
$(ready):
	@for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$($$python --version) …"; \
	    $$python -m venv --clear $(VENV) && touch $@ && exit 0; \
	    echo "$$python cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; \
	  fi; \
	done; \
	echo "Python 3.11 or newer is needed, and neither $(PYTHON) nor python3.11 to python3.14 is that." >&2; \
	echo "Say which to use: make PYTHON=/path/to/python3" >&2; exit 1
