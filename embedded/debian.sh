#!/bin/sh
# Each argument is package:program. Installs the packages whose program is missing, where we may; else names them.
set -eu
missing=
for pair in "$@"; do
  command -v "${pair#*:}" >/dev/null 2>&1 || missing="$missing ${pair%%:*}"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests need the programs of these Debian packages; install them your system's way:$missing" >&2
  exit 1
fi
if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  as_root='sudo -n'
else
  echo "The tests need Debian packages that only root may install: sudo apt-get install$missing" >&2
  exit 1
fi
echo "Installing for the tests:$missing"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null >/dev/null || {
  echo "apt-get could not install:$missing" >&2
  exit 1
}
