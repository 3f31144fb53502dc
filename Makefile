# `make help` lists what there is. Plain POSIX make and sh: nothing has to be installed but Python 3.11 or newer.
.DEFAULT_GOAL := help
.PHONY: help demo install train serve test coverage cases bench spark check lock clean

HOST ?= 127.0.0.1
PORT ?= 8000
SHOP ?= examples/complete-journey/shop.toml
PYTHON ?=
UPGRADE ?=
CASES ?= 20000
ARTIFACTS ?= artifacts
QUICK ?=
JOBS ?= 3

VENV := .venv
BIN := $(VENV)/bin
SPARK := .venv-spark
CODE := recsvc training models tests examples $(wildcard benchmarks/*.py)
UV := uv==0.13.9

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile
	@echo "settings: HOST=$(HOST) PORT=$(PORT) SHOP=$(SHOP) PYTHON=(a python3.11 or newer) CASES=$(CASES) JOBS=$(JOBS) ARTIFACTS=$(ARTIFACTS) QUICK=$(QUICK)"

demo: install  ## train the sample shop, serve it, and show three carousels (HOST=, PORT=)
	@$(BIN)/python examples/demo.py --host "$(HOST)" --port "$(PORT)"

install: $(VENV)/.installed  ## make .venv with the locked dependencies and this project

# The stamp is newer than the lock and the project file once both are installed; a change of either installs again.
$(VENV)/.installed: requirements.lock pyproject.toml
	@python=$$(sh .ci/find-python $(PYTHON)) || exit 1; \
	 if ! $(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	   echo "making $(VENV) with $$python"; "$$python" -m venv --clear $(VENV) || exit 1; fi
	@echo "installing the locked dependencies into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

train: install  ## train SHOP and publish the version, if it does not lose to the live one
	@$(BIN)/recsvc-train run "$(SHOP)"

serve: install  ## serve SHOP with its live version (HOST=, PORT=)
	@$(BIN)/recsvc serve "$(SHOP)" --host "$(HOST)" --port "$(PORT)"

# Files are dealt out to the processes in the order of tests/conftest.py; in each of them one thread is enough.
TEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -n "$(JOBS)" --dist loadfile --no-loadscope-reorder

test: install  ## run all tests, in JOBS processes at once
	@$(TEST)

# Traced code runs several times slower, that of services and commands too: so the coverage is measured apart.
coverage: install  ## run all tests traced, and fail where they reach less than 90 % of the lines and branches
	@$(TEST) --cov --cov-report=term --cov-fail-under=90

cases: install  ## draw other cases for all properties, and CASES of them for the rules against their slow second telling
	@RULES_CASES="$(CASES)" $(BIN)/python -m pytest -q -m hypothesis

bench: install  ## measure the live version in ARTIFACTS, and write the table of docs/performance.md (QUICK=1: minutes, and no writing)
	@$(BIN)/python benchmarks/bench.py "$(SHOP)" --artifacts "$(ARTIFACTS)" $(if $(QUICK),--quick,--write docs/performance.md)

# 450 MB, so neither `make install` nor the image has it: it lies in a venv of its own that has the packages of .venv too.
spark: install  ## install Spark into .venv-spark, and run the tests of training.engine = "spark"; skipped without Java
	@command -v java >/dev/null || [ -x "$$JAVA_HOME/bin/java" ] || { \
	   echo "skipped: Spark needs Java 17 or newer, and none is found (apt-get install openjdk-17-jre-headless, or set JAVA_HOME)"; exit 0; }; \
	 set -e; [ -x $(SPARK)/bin/pip ] || $(BIN)/python -m venv --clear $(SPARK); \
	 place='import sysconfig; print(sysconfig.get_path("purelib"))'; \
	 printf 'import site; site.addsitedir("%s")\n' "$$($(BIN)/python -c "$$place")" > "$$($(SPARK)/bin/python -c "$$place")/beside.pth"; \
	 $(SPARK)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-spark.lock; \
	 $(SPARK)/bin/python -m pytest -q tests/training/engines

check: install  ## ruff, mypy --strict, hadolint
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/mypy --strict
	@$(BIN)/mypy --strict examples/demo.py
	@$(BIN)/hadolint Dockerfile

# uv lives in a folder of its own for the length of the command: the project does not depend on it.
lock:  ## solve the dependencies again (UPGRADE=--upgrade takes the newest of each)
	@set -e; python=$$(sh .ci/find-python $(PYTHON)); folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	 "$$python" -m venv "$$folder"; "$$folder/bin/python" -m pip install --quiet --disable-pip-version-check $(UV); \
	 solve() { "$$folder/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	   --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" "$$@"; }; \
	 solve $(UPGRADE) --extra otel --extra sample --extra dev pyproject.toml --output-file requirements.lock; \
	 solve --no-annotate --extra spark --constraint requirements.lock pyproject.toml --output-file requirements-spark.lock; \
	 rm -f requirements-image.lock; \
	 echo 'setuptools' | solve --no-annotate --constraint requirements.lock pyproject.toml - --output-file requirements-image.lock

clean:  ## remove .venv, trained versions and everything else that was made here
	@rm -rf $(VENV) $(SPARK) artifacts build dist ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* coverage.xml
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
