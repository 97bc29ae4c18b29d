#!/usr/bin/env bash
# Gives a test its own virtual environment under build/venvs, made once for its requirements. Prints its folder.
# Usage: hacking/venv.sh NAME PYTHON REQUIREMENTS...
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

venv=build/venvs/$1
python=$2
shift 2
key=$(printf '%s %s\n' "$PWD" "$python"; "$python" --version; sha256sum "$@")
mkdir -p build/venvs
exec 9>"$venv.lock"
flock 9
if [[ ! -x $venv/bin/python || ! -f $venv/.stamp || $(<"$venv/.stamp") != "$key" ]]; then
    rm -rf "$venv"
    "$python" -m venv "$venv"
    hacking/pip.sh "$venv" "$@" >&2
    printf '%s\n' "$key" >"$venv/.stamp"
fi
printf '%s\n' "$PWD/$venv"
