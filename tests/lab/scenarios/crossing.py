"""The link between the two sites of a lab: narrowed, watched, cut. Judges nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faults import apart
from labview import LAB, lab

FAR = "hv3"
NEAR = ("hv1", "hv2")
LINK_MBIT = 100
MIB = 1024 * 1024


@dataclass
class Meter:
    """What the far site has received: seconds and bytes, several times a second, once it has been read."""

    samples: list[tuple[float, int]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.samples[-1][0] - self.samples[0][0]

    def over(self, mibs: float, seconds: float) -> float:
        """Return by how many bytes the link has carried more than so many MiB/s, in the worst time of that length."""
        worst = 0.0
        for begin, (start, before) in enumerate(self.samples):
            end = next((at for at in range(begin, len(self.samples)) if self.samples[at][0] >= start + seconds), None)
            if end is not None:
                later, after = self.samples[end]
                worst = max(worst, after - before - mibs * MIB * (later - start))
        return worst


@contextmanager
def narrow() -> Iterator[None]:
    """Leave what the far site sends and receives 100 Mbit/s."""
    lab("shape", FAR, str(LINK_MBIT))
    try:
        yield
    finally:
        lab("shape", FAR, "off")


@contextmanager
def watched(file: Path) -> Iterator[Meter]:
    """Have what comes over the link counted at its far end; the meter has it afterwards."""
    count = "while :; do read up idle </proc/uptime; read rx </sys/class/net/host0/statistics/rx_bytes"
    meter = Meter()
    with file.open("wb") as out:
        script = [str(LAB / "ssh"), FAR, f"{count}; echo $up $rx; sleep 0.2; done"]
        process = subprocess.Popen(script, stdin=subprocess.DEVNULL, stdout=out, start_new_session=True)
        try:
            yield meter
        finally:
            process.kill()
            process.wait(60)
    lines = file.read_text(encoding="ascii").splitlines(keepends=True)
    for line in lines:
        if line.endswith("\n"):
            seconds, received = line.split()
            meter.samples.append((float(seconds), int(received)))


@contextmanager
def cut() -> Iterator[None]:
    """Let nothing get from the far site to the near one; each still reaches its own storage."""
    with ExitStack() as stack:
        for host in NEAR:
            stack.enter_context(apart(FAR, host))
        yield
