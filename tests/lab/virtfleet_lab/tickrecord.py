"""Reads the record of ticks. Only the part that is asked for: the record grows as long as the lab is up."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from .settings import Lab
from .ticks import LINE, Tick, from_line

BLOCK = 64 * 1024


def ticks_since(lab: Lab, since: float) -> dict[str, list[Tick]]:
    """The recorded ticks of each guest (by UUID) from a moment on."""
    found: dict[str, list[Tick]] = {}
    with lab.ticks.open("rb") as record:
        record.seek(_offset_before(record, since))
        for line in record.read().decode("ascii", errors="replace").splitlines():
            tick = from_line(line)
            if tick is not None and tick.time >= since:
                found.setdefault(tick.uuid, []).append(tick)
    return found


def newest_in_serial_files(lab: Lab, uuid: str) -> list[Tick]:
    """The last tick of a guest that has been silent for long, dated by its file; at most one."""
    files = [lab.serial_dir(host) / uuid for host in os.listdir(lab.dir / "serial")]
    last = [tick for file in files if file.exists() and (tick := _last_tick(file)) is not None]
    return sorted(last, key=lambda tick: tick.time)[-1:]


def _last_tick(file: Path) -> Tick | None:
    found = list(LINE.finditer(file.read_text(encoding="ascii", errors="replace")))
    if not found:
        return None
    number, boot, md5, disk = found[-1].groups()
    return Tick(file.stat().st_mtime, file.parent.name, file.name, int(number), boot, md5, disk)


def newest_ticks(lab: Lab, since: float) -> dict[str, Tick]:
    return {uuid: ticks[-1] for uuid, ticks in ticks_since(lab, since).items()}


def _offset_before(record: BinaryIO, since: float) -> int:
    """A place in the record, at a line's beginning, before the first tick of that time; by bisection."""
    low, high = 0, record.seek(0, os.SEEK_END)
    while high - low > BLOCK:
        middle = (low + high) // 2
        record.seek(middle)
        record.readline()
        tick = from_line(record.readline().decode("ascii", errors="replace"))
        if tick is None or tick.time >= since:
            high = middle
        else:
            low = middle
    record.seek(low)
    if low:
        record.readline()
    return record.tell()
