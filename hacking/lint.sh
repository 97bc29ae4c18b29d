#!/usr/bin/env bash
# Runs the linters, each as one check: ruff, ruff format, mypy on the pure rooms, yamllint, ansible-lint on the copy.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

export HOME=$PWD/build/home RUFF_CACHE_DIR=$PWD/build/cache/ruff
mkdir -p "$HOME"
copy=build/ansible_collections/virtfleet/migration
rooms=()
for room in _model _planner _engine _whatif; do
    [[ -d $copy/plugins/module_utils/$room ]] &&
        rooms+=(-p "ansible_collections.virtfleet.migration.plugins.module_utils.$room")
done
status=0

lint() { # name, command...
    local name=$1
    shift
    /usr/bin/python3 hacking/check.py --timeout 1800 "lint-$name" -- "$@" || status=1
}

lint ruff ruff check .
lint format ruff format --check .
lint mypy env MYPYPATH=build mypy --strict --cache-dir build/cache/mypy "${rooms[@]}"
lint yaml yamllint --strict .
lint ansible env --chdir="$copy" ansible-lint --offline --profile production
exit "$status"
