"""The lab's only entry point: puts its package on the path and hands over. It decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

SYSTEM_PYTHON = "/usr/bin/python3"  # the one that sees the distribution's libvirt binding

if importlib.util.find_spec("libvirt") is None and not os.path.samefile(sys.executable, SYSTEM_PYTHON):
    os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON, *sys.argv])

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from virtfleet_lab.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
