#!/usr/bin/env bash
# Runs one ansible-test command in a copy of the collection and collects its JUnit reports.
# Usage: hacking/ansible-test.sh VENV TREE REPORTS ARGUMENT...   (hacking/ansible-test-home.sh first)
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

venv=$1 tree=$2 reports=$3
shift 3
mkdir -p "$reports"
reports=$(realpath "$reports")
export HOME=$PWD/build/home
export PATH=$venv/bin:$PWD/build/pythons:/usr/sbin:/usr/bin:/sbin:/bin
unset ANSIBLE_COLLECTIONS_PATH ANSIBLE_HOME
cd "$tree/ansible_collections/virtfleet/migration"
# ansible-test asks the nearest git for the files; the checkout's would answer that everything under build/ is ignored.
git -c init.defaultBranch=main init --quiet .
status=0
ansible-test "$@" || status=$?
if [[ -d tests/output/junit ]]; then
    cp -r tests/output/junit/. "$reports/"
fi
exit "$status"
