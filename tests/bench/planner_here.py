"""Makes the collection's name mean this checkout, as the unit tests do. Must import nothing of it."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import runpy
from pathlib import Path


def resolve() -> None:
    runpy.run_path(str(Path(__file__).resolve().parents[1] / "unit" / "conftest.py"))
