"""Writes the example of a simulation, docs/examples/simulate: 8 hosts, 40 guests, a week of their use. Seeded.

The guests are invented: offices that work by day, web servers with an evening peak, jobs at night, quiet ones, each
with noise of its own. Must be run again only to change the example; what it writes is kept in the repository.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math
import random
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "examples" / "simulate"
STEP_MINUTES = 15
STEPS = 7 * 24 * 60 // STEP_MINUTES
HOSTS, KINDS = 8, ("office", "web", "batch", "quiet")
# SPECpower's form: watts at 0, 10 ... 100 % load, of an invented server with 16 CPUs
WATTS = (96, 112, 125, 138, 150, 163, 178, 196, 217, 240, 262)


def main() -> None:
    draw = random.Random(6)
    guests = [(f"{KINDS[number % 4]}{number // 4:02d}", (4, 8, 8, 4)[number % 4]) for number in range(40)]
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "fleet.yml").write_text(_fleet(guests), encoding="utf-8")
    columns = [_use(name, vcpus, draw) for name, vcpus in guests]
    lines = [",".join(("time", *(name for name, _vcpus in guests)))]
    lines += [
        ",".join((str(step * STEP_MINUTES * 60), *(f"{column[step]:.2f}" for column in columns)))
        for step in range(STEPS)
    ]
    (FOLDER / "week.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _fleet(guests: list[tuple[str, int]]) -> str:
    table = ", ".join(map(str, WATTS))
    lines = [
        "---",
        "# A fleet to simulate, made by hacking/example_week.py: 8 hosts of 16 CPUs, 40 guests, five on each.",
        "simulate_fleet:",
        "  hosts:",
    ]
    for number in range(1, HOSTS + 1):
        lines += [
            f"    - name: hv{number}",
            "      cpus: 16",
            "      memory_mib: 131072",
            "      cpu_overcommit: 8",
            f"      power: {{idle_watts: {WATTS[0]}, full_watts: {WATTS[-1]}, off_watts: 6, table: [{table}]}}",
        ]
    lines.append("  guests:")
    for number, (name, vcpus) in enumerate(guests):
        memory = 1024 * vcpus
        host = f"hv{(number + number // HOSTS) % HOSTS + 1}"
        lines.append(f"    - {{name: {name}, host: {host}, vcpus: {vcpus}, memory_mib: {memory}}}")
    return "\n".join(lines) + "\n"


def _use(name: str, vcpus: int, draw: random.Random) -> list[float]:
    """Return the CPUs that a guest wants in each step of the week, which begins on a Monday at midnight."""
    size, late, noise, found = draw.uniform(0.6, 1.0), draw.uniform(-0.7, 0.7), 0.0, []
    for step in range(STEPS):
        hour = (step * STEP_MINUTES / 60 - late) % 24
        weekend = step * STEP_MINUTES // (24 * 60) >= 5
        noise = 0.8 * noise + draw.gauss(0, 0.05)
        share = _share(name.rstrip("0123456789"), hour, weekend) * size * (1 + noise) + 0.02
        found.append(min(float(vcpus), max(0.01, share * vcpus)))
    return found


def _share(kind: str, hour: float, weekend: bool) -> float:
    if kind == "office":
        return (0.05 if weekend else 1.0) * 0.75 * _hill(hour, 13, 4.2)
    if kind == "web":
        return 0.12 + (0.55 if weekend else 0.45) * _hill(hour, 19.5, 3.5)
    if kind == "batch":
        return 0.7 * _hill(hour, 2.5, 1.4)
    return 0.06


def _hill(hour: float, middle: float, width: float) -> float:
    away = min(abs(hour - middle), 24 - abs(hour - middle))
    return math.exp(-((away / width) ** 2))


if __name__ == "__main__":
    main()
