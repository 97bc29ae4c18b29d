#!/usr/bin/env bash
# Runs every test stage and ends with `N passed, N failed`. A failing stage does not stop the others.
# While the lab boots the stages that need no lab run beside it, two at a time and giving way to it; the lab's scenarios
# measure times and run alone.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

export VIRTFLEET_QUIET=1
rm -rf build/test-results
mkdir -p build/test-results
start=$SECONDS
/usr/bin/python3 hacking/check.py --timeout 1500 lab-up -- make lab-up &
lab=$!
trap 'kill "$lab" 2>/dev/null || true' EXIT
# first what takes longest: it lasts about as long as all others one after another
nice make --jobs=2 --keep-going test-sanity test-unit test-properties lint docs package || true
trap - EXIT
wait "$lab" || true
make test-lab || true
printf 'Everything took %d s. The lab is still up: make lab-down takes it down.\n' "$((SECONDS - start))"
/usr/bin/python3 hacking/summary.py
