#!/usr/bin/env bash
# Builds the artifact in build/package and imports it as Galaxy does.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

export HOME=$PWD/build/home
mkdir -p "$HOME"
rm -rf build/package
mkdir -p build/package
status=0

check() { # name, command...
    local name=$1
    shift
    /usr/bin/python3 hacking/check.py --timeout 1800 "package-$name" -- "$@" || status=1
}

check build ansible-galaxy collection build --force --output-path build/package \
    build/ansible_collections/virtfleet/migration
artifact=$(cd build/package && printf '%s' *.tar.gz)
check import env --chdir=build/package python -m galaxy_importer.main "$artifact"
exit "$status"
