# The one door: `make help` says what is behind it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
# The first Python that is new enough; name another with PYTHON=….
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && exit; done; echo python3)
BIN := .venv/bin
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# Nothing of the shell that make was started in may reach the tests or the checks.
CLEAN := env -u DJANGO_SETTINGS_MODULE -u DATA_DIR -u PORT -u DEMO -u ADMIN_PASSWORD -u PUBLIC_URL -u SECRET_KEY
ifdef DATA_DIR
export DATA_DIR
endif
ifdef PORT
export PORT
endif
ifdef DEMO
export DEMO
endif
ifdef ADMIN_PASSWORD
export ADMIN_PASSWORD
endif

.PHONY: help run install install-dev editor debian test check fix bench lock

help:  ## this list
	@grep -hE '^[a-z-]+:.*  ## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*  ## /  make \1\t/' | expand -t 16
	@echo
	@echo '  make run takes PORT=8000 DATA_DIR=var DEMO=1 ADMIN_PASSWORD=…; make test takes ARGS="-k name"'

# exec: Ctrl-C and SIGTERM reach the supervisor itself.
run: install editor  ## everything on this machine, in the foreground; Ctrl-C ends it
	@exec $(BIN)/python -m embedded

install:
	@command -v $(PYTHON) >/dev/null || { echo 'Python 3.11 or newer is needed, and there is no python3 here.' >&2; exit 1; }
	@$(PYTHON) embedded/install.py

install-dev:
	@command -v $(PYTHON) >/dev/null || { echo 'Python 3.11 or newer is needed, and there is no python3 here.' >&2; exit 1; }
	@$(PYTHON) embedded/install.py --dev

# The canvas is built here once routing/editor/ holds one.
editor:
	@if [ -f routing/editor/package.json ]; then $(BIN)/python routing/editor/build.py; fi

debian:
	@sh embedded/debian.sh chromium:chromium sip-tester:sipp curl:curl

test: install-dev editor debian  ## the whole suite, on real servers and a real browser
	@$(CLEAN) $(BIN)/python -m pytest -n $(CORES) --dist worksteal $(ARGS)

check: install-dev  ## what CI checks beside the tests
	@sh embedded/check.sh

fix: install-dev  ## formats and repairs what can be repaired without thinking
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

bench: install-dev editor  ## the benchmarks, as ratios measured in one run
	@exec $(BIN)/python -m bench $(ARGS)

lock: install-dev  ## writes the exact versions of everything into requirements*.txt
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --no-emit-index-url --no-header -q -o requirements.txt
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --no-emit-index-url --no-header -q \
		--extra dev -c requirements.txt -o requirements-dev.txt
