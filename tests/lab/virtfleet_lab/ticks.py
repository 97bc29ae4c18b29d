"""Ticks: reading a guest's serial lines and judging their times. Pure: no clock, no files."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LINE = re.compile(r"tick (\d+) boot=([0-9a-f]{8}) md5=([0-9a-f]{8}|-) disk=(ok|BAD|none)")


@dataclass(frozen=True)
class Tick:
    """One tick, stamped with the machine's clock when its line was seen complete."""

    time: float
    host: str
    uuid: str
    number: int
    boot: str
    md5: str
    disk: str

    def as_line(self) -> str:
        return f"{self.time:.3f} {self.host} {self.uuid} {self.number} {self.boot} {self.md5} {self.disk}\n"


def from_line(line: str) -> Tick | None:
    """A recorded line; None for one that was cut short by a killed recorder."""
    words = line.split()
    if len(words) != 7:
        return None
    time, host, uuid, number, boot, md5, disk = words
    return Tick(float(time), host, uuid, int(number), boot, md5, disk)


class Stitcher:
    """Turns the text of a guest's serial files into tick lines, also of a line split by a migration.

    At the switchover the source's QEMU may have written a line's beginning and the destination's writes the rest:
    what does not read as a tick is tried again behind the unfinished line of every other host, whichever of the
    two halves is read first.
    """

    def __init__(self) -> None:
        self._unfinished: dict[str, str] = {}
        self._orphans: dict[str, str] = {}

    def feed(self, host: str, text: str) -> list[re.Match[str]]:
        *lines, rest = (self._unfinished.get(host, "") + text).split("\n")
        self._unfinished[host] = rest
        found = [self._match(host, line) for line in lines]
        found.append(self._join(host, list(self._orphans)))
        return [match for match in found if match is not None]

    def _match(self, host: str, line: str) -> re.Match[str] | None:
        if (match := LINE.search(line)) is not None:
            return match
        self._orphans[host] = line
        for other in self._unfinished:
            if (match := self._join(other, [host])) is not None:
                return match
        return None

    def _join(self, beginner: str, orphaned: Sequence[str]) -> re.Match[str] | None:
        """The tick made of one host's unfinished line and another's orphaned end, if they make one."""
        beginning = self._unfinished[beginner]
        for host in orphaned:
            if host == beginner or not beginning:
                continue
            if (match := LINE.search(beginning + self._orphans[host])) is not None:
                self._unfinished[beginner] = ""
                del self._orphans[host]
                return match
        return None


@dataclass(frozen=True)
class History:
    """What the ticks of one guest in a window of time say. Seconds; None where there was no tick."""

    newest: Tick | None
    longest_hole_s: float | None
    longest_hole_ended_at: float | None
    missing: int
    duplicates: int
    ran_twice: bool
    bad_disk: bool


def history(ticks: Sequence[Tick], since: float, until: float | None) -> History:
    """Judges a guest's ticks from `since` on; `until` is now for a guest that runs and None for one that does not."""
    window = [tick for tick in ticks if tick.time >= since]
    hole, ended = _longest_hole([tick.time for tick in window], since, until)
    missing, duplicates = _gaps(window)
    return History(
        newest=ticks[-1] if ticks else None,
        longest_hole_s=hole,
        longest_hole_ended_at=ended,
        missing=missing,
        duplicates=duplicates,
        ran_twice=_boots_interleave(window),
        bad_disk=any(tick.disk == "BAD" for tick in window),
    )


def _longest_hole(times: Sequence[float], since: float, until: float | None) -> tuple[float | None, float | None]:
    """The longest stretch of the window without a tick. A guest that never ticked and does not run has none."""
    if not times and until is None:
        return None, None
    edges = [since, *times, *([until] if until is not None else [])]
    holes = [(after - before, after) for before, after in zip(edges, edges[1:])]
    return max(holes, default=(None, None))


def _gaps(ticks: Iterable[Tick]) -> tuple[int, int]:
    """How many numbers are missing between the ticks of a boot, and how many came more than once."""
    numbers: dict[str, list[int]] = {}
    for tick in ticks:
        numbers.setdefault(tick.boot, []).append(tick.number)
    missing = sum(max(seen) - min(seen) + 1 - len(set(seen)) for seen in numbers.values())
    duplicates = sum(len(seen) - len(set(seen)) for seen in numbers.values())
    return missing, duplicates


def _boots_interleave(ticks: Iterable[Tick]) -> bool:
    """Whether a boot ticked again after a later boot had begun: two copies of the guest ran at once."""
    ended: set[str] = set()
    current = ""
    for tick in ticks:
        if tick.boot != current:
            if tick.boot in ended:
                return True
            ended.add(current)
            current = tick.boot
    return False
