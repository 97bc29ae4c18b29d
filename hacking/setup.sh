#!/usr/bin/env bash
# Prepares this machine: missing apt packages, build/venv, pinned Python packages. Must not install what only the
# lab needs (tests/lab/lab.py packages does that).
# Usage: hacking/setup.sh run|dev     run: what playbooks need; dev: what developers' commands need as well
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=/usr/bin/python3
UV_VERSION=0.13.9
export PIP_CACHE_DIR=$PWD/build/cache/pip
kind=${1:?usage: hacking/setup.sh run|dev}

die() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

check_python() {
    [[ -x $PYTHON ]] || die "$PYTHON is missing. Install the distribution's python3 and try again."
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        die "$("$PYTHON" --version) is too old: ansible-core needs 3.10 or newer (Debian 12, Ubuntu 22.04 or newer)."
}

missing_packages() {
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || printf 'python3-venv\n'
    if [[ $kind == dev ]]; then
        command -v shellcheck >/dev/null || printf 'shellcheck\n'
    fi
}

install_packages() {
    local packages
    mapfile -t packages < <(missing_packages)
    ((${#packages[@]})) || return 0
    command -v apt-get >/dev/null || die "no apt-get here. Install these yourself and try again: ${packages[*]}"
    ((EUID == 0)) || die "not root. Run: apt-get install ${packages[*]}; then try again."
    printf 'setup: installing Debian packages: %s\n' "${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o DPkg::Lock::Timeout=300 -qq update
    apt-get -o DPkg::Lock::Timeout=300 -qq install --yes --no-install-recommends "${packages[@]}" >/dev/null
}

# What an installation depends on; a stamp with this text inside means there is nothing to do.
key() {
    printf '%s %s uv %s\n' "$PWD" "$("$PYTHON" --version)" "$UV_VERSION"
    sha256sum "$@"
}

make_venv() {
    local stamp=build/venv/.stamp-venv
    [[ -x build/venv/bin/python && -f $stamp && $(<"$stamp") == "$(key)" ]] && return
    printf 'setup: creating build/venv with %s\n' "$("$PYTHON" --version)"
    rm -rf build/venv
    "$PYTHON" -m venv build/venv
    build/venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
    key >"$stamp"
}

install_requirements() { # requirement file
    local stamp=build/venv/.stamp-${1%.txt}
    [[ -f $stamp && $(<"$stamp") == "$(key "$1")" ]] && return
    printf 'setup: installing the Python packages of %s\n' "$1"
    hacking/pip.sh build/venv "$1"
    key "$1" >"$stamp"
}

case $kind in
    run) requirements="requirements.txt" ;;
    dev) requirements="requirements-dev.txt" ;;
    *) die "unknown kind $kind: run or dev" ;;
esac
mkdir -p build
exec 9>build/.setup.lock
flock 9
check_python </dev/null
install_packages
make_venv
install_requirements "$requirements"
[[ $kind != dev ]] || hacking/collections.sh
