#!/usr/bin/env bash
# Brings the lab up and runs its end-to-end scenarios, all of them or those that the variable SCENARIO names.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p build/tmp
/usr/bin/python3 hacking/check.py --timeout 1500 lab-up -- make lab-up
/usr/bin/python3 hacking/check.py --reports --timeout 4900 lab-scenarios -- build/venv/bin/python -m pytest -v --durations=40 \
    --basetemp=build/tmp/lab --junitxml=build/test-results/lab-scenarios/pytest.xml tests/lab/scenarios ${SCENARIO:+-k "$SCENARIO"}
