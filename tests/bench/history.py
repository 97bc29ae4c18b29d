"""How large a history file becomes and how long it takes: a synthetic fleet, recorded and recalled for real.

Must not reach any host. Times are CPU seconds, which other work on the machine does not change much.
Usage: history.py [HOSTS] [GUESTS] [HOURS]; prints a table and writes build/bench/history.json.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "plugins"))

from module_utils._history import recall, record  # noqa: E402
from module_utils._history.file import open_to_write  # noqa: E402
from module_utils._model import metering, usage_window  # noqa: E402

START, STEP = 1_764_590_400, 300
MIB = 1024 * 1024


class Fleet:
    """Guests of two vCPUs with a level that drifts, noise upon it, and memory that seldom changes.

    Half of them use disks and network, each at a level of its own from 1 KiB/s to 30 MiB/s, with a tenth of noise.
    """

    def __init__(self, hosts: int, guests: int) -> None:
        self._drawn = random.Random(1)
        names = [(metering.Kind.HOST, f"hv{number:04}") for number in range(hosts)]
        names += [(metering.Kind.GUEST, f"{number:08x}-0000-4000-8000-000000000000") for number in range(guests)]
        self._subjects = [metering.Subject(kind, name) for kind, name in names]
        self._level = [self._drawn.random() for _subject in self._subjects]
        self._memory = [self._drawn.randrange(256, 65536) for _subject in self._subjects]
        self._rate = [
            self._drawn.choice((0.0, 1024 * 10 ** self._drawn.uniform(0, 4.5))) for _subject in self._subjects
        ]
        self._noise = [self._drawn.gauss(0, 0.01) for _number in range(10_007)]

    def measured(self, step: int) -> metering.Measured:
        drawn, noise, uses, at = self._drawn, self._noise, [], START + step * STEP
        shift = drawn.randrange(len(noise))
        for place, subject in enumerate(self._subjects):
            if drawn.random() < 0.05:
                self._level[place] = drawn.random()
                self._memory[place] = max(64, self._memory[place] + drawn.randrange(-8, 16))
            cpus = max(0.0, 2 * self._level[place] + noise[(place + shift) % len(noise)])
            wave = 1 + 10 * noise[(2 * place + shift) % len(noise)]
            rates = (self._rate[place] * wave, self._rate[place] / 3 * wave)
            throughput = rates if subject.kind is metering.Kind.GUEST else (None, None)
            uses.append(metering.Use(subject, cpus, self._memory[place] * MIB, *throughput))
        counted = {"disk": step * 10**10, "network": step * 10**9}
        readings = {
            subject: metering.Reading(subject, subject.key, "hv0001", 7, float(at), step * 10**11, **counted)
            for subject in self._subjects
        }
        return metering.Measured(metering.Sample(at, tuple(uses)), readings, (), {})


def main(hosts: int, guests: int, hours: int) -> None:
    """Record the hours, look back from their end, and say what it took."""
    fleet, steps = Fleet(hosts, guests), hours * 3600 // STEP
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        path = str(Path(folder) / "history.sqlite")
        spent = _recorded(fleet, path, steps)
        began = time.process_time()
        record.known_readings(path)
        known = time.process_time() - began
        # as many samples as the default window of two hours and the coming hour of seven days have
        now, window = START + (steps - 1) * STEP, usage_window.UsageWindow(minutes=9 * 60)
        began = time.process_time()
        found = recall.read_history(path, metering.Kind.GUEST, recall.Column.CPUS, recall.spans_of(now, window))
        read = time.process_time() - began
        began = time.process_time()
        for series in found.series.values():
            usage_window.usage(series, now, window)
            usage_window.forecast(series, now, window)
        judged = time.process_time() - began
        began = time.process_time()
        for column in (recall.Column.DISK, recall.Column.NETWORK):
            recent = recall.read_history(path, metering.Kind.GUEST, column, [(now - 7200, now)])
            for series in recent.series.values():
                usage_window.usage(series, now, usage_window.UsageWindow())
        throughput = time.process_time() - began
        size = Path(path).stat().st_size
    figures = [
        (f"file after {hours} hours", size / 1e6, "MB"),
        ("bytes for each host or guest and sample", size / steps / (hosts + guests), "B"),
        ("file after 14 days, at most", size / steps * 14 * 24 * 12 / 1e6, "MB"),
        ("last readings, read before each sample", known, "s"),
        ("a sample added", spent, "s"),
        (f"{len(found.times)} samples of {len(found.series)} guests read", read, "s"),
        ("use and forecast of all of them", judged, "s"),
        ("throughput of all of them in the last two hours", throughput, "s"),
        ("memory of the process at most", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB"),
    ]
    _told(f"{hosts} hosts, {guests} guests, a sample each {STEP} s", figures)


def _recorded(fleet: Fleet, path: str, steps: int) -> float:
    """Return the mean seconds of the last hundred samples."""
    spent = []
    for step in range(steps):
        measured = fleet.measured(step)
        began = time.process_time()
        with open_to_write(path) as connection:
            record.append(connection, measured.sample, measured.readings, 14)
        spent.append(time.process_time() - began)
    return sum(spent[-100:]) / len(spent[-100:])


def _told(title: str, figures: list[tuple[str, float, str]]) -> None:
    sys.stdout.write(f"{title}\n")
    for what, value, unit in figures:
        sys.stdout.write(f"  {what:52} {value:10.2f} {unit}\n")
    blank = {"peer": None, "peer_value": None, "ratio": None, "target": None, "met": None}
    rows = [{"metric": what, "value": round(value, 4), "unit": unit, **blank} for what, value, unit in figures]
    out = ROOT / "build" / "bench" / "history.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*(int(given) for given in (sys.argv[1:] + ["1000", "22000", "48"][len(sys.argv) - 1 :])))
