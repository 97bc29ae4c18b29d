"""The kernel's pressure stall information as numbers. Only reads text; what to do about it is the planner's."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Optional

KINDS = ("cpu", "memory", "io")
FOLDER = "/proc/pressure"
_SOME = re.compile(r"^(?:.*/(?P<kind>\w+):)?some\b.*?\bavg60=(?P<percent>\d+(?:\.\d+)?)", re.MULTILINE)


def some_avg60(text: str) -> Optional[float]:
    """Return the percent of the last minute in which some task waited; None where the text of a file says nothing."""
    found = _SOME.search(text)
    return float(found["percent"]) if found else None


def of_lines(text: str) -> dict[str, Optional[float]]:
    """Return it by kind, of the lines ``FOLDER/KIND:some ...`` that grep prints; None for a kind that is not there."""
    found = {match["kind"]: float(match["percent"]) for match in _SOME.finditer(text)}
    return {kind: found.get(kind) for kind in KINDS}
