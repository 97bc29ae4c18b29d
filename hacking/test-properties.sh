#!/usr/bin/env bash
# Runs the properties of the planner on as many random fleets as asked, each with every goal: seeded, so always the same.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p build/tmp
venv=$(hacking/venv.sh pure /usr/bin/python3 requirements-unit.txt)
VIRTFLEET_RUNS=$1 /usr/bin/python3 hacking/check.py --reports --timeout 1200 properties -- \
    "$venv/bin/python" -m pytest -q --basetemp=build/tmp/properties --junitxml=build/test-results/properties/pytest.xml \
    tests/unit/plugins/module_utils/_planner/test_properties{,_best,_keep,_mutation,_energy,_relocation}.py
