"""Traces from what people have: a CSV of CPUs used, or series out of a recorded history. Reads no file by itself."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from typing import Optional

from .._model.energy import moment
from .._model.errors import FleetError
from .._model.snapshot import Snapshot
from .._model.usage_window import Series
from .values import Trace

HOW = "Write a column time and one for each guest, with the CPUs it used: time,web,db and 0,0.4,1.2 and 300,0.5,1.1"


def trace_of_csv(text: str, what: str, snapshot: Snapshot) -> Trace:
    """Return the trace of a CSV: times in seconds or ISO 8601, evenly spaced, guests by name or UUID, in CPUs.

    An empty cell after a guest's last value ends it. Raises FleetError with the line of what is wrong.
    """
    rows = list(csv.reader(text.splitlines()))
    if len(rows) < 3 or rows[0][:1] != ["time"]:
        raise FleetError(f"{what} is no trace: a head that begins with time and two rows at least are needed", HOW)
    step = _step([_second(row[:1], what, number) for number, row in enumerate(rows[1:], 2)], what)
    columns = [_uuid(name, what, snapshot) for name in rows[0][1:]]
    if len(set(columns)) != len(columns):
        raise FleetError(f"{what} has a guest twice", "Give each guest one column")
    wanted: dict[str, Sequence[float]] = {}
    ends: dict[str, int] = {}
    for place, uuid in enumerate(columns, 1):
        cells = [_cell(row, place, what, number) for number, row in enumerate(rows[1:], 2)]
        last = max((index for index, cell in enumerate(cells) if cell is not None), default=-1)
        wanted[uuid] = tuple(cell or 0.0 for cell in cells)
        if last + 1 < len(cells):
            ends[uuid] = last + 1
    return Trace(step, len(rows) - 1, wanted, ends)


def trace_of_series(series: Mapping[str, Series], step_seconds: int, what: str) -> Trace:
    """Return the trace of recorded use, the mean of each step; where nothing was recorded, what was last."""
    times = [time for one in series.values() for time in (one.times[0], one.times[-1]) if one.times]
    if not times or max(times) - min(times) < step_seconds:
        raise FleetError(f"{what} has less than {step_seconds} s of use", "Record for longer, or take shorter steps")
    begin, steps = min(times), math.ceil((max(times) - min(times) + 1) / step_seconds)
    return Trace(
        step_seconds, steps, {uuid: _means(one, begin, steps, step_seconds) for uuid, one in sorted(series.items())}
    )


def _means(series: Series, begin: int, steps: int, length: int) -> tuple[float, ...]:
    sums, counts = [0.0] * steps, [0] * steps
    for time, value in zip(series.times, series.values):
        sums[(time - begin) // length] += value
        counts[(time - begin) // length] += 1
    found: list[float] = []
    for total, count in zip(sums, counts):
        found.append(total / count if count else found[-1] if found else 0.0)
    return tuple(found)


def _second(cells: Sequence[str], what: str, line: int) -> float:
    text = cells[0].strip() if cells else ""
    try:
        return float(text)
    except ValueError:
        found = moment(text)
    if found is None:
        raise FleetError(f"line {line} of {what} has the time {text!r}", "Give seconds, or 2026-01-31T18:00:00Z")
    return found.timestamp()


def _step(seconds: Sequence[float], what: str) -> int:
    steps = {round(later - sooner, 3) for sooner, later in zip(seconds, seconds[1:])}
    step = next(iter(steps))
    if len(steps) != 1 or step < 1 or step != int(step):
        raise FleetError(f"the times of {what} are not evenly spaced by whole seconds", "Give a row for each step")
    return int(step)


def _uuid(name: str, what: str, snapshot: Snapshot) -> str:
    found = [place.guest.uuid for place in snapshot.residents if name.strip() in (place.guest.name, place.guest.uuid)]
    if len(found) != 1:
        many = "several guests are" if found else "no guest of the fleet is"
        raise FleetError(f"{what} has a column {name!r}, and {many} called so", "Use names or UUIDs of the fleet")
    return found[0]


def _cell(row: Sequence[str], place: int, what: str, line: int) -> Optional[float]:
    text = row[place].strip() if place < len(row) else ""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise FleetError(f"line {line} of {what} has {text!r} where CPUs are expected", "Give a number, 0 or more")
    return value
