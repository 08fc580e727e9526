# Every target makes its own set-up: a fresh clone needs only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp

.PHONY: venv demo test check proof bench emulator package schema fix lock clean

venv: $(STAMP)

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("benchfleet needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@echo "Making $(VENV) from requirements-dev.lock (once; a minute or two)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: venv
	@$(BIN)/benchfleet demo

check: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(BIN)/pytest -n 2 --dist loadgroup

proof: venv
	$(BIN)/pytest -m proof --timeout 1800

bench: venv
	$(BIN)/python -m benchmarks

emulator: venv
	@$(BIN)/benchfleet emulator

package: venv
	$(BIN)/python -m benchmarks.package_size --out build/package

schema: venv
	$(BIN)/python -m chalicelib.api.openapi_document

fix: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:
	$(PYTHON) -m pip install --quiet uv && $(PYTHON) -m uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 -o requirements-dev.lock --no-header --upgrade

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
