#!/usr/bin/env bash
# `make simulate`: the example week through the playbook simulate. Needs no lab and no network.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

example=$PWD/docs/examples/simulate
build/venv/bin/ansible-playbook -i localhost, -c local virtfleet.migration.simulate \
    -e ansible_python_interpreter=/usr/bin/python3 -e "@$example/fleet.yml" -e "@$example/settings.yml" \
    -e "simulate_trace_file='$example/week.csv'" -e "simulate_dir='$PWD/build/simulate'"
printf 'The page with the plots is build/simulate/simulation.html\n'
