#!/usr/bin/env bash
# Checks changelog and documentation and builds the documentation site in build/docsite, warnings being errors.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

export HOME=$PWD/build/home
mkdir -p "$HOME"
copy=build/ansible_collections/virtfleet/migration
status=0

check() { # name, command...
    local name=$1
    shift
    /usr/bin/python3 hacking/check.py --timeout 1800 "docs-$name" -- "$@" || status=1
}

check changelog antsibull-changelog lint
check collection env --chdir="$copy" antsibull-docs lint-collection-docs --plugin-docs \
    --validate-collection-refs all .
check site hacking/docsite.sh
exit "$status"
