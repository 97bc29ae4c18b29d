"""The driver of check mode and rehearsals: a snapshot that changes as moves go. Must reach no host and no clock."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Optional

from .._model.guest import Guest, GuestState
from .._model.host import Host
from .._model.plan import Leftover, Move
from .._model.predict import SWITCHOVER_MS
from .._model.refusal import Refusal
from .._model.request import Method
from .._model.settings import MoveSettings
from .._model.snapshot import Snapshot
from .._planner.arrival import guest_at
from .._planner.estimate import DOWNTIME_MS, FIXED_SECONDS, MIB, Left, advance, lines_of, speeds
from .._planner.storage import Reach
from .._planner.stores import copy_sizes
from .invariant import shut_down_for_its_move
from .ports import Cost, DriverError, Failure, Phase, Place, Progress, Whereabouts
from .restless import Restless, go_on, progress_of, restless


class Simulator:
    """A Driver in which every move succeeds, and takes what the planner's estimate of shared lines says.

    But for guests that were measured to write faster than they are sent: those end as their policy says.
    ``fleet`` is the snapshot as it is by now. ``new_name``: what a guest that moves is called from then on. ``stop``
    says whether whoever runs it wants it to end.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        start: float,
        new_name: Optional[str] = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.fleet = snapshot
        self._new_name = new_name
        self._stop = stop
        self._now = start
        self._lines = lines_of(snapshot)
        self._started: dict[str, float] = {}
        self._under_way: dict[str, tuple[Move, Left]] = {}
        self._restless: dict[str, Restless] = {}
        # moves with a cut-over window: all of them, what they were told if slowed down, and those that were given up
        self._windowed: set[str] = set()
        self._paced: dict[str, float] = {}
        self._given_up: set[str] = set()

    def now(self) -> float:
        return self._now

    def wait(self, seconds: float) -> None:
        lines = self._lines.at(self._now)
        self._now += seconds
        speed = speeds((move for move, _left in self._under_way.values()), lines)
        speed = {key: min(each, self._paced.get(key, each)) for key, each in speed.items()}
        for key, (move, left) in self._under_way.items():
            self._under_way[key] = (move, advance(left, seconds, speed[key]))
            if key in self._restless:
                self._restless[key] = go_on(self._restless[key], seconds, speed[key])

    def interrupted(self) -> bool:
        return self._stop()

    def where_is(self, move: Move) -> Whereabouts:
        return Whereabouts(self._place(move, move.source), self._place(move, move.dest))

    def check(self, move: Move) -> tuple[Refusal, ...]:
        return ()

    def prepare(self, move: Move) -> tuple[str, ...]:
        return ()

    def mend(self, leftover: Leftover) -> None:
        if leftover.definition_on is not None:
            self.fleet = _without(self.fleet, leftover.definition_on, leftover.guest)
        guest = _guest_on(self.fleet, leftover.host, leftover.guest)
        if guest is not None:
            state = GuestState.RUNNING if shut_down_for_its_move(guest) else guest.state
            tidy = replace(guest, state=state, notes=replace(guest.notes, claim=None))
            rest = _without(self.fleet, leftover.host, leftover.guest)
            self.fleet = replace(rest, hosts=tuple(_with(host, tidy, leftover.host) for host in rest.hosts))

    def start(self, move: Move, settings: MoveSettings) -> None:
        self._started[move.id] = self._now
        self._under_way[move.id] = (move, Left(FIXED_SECONDS, float(move.est_bytes)))
        if settings.cut_over is not None:
            self._windowed.add(move.id)
        if settings.cut_over is not None and settings.bandwidth_mibs is not None:
            self._paced[move.id] = settings.bandwidth_mibs * float(MIB)
        guest = _guest_on(self.fleet, move.source, move.guest)
        if guest is not None and move.expected is not None and not move.expected.converges:
            self._restless[move.id] = restless(move, guest)

    def progress(self, move: Move) -> Progress:
        if move.id in self._restless:
            return self._progress_of_restless(move)
        if move.id in self._given_up:
            return Progress(Phase.MEMORY, ended=True, failure=Failure("it was given up", cancelled=True))
        left = self._under_way[move.id][1] if move.id in self._under_way else Left(0.0, 0.0)
        ended = left.fixed <= 0 and left.size <= 0
        if ended:
            self._arrive(move)
        done = move.est_bytes - int(left.size)
        phase = Phase.DISKS if move.copies and done * 2 < move.est_bytes else Phase.MEMORY
        elapsed = max(self._now - self._started[move.id], 0.1)
        return Progress(phase, move.est_bytes, done, int(left.size), int(done / elapsed), ended=ended)

    def _progress_of_restless(self, move: Move) -> Progress:
        item = self._restless[move.id]
        if item.aborted:
            self._under_way.pop(move.id, None)
        elif item.over:
            self._arrive(move)
        return progress_of(item)

    def _steer(self, move: Move, **changes: Any) -> None:
        """Tell a move that may not converge by itself; all others are over before it could matter."""
        self._expect(move)
        if move.id in self._restless:
            self._restless[move.id] = replace(self._restless[move.id], **changes)

    def set_max_downtime(self, move: Move, milliseconds: int) -> None:
        self._steer(move, allowed_ms=milliseconds)

    def set_bandwidth(self, move: Move, mibs: int) -> None:
        self._expect(move)
        if move.id in self._paced:
            self._paced[move.id] = mibs * float(MIB)

    def post_copy(self, move: Move) -> None:
        self._steer(move, over=True, still=SWITCHOVER_MS / 1000)
        self._arrive(move)

    def resume_post_copy(self, move: Move, settings: MoveSettings) -> None:
        self._expect(move)

    def pause(self, move: Move) -> None:
        self._steer(move, paused=True)

    def abort(self, move: Move) -> None:
        self._steer(move, aborted=True)
        if move.id in self._windowed - self._restless.keys():
            self._under_way.pop(move.id, None)
            self._given_up.add(move.id)

    def finish(self, move: Move) -> Cost:
        elapsed = round(self._now - self._started[move.id], 1)
        if move.method is Method.OFFLINE:
            return Cost(elapsed, move.est_bytes, None)
        if move.method is Method.RESTART:
            return Cost(elapsed, move.est_bytes, move.est_downtime_ms)
        if move.id in self._restless:
            item = self._restless[move.id]
            return Cost(elapsed, int(item.sent), int(1000 * item.still))
        downtime = DOWNTIME_MS if move.method is Method.LIVE else int(elapsed * 1000)
        return Cost(elapsed, move.est_bytes, downtime)

    def undo(self, move: Move) -> None:
        self._expect(move)

    def _expect(self, move: Move) -> None:
        if move.id not in self._started:
            raise DriverError(Failure(f"{move.name} is not moving"))

    def _place(self, move: Move, host: str) -> Optional[Place]:
        guest = _guest_on(self.fleet, host, move.guest)
        return None if guest is None else Place(guest.state, guest.persistent, guest.job)

    def _arrive(self, move: Move) -> None:
        self._under_way.pop(move.id, None)
        source, dest = self.fleet.host(move.source), self.fleet.host(move.dest)
        guest = _guest_on(self.fleet, move.source, move.guest)
        if guest is None or source is None or dest is None:
            return
        home = None if move.home == move.dest else move.home
        there = guest_at(guest, Reach(move.copies, (), move.changes, move.twins), source, dest)
        notes = replace(guest.notes, home=home, claim=None, balanced=move.balanced or guest.notes.balanced)
        arrived = replace(there, name=self._new_name or guest.name, job=None, has_run=guest.has_run, notes=notes)
        gone = _without(_without(self.fleet, move.source, move.guest), move.dest, move.guest)
        taken, freed = copy_sizes(guest, move.copies, source), _left_behind(guest, move)
        hosts = (
            _filled(host, taken)
            if host.name == move.dest
            else _filled(host, freed)
            if host.name == move.source
            else host
            for host in gone.hosts
        )
        self.fleet = replace(gone, hosts=tuple(_with(host, arrived, move.dest) for host in hosts))


def _guest_on(fleet: Snapshot, name: str, uuid: str) -> Optional[Guest]:
    host = fleet.host(name)
    return next((guest for guest in host.guests if guest.uuid == uuid), None) if host else None


def _left_behind(guest: Guest, move: Move) -> dict[str, int]:
    """Return what the copied disks no longer take at the source, as less than nothing by pool."""
    copied = {copy.target for copy in move.copies}
    freed: dict[str, int] = {}
    for disk in guest.disks:
        if disk.target in copied and disk.pool:
            freed[disk.pool] = freed.get(disk.pool, 0) - (disk.allocation or disk.capacity or 0)
    return freed


def _filled(host: Host, sizes: Mapping[str, int]) -> Host:
    pools = (replace(pool, available=pool.available - sizes.get(pool.name, 0)) for pool in host.pools)
    return replace(host, pools=tuple(pools))


def _with(host: Host, guest: Guest, name: str) -> Host:
    if host.name != name:
        return host
    return replace(host, guests=tuple(sorted((*host.guests, guest), key=lambda item: (item.name, item.uuid))))


def _without(fleet: Snapshot, name: str, uuid: str) -> Snapshot:
    hosts = tuple(
        replace(host, guests=tuple(guest for guest in host.guests if guest.uuid != uuid)) if host.name == name else host
        for host in fleet.hosts
    )
    return replace(fleet, hosts=hosts)
