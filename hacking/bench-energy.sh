#!/usr/bin/env bash
# Runs the energy benchmark on the public trace of BENCH_DIR. Must not fail where the trace is absent.
# Usage: hacking/bench-energy.sh BENCH_DIR [options of tests/bench/energy.py]
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

exec nice /usr/bin/python3 tests/bench/energy.py "$@"
