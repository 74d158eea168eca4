# Sets up and checks everything from a fresh clone: needs make, a C++ compiler, and Python 3.11 to 3.13 with venv.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
INSTALL := $(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt

# Environments begin without bytecode, so what is imported is kept compiled, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

# The kernels are built for the editable install, the wheel, other Pythons and the tests, from folders of the same shape,
# by a compiler of the same name: that which CMake takes, not the one that Python was built with. What builds them is in
# the environment that they are built for: pip would have a folder of another name for it each time.
CCACHE := $(shell command -v ccache)
ifneq ($(CCACHE),)
ifeq ($(origin CXX),default)
export CXX = c++
endif
export CMAKE_CXX_COMPILER_LAUNCHER ?= $(CCACHE)
export CCACHE_BASEDIR ?= /
export CCACHE_NOHASHDIR ?= 1
# Named, since tests have a folder of their own for what is kept for the next time.
export CCACHE_DIR ?= $(shell ccache --get-config cache_dir)
endif

.PHONY: setup demo lint check collect test coverage docs sanitize wheels pythons clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt CMakeLists.txt $(wildcard kernel/*)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) cmake nanobind scikit-build-core
	$(INSTALL) --no-build-isolation --editable '.[dev]'
	touch $@

demo: setup
	rm -rf runs/demo
	$(BIN)/echoic demo --out runs/demo

check: lint
	scripts/test fast

# What uses one core runs side by side, and `ALSO` with it; the tests take all cores by themselves.
test:
	+$(MAKE) --jobs 2 --output-sync=target --no-print-directory $(ALSO) lint collect docs sanitize wheels
	scripts/test

# Not a part of `test`: tracing takes half as long again as the tests.
coverage: setup
	scripts/test cover

lint docs sanitize wheels: setup
	scripts/$@

# Each worker of the tests imports all of them, and would compile all of them; those of a fresh clone are compiled once.
collect: setup
	mkdir -p build
	scripts/test --collect-only -qq >build/collected || { cat build/collected; exit 1; }

# In environments of its own, so it does not wait for the set-up.
pythons:
	scripts/$@

clean:
	rm -rf docs/_build build dist .coverage .coverage.* .hypothesis .*_cache
	find . -name .venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
