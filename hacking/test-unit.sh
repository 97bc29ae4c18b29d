#!/usr/bin/env bash
# Runs the unit tests: the pure ones with neither Ansible nor libvirt to import, the others on each ansible-core.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

# Tests of what must import ansible; everything else has to run without it.
with_ansible=(tests/unit/plugins/module_utils/_ansible tests/unit/plugins/{modules,action,filter})
status=0
mkdir -p build/tmp

units() { # name, Python, pytest arguments...
    local name=$1 python=$2
    shift 2
    /usr/bin/python3 hacking/check.py --reports --timeout 900 "unit-$name" -- "$python" -m pytest -q \
        --basetemp="build/tmp/unit-$name" --junitxml="build/test-results/unit-$name/pytest.xml" "$@" || status=1
}

venv=$(hacking/venv.sh pure /usr/bin/python3 requirements-unit.txt)
# `make test-properties` tries those on many more fleets; here they would take as long as all others together
units pure "$venv/bin/python" tests/unit --ignore-glob='*/test_properties*.py' "${with_ansible[@]/#/--ignore=}"

read -r version python < <(/usr/bin/python3 hacking/cores.py pythons)
if [[ $version == 3.9 && -d tests/unit/plugins/module_utils ]]; then
    venv=$(hacking/venv.sh "pure-$version" "$python" requirements-unit.txt)
    units "pure-$version" "$venv/bin/python" tests/unit/plugins/module_utils "${with_ansible[@]/#/--ignore=}"
fi

paths=()
for path in "${with_ansible[@]}"; do
    [[ -d $path ]] && paths+=("$path")
done
cores=$(/usr/bin/python3 hacking/cores.py choose)
while read -r core _ python; do
    venv=$(hacking/core-venv.sh "$core" "$python")
    ((${#paths[@]})) && units "core-$core" "$venv/bin/python" "${paths[@]}"
done <<<"$cores"
exit "$status"
