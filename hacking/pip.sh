#!/usr/bin/env bash
# Installs a requirement file into a virtual environment: with uv, or with pip where uv can't (its own index settings,
# no wheel for this machine). Must not create the environment.
# Usage: hacking/pip.sh VENV REQUIREMENTS...
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

venv=$1
shift
arguments=()
for file in "$@"; do
    arguments+=(-r "$file")
done
export UV_CACHE_DIR=$PWD/build/cache/uv PIP_CACHE_DIR=$PWD/build/cache/pip
if ! build/venv/bin/uv pip install --quiet --python "$venv/bin/python" "${arguments[@]}"; then
    printf 'setup: uv could not install %s (see above); trying pip\n' "$*" >&2
    "$venv/bin/python" -m ensurepip --upgrade >/dev/null
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${arguments[@]}"
fi
