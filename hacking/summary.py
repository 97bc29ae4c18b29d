"""Sums the JUnit XML of build/test-results: a line for each check, then `N passed, N failed`. Must not run checks.

Exit status 1 if anything failed or a stage left no result.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

RESULTS = Path(__file__).resolve().parent.parent / "build" / "test-results"
STAGES = ("unit", "lint", "docs", "package", "sanity", "lab-up", "lab-scenarios")


@dataclass(frozen=True)
class Count:
    passed: int = 0
    failed: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed)


def count(path: Path) -> Count:
    """Test cases of an XML file, or of all below a folder."""
    if path.is_dir():
        return sum((count(file) for file in sorted(path.rglob("*.xml"))), Count())
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError:
        return Count(failed=1)  # a report cut off while it was written
    return sum((_of_case(case) for case in root.iter("testcase")), Count())


def _of_case(case: ElementTree.Element) -> Count:
    if case.find("failure") is not None or case.find("error") is not None:
        return Count(failed=1)
    if case.find("skipped") is not None:
        # ansible-test skips a check that finds no file of its kind; a test of ours that is skipped proves nothing
        return Count() if case.get("classname") == "sanity" else Count(failed=1)
    return Count(passed=1)


def by_check() -> dict[str, Count]:
    totals: dict[str, Count] = {}
    for path in sorted(RESULTS.glob("*")):
        if path.is_dir() or path.suffix == ".xml":
            name = path.name.removesuffix(".xml")
            totals[name] = totals.get(name, Count()) + count(path)
    return totals


def main() -> int:
    totals = by_check()
    for stage in STAGES:
        if not any(name == stage or name.startswith(f"{stage}-") for name in totals):
            totals[f"{stage} (left no result)"] = Count(failed=1)
    for name, counted in totals.items():
        print(f"{name:<28} {counted.passed:>5} passed {counted.failed:>5} failed")
    total = sum(totals.values(), Count())
    print(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
