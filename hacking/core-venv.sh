#!/usr/bin/env bash
# Prints the folder of a virtual environment with one ansible-core and what unit tests need; makes it where missing.
# Usage: hacking/core-venv.sh CORE PYTHON
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p build/venvs
printf 'ansible-core==%s\n' "$1" >"build/venvs/core-$1.txt.$$"
mv "build/venvs/core-$1.txt.$$" "build/venvs/core-$1.txt" # another that asks meanwhile reads a whole file
hacking/venv.sh "core-$1" "$2" "build/venvs/core-$1.txt" requirements-unit.txt
