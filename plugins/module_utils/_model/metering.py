"""What hosts and guests have used between two readings of their CPU time. Only arithmetic; reads no clock."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Optional

# Two readings closer together say too little, those further apart nothing about the hour in which the second was made.
SHORTEST_SECONDS, LONGEST_SECONDS = 0.5, 2 * 3600.0


class Kind(enum.Enum):
    """What a reading is of. The numbers are those of the history file."""

    HOST = 0
    GUEST = 1


@dataclass(frozen=True)
class Subject:
    """A host by its name, or a guest by its UUID, wherever it is."""

    kind: Kind
    key: str


@dataclass(frozen=True)
class Reading:
    """What a host tells of itself, or of a guest that is active on it.

    ``moment`` is in seconds since 1970, ``cpu_ns`` the CPU time used since the guest's process, or the host, began,
    ``disk`` and ``network`` the bytes that the guest has read and written, received and sent since;
    ``process`` is another number once that begins anew. ``memory`` is in bytes. ``running``: its vCPUs run.
    """

    subject: Subject
    name: str
    host: str
    process: int
    moment: float
    cpu_ns: Optional[int] = None
    memory: Optional[int] = None
    running: bool = True
    disk: Optional[int] = None
    network: Optional[int] = None


@dataclass(frozen=True)
class Use:
    """What a host or guest uses: CPUs' worth of time and bytes of memory, None where unknown.

    Of guests the bytes per second of disks and networks too.
    """

    subject: Subject
    cpus: Optional[float]
    memory: Optional[int]
    disk: Optional[float] = None
    network: Optional[float] = None


@dataclass(frozen=True)
class Sample:
    """What the fleet uses at a moment, in whole seconds since 1970. Who is not in it was not seen."""

    at: int
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Measured:
    """A sample, with the readings that the next one goes by.

    ``looked_twice`` are the hosts that had to be, ``silent`` those that did not answer, with the reason.
    """

    sample: Sample
    readings: Mapping[Subject, Reading]
    looked_twice: tuple[str, ...]
    silent: Mapping[str, str]


@dataclass(frozen=True)
class Stock:
    """What a history holds. ``oldest`` is in seconds since 1970.

    ``ahead`` counts samples later than the last one made: the clock has been set back since.
    """

    samples: int
    oldest: Optional[int]
    ahead: int
    bytes: int


def by_subject(readings: Iterable[Reading]) -> dict[Subject, Reading]:
    """Return one reading for each; of a guest that moves, the one of the host where it runs."""
    found: dict[Subject, Reading] = {}
    for reading in readings:
        other = found.get(reading.subject)
        if other is None or _weight(reading) > _weight(other):
            found[reading.subject] = reading
    return found


def _weight(reading: Reading) -> tuple[bool, int, str]:
    return reading.running, reading.cpu_ns or 0, reading.host


def used(before: Optional[Reading], after: Reading) -> Optional[float]:
    """Return the CPUs' worth of time used in between; None where the two are not of one process, or of one clock."""
    if before is None:
        return None
    cpu_ns = _rate(before.cpu_ns, after.cpu_ns, _seconds(before, after))
    return None if cpu_ns is None else cpu_ns / 1e9


def _seconds(before: Reading, after: Reading) -> Optional[float]:
    """Return the seconds between two readings that can be compared, None where they can't."""
    seconds = after.moment - before.moment
    same = (before.host, before.process) == (after.host, after.process)
    return seconds if same and SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS else None


def _rate(before: Optional[int], after: Optional[int], seconds: Optional[float]) -> Optional[float]:
    """Return how much came to a counter in a second; None where it was set back meanwhile."""
    if before is None or after is None or seconds is None or after < before:
        return None
    return (after - before) / seconds


def unknown(earlier: Mapping[Subject, Reading], now: Mapping[Subject, Reading]) -> frozenset[str]:
    """Return the hosts that have to be looked at once more, for something there has no earlier reading to go by."""
    return frozenset(
        reading.host
        for subject, reading in now.items()
        if reading.cpu_ns is not None and used(earlier.get(subject), reading) is None
    )


def sample_of(
    at: int,
    earlier: Mapping[Subject, Reading],
    first: Mapping[Subject, Reading],
    second: Mapping[Subject, Reading],
) -> Sample:
    """Return what is used: since the earlier readings where they serve, else between two looks of this time."""
    found: list[Use] = []
    for subject, reading in sorted(first.items(), key=lambda item: (item[0].kind.value, item[0].key)):
        before, again = earlier.get(subject), second.get(subject)
        use = _use(before, reading, reading.memory)
        if use.cpus is None and again is not None:
            use = _use(reading, again, reading.memory)
        found.append(use)
    return Sample(at, tuple(found))


def _use(before: Optional[Reading], after: Reading, memory: Optional[int]) -> Use:
    """Return what was used between two readings, all of it unknown where they can't be compared."""
    if before is None:
        return Use(after.subject, None, memory)
    seconds = _seconds(before, after)
    disk, network = _rate(before.disk, after.disk, seconds), _rate(before.network, after.network, seconds)
    return Use(after.subject, used(before, after), memory, disk, network)
