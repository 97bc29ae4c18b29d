#!/usr/bin/env bash
# `make demo`: brings up the lab, empties hv1 live, does it again, and has the lab's judge say how the guests fared.
# Must not hide anything that goes wrong: the first failure ends it with an exit status that is not 0.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

readonly OUT=$PWD/build/demo
readonly LAB=(/usr/bin/python3 tests/lab/lab.py)
readonly PLAYBOOK=(build/venv/bin/ansible-playbook -i build/lab/inventory.yml)

say() {
    printf '\n==== %s\n\n' "$*"
}

evacuate() { # name of this run
    "${PLAYBOOK[@]}" virtfleet.migration.evacuate -e evacuate_hosts=hv1 -e evacuate_reason=demo \
        -e "evacuate_report_dir='$OUT/$1'"
}

rm -rf "$OUT"
mkdir -p "$OUT"

say "The lab: three hypervisors on this machine"
"${LAB[@]}" packages
"${LAB[@]}" up --hosts 3
if ! build/venv/bin/python tests/lab/scenarios/is_as_made.py; then
    "${LAB[@]}" reset
fi
"${LAB[@]}" status
since=$(date +%s)

say "Empty hv1, its guests running on"
evacuate first

say "The same command again: nothing is left to do"
evacuate again | tee "$OUT/again.log"
if grep -q 'changed=[1-9]' "$OUT/again.log"; then
    printf 'demo: the second run has changed something\n' >&2
    exit 1
fi

say "What each guest's move took, and what the guest noticed of it"
build/venv/bin/python tests/lab/scenarios/show_moves.py "$since" "$OUT"/first/*.json

say "The judge of the lab: where every guest is, and whether it is well"
"${LAB[@]}" status --since "$since"

say "Done"
printf 'The report as a page: %s\n' "$OUT"/first/*.html
printf 'Bring the guests home: ANSIBLE_COLLECTIONS_PATH=build %s virtfleet.migration.restore -e restore_hosts=hv1\n' "${PLAYBOOK[*]}"
printf 'The lab stays up. Look at it: make lab-status. Take it down: make lab-down.\n'
