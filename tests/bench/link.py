"""`make bench-link`: 8 guests leave a host over a link of 200 Mbit/s; how much longer than the bytes alone that takes.

Runs the playbook evacuate as a user does. The link is the bridge port and the interface of both hosts, shaped by tc.

Usage: link.py [--mbit N]
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab" / "scenarios"))

from conductor import Run, evacuation, restoration
from labview import CHECKOUT, lab, status

OUT = CHECKOUT / "build" / "bench"
SOURCE, DEST = "hv2", "hv3"
# beside the two that the lab has on this host
GUESTS = [f"link{number}" for number in range(1, 7)]
TARGET = 1.15
MIB = 2**20
ROOM = {"virtfleet_allocatable_memory_mib": 16384, "virtfleet_allocatable_vcpus": 64}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mbit", type=float, default=200)
    mbit = parser.parse_args().mbit
    OUT.mkdir(parents=True, exist_ok=True)
    lab("up", timeout=600)
    left = [guest["name"] for guest in status()["guests"] if guest["name"] in GUESTS]
    if left:
        lab("guest", "remove", *left)
    lab("guest", "add", *GUESTS, "--host", SOURCE, "--memory", "240", "--touched", "120")
    try:
        with tempfile.TemporaryDirectory() as folder:
            run = shaped(mbit, Path(folder))
            back = restoration(SOURCE, Path(folder) / "back").run("-e", json.dumps(ROOM))
            if back.status != 0:
                sys.exit(f"bench: the guests can't be brought back:\n{back.output}")
    finally:
        lab("guest", "remove", *GUESTS)
    return report(run, mbit)


def shaped(mbit: float, folder: Path) -> Run:
    """Evacuate over the narrow link."""
    for host in (SOURCE, DEST):
        lab("shape", host, f"{mbit:g}")
    try:
        run = evacuation(SOURCE, folder).run("-e", json.dumps(ROOM), dests=DEST)
    finally:
        for host in (SOURCE, DEST):
            lab("shape", host, "off")
    if run.status != 0:
        sys.exit(f"bench: the evacuation failed:\n{run.output}")
    return run


def report(run: Run, mbit: float) -> int:
    moves = run.report["moves"]
    sent = run.report["totals"]["bytes"]
    alone = sent * 8 / (mbit * 1e6)
    print(f"{len(moves)} guests, {sent / MIB:.0f} MiB over {mbit:g} Mbit/s: {alone:.1f} s for the bytes alone")
    rows = [
        _row("evacuation, from the first start to the last end", run.report["seconds"], alone, TARGET),
        _row("evacuation, whole wall time of ansible-playbook", run.seconds, alone, None),
    ]
    for row in rows:
        verdict = "" if row["target"] is None else f"  target {row['target']}: {'met' if row['met'] else 'MISSED'}"
        print(f"{row['value']:6.1f} s  ratio {row['ratio']:.3f}  {row['metric']}{verdict}")
    (OUT / "link.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


def _row(what: str, seconds: float, alone: float, target: float | None) -> dict[str, Any]:
    ratio = round(seconds / alone, 3)
    met = None if target is None else ratio <= target
    figures = {"value": round(seconds, 1), "unit": "s", "peer": "bytes sent / link rate", "peer_value": round(alone, 1)}
    return {"metric": what, **figures, "ratio": ratio, "target": target, "met": met}


if __name__ == "__main__":
    sys.exit(main())
