#!/usr/bin/env bash
# Prepares build/home and build/pythons for ansible-test: it then needs no container and no download but packages.
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

# ansible-test downloads a get-pip script for Pythons without pip; Python's own ensurepip does the same offline.
cache=build/home/.ansible/test/cache
mkdir -p "$cache"
for version in 20_3_4 21_3_1 23_1_2 24_2 25_2; do
    cat >"$cache/get_pip_$version.py" <<'PYTHON'
import subprocess, sys
subprocess.check_call([sys.executable, "-m", "ensurepip"])
packages = [a for a in sys.argv[1:] if a not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install"] + packages))
PYTHON
done

mkdir -p build/home/.config/pip
build/venv/bin/python hacking/pip_settings.py >build/home/.config/pip/pip.conf

# Every supported Python under its own name, and no other command of the folders they come from.
rm -rf build/pythons
mkdir -p build/pythons
/usr/bin/python3 hacking/cores.py pythons | while read -r version path; do
    ln -s "$path" "build/pythons/python$version"
done
