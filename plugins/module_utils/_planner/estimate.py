"""What a plan costs: bytes, seconds, downtime, and which moves decide; measured where it was measured. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Optional

from .._model.energy import moment
from .._model.guest import Guest
from .._model.host import Host
from .._model.link import Link
from .._model.plan import DiskCopy, Move
from .._model.predict import Prediction, held_by, predict
from .._model.request import Method
from .._model.settings import Slots
from .._model.snapshot import Snapshot
from .sizes import copied_bytes

MIB = 1024 * 1024
# Assumed until it is measured: a host's network card of 1 Gbit/s less overhead, what libvirt needs to start and end a
# move, and the downtime that QEMU aims at when it switches over.
HOST_BYTES_PER_SECOND = 110 * MIB
FIXED_SECONDS = 1.5
# a guest's way down and up again, for which there is no better guess
RESTART_MS = 60_000
DOWNTIME_MS = 300

# what moves share: the card of a host, or the link between two sites
Line = tuple[str, ...]


@dataclass(frozen=True)
class Lines:
    """Bytes per second of every line that moves can share, and each host's site."""

    speed: Mapping[Line, float]
    site: Mapping[str, Optional[str]]
    by_hour: Mapping[Line, Link] = field(default_factory=dict)

    def at(self, when: float) -> Lines:
        """Return the lines at that moment (seconds since the epoch): links may be faster at other hours."""
        if not self.by_hour:
            return self
        now = {line: link.bandwidth_at(when) * MIB for line, link in self.by_hour.items()}
        return replace(self, speed={**self.speed, **now})

    def of(self, source: str, dest: str) -> tuple[Line, ...]:
        """Return the lines that a move goes over; a pair of sites without a link of its own is not limited by one."""
        link = ("link", *sorted((self.site.get(source) or "", self.site.get(dest) or "")))
        cards = (("host", source), ("host", dest))
        return (*cards, link) if link in self.speed else cards


@dataclass(frozen=True)
class Schedule:
    """Seconds from first start to last end, and the ids of the moves that decide it, each started by another's end.

    ``spans`` has, by id, the seconds at which each move starts and ends.
    """

    seconds: float
    critical_path: tuple[str, ...]
    spans: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Left:
    """What a move under way still needs: seconds of libvirt's own, then bytes to send."""

    fixed: float
    size: float


def lines_of(snapshot: Snapshot) -> Lines:
    """Return the lines of a fleet: a card for each host and the links of its inventory, at the hour of the look."""
    speed: dict[Line, float] = {("host", host.name): _card(host) for host in snapshot.hosts}
    taken = moment(snapshot.taken_at)
    by_hour: dict[Line, Link] = {}
    for link in snapshot.links:
        first, second = sorted((link.sites[0], link.sites[-1]))
        speed[("link", first, second)] = link.bandwidth_at(taken.timestamp() if taken else None) * MIB
        if link.bandwidth_by_hour:
            by_hour[("link", first, second)] = link
    return Lines(speed, {host.name: host.site for host in snapshot.hosts}, by_hour)


def _card(host: Host) -> float:
    limit = host.migration_bandwidth_mibs
    return float(HOST_BYTES_PER_SECOND) if limit is None else float(limit * MIB)


def expected(guest: Guest, method: Method, copied: int, speed: float) -> Optional[Prediction]:
    """Return what to expect of a live move at ``speed`` bytes per second, None where nobody has measured the guest."""
    if method is not Method.LIVE or guest.dirty_rate is None:
        return None
    downtime = min(DOWNTIME_MS, guest.notes.policy.max_downtime_ms or DOWNTIME_MS)
    return predict(held_by(guest), copied, guest.dirty_rate, speed, downtime)


def move_bytes(guest: Guest, method: Method, copies: Sequence[DiskCopy], source: Host) -> int:
    """Return an upper guess of the bytes that one pass of the move sends."""
    memory = 0 if method in (Method.OFFLINE, Method.RESTART) else guest.memory
    return memory + sum(copied_bytes(guest, copy, source) for copy in copies)


def move_seconds(size: int, source: str, dest: str, lines: Lines) -> float:
    """Return the seconds that a move of ``size`` bytes takes with all lines to itself."""
    return round(FIXED_SECONDS + size / line_speed(source, dest, lines), 1)


def line_speed(source: str, dest: str, lines: Lines) -> float:
    """Return the bytes per second that the narrowest line between two hosts carries."""
    return min(lines.speed[line] for line in lines.of(source, dest))


def move_downtime_ms(method: Method, seconds: float) -> int:
    """Return how long the guest stands still: a moment if live, throughout if paused, not at all if it is shut off."""
    if method is Method.LIVE:
        return DOWNTIME_MS
    if method is Method.RESTART:
        return RESTART_MS
    return int(seconds * 1000) if method is Method.PAUSED else 0


def speeds(moves: Iterable[Move], lines: Lines) -> dict[str, float]:
    """Return by id the bytes per second of moves that are under way together: each line is shared evenly."""
    under_way = list(moves)
    users: dict[Line, int] = defaultdict(int)
    for move in under_way:
        for line in lines.of(move.source, move.dest):
            users[line] += 1
    return {
        move.id: min(lines.speed[line] / users[line] for line in lines.of(move.source, move.dest)) for move in under_way
    }


def advance(left: Left, seconds: float, speed: float) -> Left:
    """Return what is left of a move some seconds later."""
    waited = min(left.fixed, seconds)
    return Left(left.fixed - waited, max(0.0, left.size - (seconds - waited) * speed))


def schedule(moves: Sequence[Move], slots: Slots, lines: Lines) -> Schedule:
    """Return how long the moves take when each starts as soon as order and slots allow and lines are shared evenly."""
    clock = _Clock(moves, slots, lines)
    while clock.step():
        pass
    return Schedule(round(clock.now, 1), clock.path(), clock.spans)


class _Clock:
    """The moves carried out on paper. Never leaves this file."""

    def __init__(self, moves: Sequence[Move], slots: Slots, lines: Lines) -> None:
        self.moves, self.slots, self.lines = moves, slots, lines
        self.now = 0.0
        number = {move.id: index for index, move in enumerate(moves)}
        self.followers: dict[int, list[int]] = defaultdict(list)
        waits = [{*move.after, *move.once_over} for move in moves]
        self.open = [len(others) for others in waits]
        for index, others in enumerate(waits):
            for other in others:
                self.followers[number[other]].append(index)
        self.ready = [index for index, count in enumerate(self.open) if count == 0]
        self.held: dict[Line, list[int]] = defaultdict(list)
        self.outbound: dict[str, int] = defaultdict(int)
        self.inbound: dict[str, int] = defaultdict(int)
        self.left: dict[int, Left] = {}
        self.cause: dict[int, Optional[int]] = {}
        self.last: Optional[int] = None
        self.spans: dict[str, tuple[float, float]] = {}

    def step(self) -> bool:
        """Start what can start, then go on to the next end; return False where nothing is under way any more."""
        self._start()
        if not self.left:
            return False
        speed = speeds((self.moves[index] for index in self.left), self.lines)
        ends = {index: left.fixed + left.size / speed[self.moves[index].id] for index, left in self.left.items()}
        first = min(ends, key=lambda index: (ends[index], index))
        self.now += ends[first]
        for index, left in self.left.items():
            self.left[index] = advance(left, ends[first], speed[self.moves[index].id])
        self._end(first)
        return True

    def _start(self) -> None:
        full: list[int] = []
        while self.ready:
            index = heapq.heappop(self.ready)
            move = self.moves[index]
            if len(self.left) >= self.slots.max_per_fleet:
                full.append(index)
                break
            if self.outbound[move.source] >= self.slots.max_outbound_per_host:
                self.held["out", move.source].append(index)
            elif self.inbound[move.dest] >= self.slots.max_inbound_per_host:
                self.held["in", move.dest].append(index)
            else:
                self.outbound[move.source] += 1
                self.inbound[move.dest] += 1
                self.left[index] = Left(FIXED_SECONDS, float(move.est_bytes))
                self.cause[index] = self.last
                self.spans[move.id] = (self.now, self.now)
        for index in full:
            heapq.heappush(self.ready, index)

    def _end(self, index: int) -> None:
        move = self.moves[index]
        del self.left[index]
        self.last = index
        self.spans[move.id] = (self.spans[move.id][0], self.now)
        self.outbound[move.source] -= 1
        self.inbound[move.dest] -= 1
        woken: Iterable[int] = (*self.held.pop(("out", move.source), ()), *self.held.pop(("in", move.dest), ()))
        for other in self.followers[index]:
            self.open[other] -= 1
            if self.open[other] == 0:
                woken = (*woken, other)
        for other in woken:
            heapq.heappush(self.ready, other)

    def path(self) -> tuple[str, ...]:
        """Return the chain of moves, each started by the end of the one before, that ends with the last one."""
        found: list[str] = []
        index = self.last
        while index is not None:
            found.append(self.moves[index].id)
            index = self.cause[index]
        return tuple(reversed(found))
