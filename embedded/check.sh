#!/bin/sh
# Everything `make check` looks at. All of it runs; the exit code says whether all of it passed.
set -u
bin=.venv/bin
failed=
look() {
  name=$1
  shift
  printf '%-34s' "$name"
  if output=$("$@" 2>&1 </dev/null); then echo ok; else
    echo FAILED
    printf '%s\n' "$output"
    failed="$failed $name,"
  fi
}
# Tools read the code with settings of their own; `check --deploy` sees an environment as production has it.
unset DJANGO_SETTINGS_MODULE DATA_DIR PUBLIC_URL DEMO
tools='env DJANGO_SETTINGS_MODULE=config.settings_for_tools'
production="env DJANGO_SETTINGS_MODULE=config.settings DEMO=0 PUBLIC_URL=https://pareto.example.com BEHIND_PROXY=1 \
  SECURE_HSTS_SECONDS=31536000 SECRET_KEY=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')PARETO \
  DATABASE_URL=postgresql://pareto@127.0.0.1:1/pareto REDIS_URL=redis://127.0.0.1:1"

look 'format (ruff)' $bin/ruff format --check .
look 'lint (ruff)' $bin/ruff check .
look 'types (mypy)' $bin/mypy
look 'rooms (import-linter)' $bin/lint-imports
look 'migrations (makemigrations)' $tools $bin/python -W ignore manage.py makemigrations --check --dry-run
look 'deployment (check --deploy)' $production $bin/python -W ignore manage.py check --deploy --fail-level WARNING
if [ -f routing/editor/package.json ]; then look 'editor (types, lint)' $bin/python routing/editor/build.py --check; fi

[ -z "$failed" ] || { echo "Failed: ${failed%,}" >&2; exit 1; }
