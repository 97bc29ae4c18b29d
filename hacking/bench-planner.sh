#!/usr/bin/env bash
# Measures the planner on the fleets of BENCH_DIR with CP-SAT beside it. Must not fail where the fleets are absent.
# Usage: hacking/bench-planner.sh BENCH_DIR [options of tests/bench/planner.py]
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
if [[ -d $1/fleets ]] && venv=$(hacking/venv.sh bench "$python" tests/bench/requirements.txt); then
    python=$venv/bin/python
fi
exec "$python" tests/bench/planner.py "$@"
