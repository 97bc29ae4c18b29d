#!/usr/bin/env bash
# Writes requirements*.txt, fully pinned for every supported Python, from hacking/requirements/*.in.
# Run by a maintainer to renew the pins; no other command calls it.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

pin() { # oldest Python, output, inputs...
    local oldest=$1 output=$2
    shift 2
    { printf '# Pinned by hacking/pin.sh from hacking/requirements; change those, not this.\n'
      build/venv/bin/uv pip compile --quiet --universal --upgrade --python-version "$oldest" \
          --no-header --no-annotate "$@"
    } >"$output.new"
    mv "$output.new" "$output"
}

pin 3.10 requirements.txt hacking/requirements/run.in
pin 3.9 requirements-unit.txt hacking/requirements/unit.in
pin 3.10 requirements-dev.txt hacking/requirements/{run,unit,dev}.in \
    --constraints requirements.txt --constraints requirements-unit.txt
pin 3.10 requirements-collections.txt --no-deps hacking/requirements/collections.in
