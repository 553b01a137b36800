# `make demo` and `make test` need Python 3.11 or newer and a package index, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt
JOBS ?= 2

.PHONY: demo test lint bench clean

demo: $(VENV)/installed-demo
	$(BIN)/lst-hw generate -o build/demo
	$(BIN)/lst-hw verify --images 1000
	$(BIN)/lst-hw simulate --images 10 --vcd build/demo/digit.vcd

test: $(VENV)/installed-test
	tools/install-simulators
	$(BIN)/pytest -n $(JOBS) --dist worksteal

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/installed-synth
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) build

$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)

# A machine without a C++ compiler gets the one in the ziglang wheel.
$(VENV)/installed-demo: pyproject.toml constraints.txt | $(BIN)/pip
	$(PIP) -e ".[demo]"
	command -v c++ g++ clang++ >/dev/null || $(PIP) ziglang
	touch $@

$(VENV)/installed-%: pyproject.toml constraints.txt $(VENV)/installed-demo
	$(PIP) -e ".[demo,plot,$*]"
	touch $@
