# Every target makes its own set-up: a fresh clone needs only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
# More than the cores: tests of processes wait for a part of their time.
WORKERS ?= 4
IMAGE ?= benchfleet-runner:latest
BASE_IMAGE ?= ruby:3.4.7
STAGE ?= dev
# Hypothesis makes its tables of Unicode when they are first needed: three CPU seconds in each worker of a new clone.
UNICODE := from hypothesis.internal import charmap; charmap.charmap(); charmap.intervals_from_codec("utf-8")
# Tests start hundreds of Python processes: each would compile our sources, and pytest rewrite every test, anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help venv demo demo-http demo-fleet test system check style proof rehearse-deploy mutants bench emulator http-apps model package schema image image-base fix lock clean

help:
	@echo "make demo       run a real benchmark on this machine, end to end; results in results/"
	@echo "make demo-http  compare three web frameworks on this machine, in about two minutes; a report in results/"
	@echo "make demo-fleet  prompts of two repositories to a small real model on this machine; a report in results/"
	@echo "make test       format, lint, types, import rules and all quick tests"
	@echo "make system     dear tests: chains of processes, pages in a browser, containers, an emulated account"
	@echo "make proof      slow proofs: contention, lost answers, killed processes, and quick tests 400 days ahead"
	@echo "make rehearse-deploy  deploy, runs on EC2 and ECS, a schedule and nuke, against an emulated AWS account"
	@echo "make mutants    do the tests notice when the code is wrong? ONLY=domain for one room, SAMPLE=100 for a few"
	@echo "make bench      measure ourselves; writes benchmarks/results.json"
	@echo "make emulator   the whole system on this machine, until Ctrl-C"
	@echo "make http-apps  install the HTTP apps below the cache of this user (APPS=\"fastapi hono\" for some)"
	@echo "make model      fetch a small real language model below the cache of this user (180 MB, once)"
	@echo "make image      the runner's image (IMAGE=$(IMAGE) BASE_IMAGE=$(BASE_IMAGE))"
	@echo "make package    the functions as a SAM template and a zip (STAGE=$(STAGE)), and the zip's size"
	@echo "Also: venv check schema image-base fix lock clean"

venv: $(STAMP)

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("benchfleet needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "This Python has no venv: on Debian and Ubuntu, apt-get install python3-venv"; exit 1; }
	@echo "Making $(VENV) from requirements-dev.lock (once; a minute or two)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -c '$(UNICODE)'
	@touch $@

demo: venv
	@$(BIN)/benchfleet demo

# 5 is "some was not measured", as on a machine that does other things, too: the report says which.
demo-http: APPS = fastapi starlette flask
demo-http: venv http-apps
	@$(BIN)/benchfleet http compare --frameworks fastapi,starlette,flask --quick --suite json-small || [ $$? -eq 5 ]

# One model under two names: its likeliest words, and words by chance.
demo-fleet: venv model
	@$(BIN)/python -m local_emulator.model --serve smollm2-135m=0 --serve smollm2-135m-warm=1 -- \
		$(BIN)/benchfleet fleet run -m configs/demo-fleet/manifest.json --output results --emulator --wait

check: style
	$(BIN)/mypy

style: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

# Types are checked beside the tests: in a new clone that takes one core a minute.
test: style
	@mkdir -p build; $(BIN)/mypy > build/types.txt 2>&1 & types=$$!; trap "kill $$types 2>/dev/null" INT TERM; \
	$(BIN)/pytest -n $(WORKERS) --dist loadfile; tests=$$?; \
	wait $$types; typed=$$?; echo "mypy: $$(tail -n 40 build/types.txt)"; exit $$((tests || typed))

proof: venv
	@command -v faketime >/dev/null || { echo "make proof needs faketime for its last part: on Debian and Ubuntu, apt-get install faketime"; exit 1; }
	$(BIN)/pytest -m 'proof or system' --timeout 1800
	HYPOTHESIS_PROFILE=many PYTHONPATH=$(CURDIR)/tests/faketime faketime --exclude-monotonic -f +400d $(BIN)/pytest -n 2 --timeout 1800 tests/unit tests/services tests/contract tests/promises

# What is too dear for `make test`: whole chains of processes, pages in a browser, containers, an emulated account.
system: SYSTEM = $(shell grep -rl --include='test_*.py' 'mark\.system' tests)
system: venv
	$(BIN)/pytest -m 'system and not proof' -n $(WORKERS) --dist loadfile $(SYSTEM)

# Some minutes; steps are told as they begin. Part of `make proof`, too.
rehearse-deploy: venv
	$(BIN)/pytest -m proof -s -q --timeout 1800 tests/proof/test_rehearsal.py

# ONLY=domain (or "domain auth"), SAMPLE=200 (mutants of each room), FLOOR=80 (percent below which it fails).
mutants: venv
	nice -n 10 $(BIN)/python -m tests.mutation $(foreach room,$(ONLY),--only $(room)) $(SAMPLE:%=--sample %) $(FLOOR:%=--floor %)

bench: venv
	$(BIN)/python -m benchmarks

emulator: venv
	@$(BIN)/benchfleet emulator

# APPS="fastapi hono": those only.
http-apps: venv
	$(BIN)/python -m runner_image.workloads.http.apps.install $(APPS)

model: venv
	@$(BIN)/python -m local_emulator.model.install

package: venv
	$(BIN)/python -m benchmarks.package_size --out build/package --stage $(STAGE)

schema: venv
	$(BIN)/python -m chalicelib.api.openapi_document
	$(BIN)/python -m benchfleet.config.schema

image: venv
	$(BIN)/python -m runner_image.image.build_image --base $(BASE_IMAGE) --tag $(IMAGE)

# Where no registry can be reached: needs root, debootstrap and a Docker engine.
image-base: venv
	$(BIN)/python -m runner_image.image.debian_base

fix: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:
	$(PYTHON) -m pip install --quiet uv && $(PYTHON) -m uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 -o requirements-dev.lock --no-header --upgrade

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
