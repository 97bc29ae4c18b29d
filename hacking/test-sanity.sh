#!/usr/bin/env bash
# Runs `ansible-test sanity` on the oldest and newest ansible-core that this machine's Pythons run.
# CORE=2.18 runs that one alone. Must leave nothing outside build/: ansible-test gets a home there.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

status=0
failed() { # status of what failed; where it was interrupted the next core is not begun
    (($1 < 128)) || exit "$1"
    status=1
}

cores=$(/usr/bin/python3 hacking/cores.py "${CORE:-ends}")
hacking/ansible-test-home.sh
while read -r core _ python; do
    venv=$(hacking/core-venv.sh "$core" "$python")
    /usr/bin/python3 hacking/collection.py "build/sanity/$core"
    /usr/bin/python3 hacking/check.py --reports --timeout 4000 "sanity-$core" -- \
        hacking/ansible-test.sh "$venv" "build/sanity/$core" "build/test-results/sanity-$core" \
        sanity --venv --junit --color no || failed $?
done <<<"$cores"
exit "$status"
