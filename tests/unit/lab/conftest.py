"""Puts the lab's package on the path. Its pure parts are tested here; they need neither libvirt nor root."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

LAB = str(Path(__file__).resolve().parents[2] / "lab")

if LAB not in sys.path:
    sys.path.insert(0, LAB)
