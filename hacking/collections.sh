#!/usr/bin/env bash
# Unpacks the collections that galaxy.yml depends on into build/ansible_collections, beside the copy of this one: from
# the Python package `ansible`, which holds them all, since Galaxy is not needed for anything else.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

requirements="requirements-collections.txt"
stamp=build/ansible_collections/.stamp
mapfile -t names < <(sed -nE '/^dependencies:/,/^[a-z_]+: /s/^  ([a-z0-9_]+)\.([a-z0-9_]+):.*/\1\/\2/p' galaxy.yml)
key=$(printf '%s\n' "$PWD" "${names[@]}"; sha256sum "$requirements")
[[ -f $stamp && $(<"$stamp") == "$key" ]] && exit

printf 'setup: unpacking collections: %s\n' "${names[*]}"
export PIP_CACHE_DIR=$PWD/build/cache/pip
mkdir -p build/cache build/ansible_collections
folder=$(mktemp --directory build/cache/collections.XXXXXX)
trap 'rm -rf "$folder"' EXIT
build/venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --dest "$folder" --requirement "$requirements"
for name in "${names[@]}"; do
    build/venv/bin/python - "$folder"/ansible-*.whl "ansible_collections/$name/" "$folder" <<'PYTHON'
import sys
import zipfile

wheel, prefix, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as content:
    members = [name for name in content.namelist() if name.startswith(prefix)]
    if not members:
        sys.exit(f"setup: {wheel} has no {prefix}")
    content.extractall(folder, members)
PYTHON
    rm -rf "build/ansible_collections/$name"
    mkdir -p "build/ansible_collections/${name%/*}"
    mv "$folder/ansible_collections/$name" "build/ansible_collections/$name"
done
printf '%s' "$key" >"$stamp"
