"""Pressure stall information of this host. Must change nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Optional

from .._model.pressure_text import FOLDER, KINDS, some_avg60


def pressure(folder: Path = Path(FOLDER)) -> dict[str, Optional[float]]:
    """Return by kind the percent of the last minute in which something waited; None where the kernel does not tell.

    Kernels before 4.20 have no such files, and one that was started with psi=0 lets nobody read them.
    """
    return {kind: some_avg60(_text(folder / kind)) for kind in KINDS}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
