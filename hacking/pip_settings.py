"""Prints this user's pip settings, files and environment together, as one pip.conf for a home folder of its own.

ansible-test drops PIP_* variables; behind a mirror or a TLS proxy its pip would find nothing. Must not call an index.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ast
import subprocess
import sys

KEPT = ("cert", "extra-index-url", "find-links", "index-url", "no-index", "proxy", "timeout", "trusted-host")


def main() -> None:
    argv = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    settings: dict[str, str] = {}
    for line in lines:
        name, _equals, value = line.partition("=")
        section, _dot, key = name.rpartition(".")
        if key in KEPT and section == ":env:":  # the environment wins, as it does in pip
            settings[key] = ast.literal_eval(value)
        elif key in KEPT and section == "global":
            settings.setdefault(key, ast.literal_eval(value))
    print("[global]")
    for key, value in sorted(settings.items()):
        print(f"{key} = " + "\n    ".join(value.split()))


if __name__ == "__main__":
    main()
