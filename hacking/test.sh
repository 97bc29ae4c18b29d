#!/usr/bin/env bash
# Runs every test stage and ends with `N passed, N failed`. A failing stage does not stop the others.
# While the lab boots the unit tests run beside it. The lab's scenarios measure times: beside them runs only what keeps no
# times itself, one after the other and giving way to them.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

export VIRTFLEET_QUIET=1
rm -rf build/test-results
mkdir -p build/test-results
start=$SECONDS
/usr/bin/python3 hacking/check.py --timeout 1500 lab-up -- make lab-images lab-up &
lab=$!
trap 'kill "$lab" 2>/dev/null || true' EXIT
make --jobs=2 --keep-going test-unit test-properties || true
wait "$lab" || true
VIRTFLEET_GIVE_WAY=1 make --keep-going lint docs package test-sanity &
others=$!
trap 'kill "$others" 2>/dev/null || true' EXIT
make test-lab || true
wait "$others" || true
trap - EXIT
printf 'Everything took %d s. The lab is still up: make lab-down takes it down.\n' "$((SECONDS - start))"
/usr/bin/python3 hacking/summary.py
