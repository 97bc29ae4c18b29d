"""The engine's driver on real hypervisors: each port call is a few libvirt calls. Decides nothing about a run."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import functools
import threading
import time
from collections.abc import Callable
from typing import Any, Optional

from .._engine.ports import Cost, DriverError, Failure, Phase, Place, Progress, Whereabouts
from .._model import prose
from .._model.errors import FleetError
from .._model.guest import VolumeRef
from .._model.plan import Leftover, Move, Twin
from .._model.refusal import Refusal
from .._model.request import Method
from .._model.settings import MoveSettings
from . import media, offline_copy, stand_in, volumes
from .advice import failure_of
from .binding import libvirt
from .claims import claimer, fulfil, give_up, make_volumes, take_back
from .connection import Fleet, error_text
from .flags import POSTCOPY, POSTCOPY_RESUME, flags_of
from .guest_notes import notes_of, write_notes
from .images import Digests
from .job_stats import cost_of, progress_of
from .last_look import refusals_before
from .lookup import domain_on, find, place_on, undefine
from .patience import Patience
from .places import state_of
from .post_copy import is_broken, is_post_copy
from .restart import shut_down, start_again
from .send import send
from .survey import is_active
from .translated import translated

# How long a host that did not answer is not asked again: each try holds up all other moves.
MUTE_SECONDS = 5.0


class _Work:
    """What is known here of one started move; the thread writes ``failure`` before it sets ``ended``."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.failure: Optional[Failure] = None
        self.created: list[VolumeRef] = []
        self.post_copy = False
        self.paused = False
        # of disks that were copied beforehand, while the guest was shut off
        self.cost = Cost()
        self.adopted = False
        # at the source, on the control connection; looked up once
        self.domain: Any = None


class LibvirtDriver:
    """A Driver over the connections of a Fleet. ``stop`` is set when the user interrupts."""

    def __init__(self, fleet: Fleet, settings: MoveSettings, stop: threading.Event) -> None:
        self._fleet = fleet
        self._settings = settings
        self._stop = stop
        self._news = threading.Event()
        self._work: dict[str, _Work] = {}
        self._digests = Digests(fleet)
        self._mute: dict[str, float] = {}
        self._patience = Patience()

    def now(self) -> float:
        return time.time()

    def wait(self, seconds: float) -> None:
        self._news.wait(seconds)
        self._news.clear()

    def interrupted(self) -> bool:
        return self._stop.is_set()

    def where_is(self, move: Move) -> Whereabouts:
        places: dict[str, Optional[Place]] = {}
        silent = []
        for host in (move.source, move.dest):
            if time.monotonic() < self._mute.get(host, 0.0):
                silent.append(host)
                continue
            try:
                places[host] = self._place(host, move.guest)
            except DriverError:
                # that an end is silent is the answer; why, the failure of the move says
                silent.append(host)
                self._mute[host] = time.monotonic() + MUTE_SECONDS
        return Whereabouts(places.get(move.source), places.get(move.dest), tuple(silent))

    @translated
    def check(self, move: Move) -> tuple[Refusal, ...]:
        return (*refusals_before(self._fleet, move, self._settings), *self._digests.unlike(move))

    @translated
    def prepare(self, move: Move) -> tuple[str, ...]:
        brought = tuple(item for item in move.media if media.bring(self._fleet, move, item, self._stop))
        there = (Twin(item.source, item.dest) for item in move.media if item not in brought)
        unlike = self._digests.unlike(dataclasses.replace(move, twins=tuple(there)))
        if unlike:
            raise DriverError(Failure(prose.cause(unlike[0]), prose.remedy(unlike[0])))
        return tuple(item.dest.volume for item in brought)

    @translated
    def mend(self, leftover: Leftover) -> None:
        claim = leftover.claim
        domain = domain_on(self._fleet, leftover.host, leftover.guest)
        # before its disks: what copies them holds them open
        for host in (claim.source, claim.dest) if claim.copied else ():
            stand_in.end(self._fleet, host, leftover.guest)
        if leftover.definition_on is not None:
            undefine(self._fleet, leftover.definition_on, leftover.guest)
        if leftover.host == claim.dest:
            active = start_again(domain, bool(domain.isActive()))
            fulfil(self._fleet, domain, leftover.host, notes_of(domain).home, active)
        else:
            for ref in claim.volumes:
                volumes.delete(self._fleet.control(claim.dest), ref)
            active = start_again(domain, bool(domain.isActive()))
            unclaimed = dataclasses.replace(notes_of(domain), claim=None)
            write_notes(domain, unclaimed, active, bool(domain.isPersistent()))

    def start(self, move: Move, settings: MoveSettings) -> None:
        work = self._work[move.id] = self._work.get(move.id) or _Work()
        if move.adopt:
            work.adopted = True
            return
        self._spawn(work, lambda: self._migrate(move, settings, work))

    @translated
    def resume_post_copy(self, move: Move, settings: MoveSettings) -> None:
        before = self._work[move.id]
        work = self._work[move.id] = _Work()
        work.post_copy, work.created, work.paused = True, before.created, before.paused
        self._spawn(work, lambda: self._resume(move, settings))

    @translated
    def progress(self, move: Move) -> Progress:
        work = self._work[move.id]
        if work.ended.is_set() and not work.adopted:
            return Progress(Phase.FINISHING, ended=True, failure=work.failure)
        try:
            stats, state = self._patience.ask(move.source, functools.partial(self._look, move))
        except (libvirt.libvirtError, DriverError):
            if work.adopted:
                raise
            # only its thread knows when the call is over; it hears of a broken connection as well
            return Progress(Phase.POST_COPY if work.post_copy else Phase.PREPARING)
        work.post_copy = work.post_copy or is_post_copy(state)
        if is_broken(state):
            # nobody's call is waiting for an adopted one
            return Progress(Phase.POST_COPY, ended=work.adopted, failure=work.failure, broken=True)
        if work.adopted and stats.get("operation") != libvirt.VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT:
            return Progress(Phase.FINISHING, ended=True, failure=work.failure)
        return progress_of(stats, bool(move.copies), work.post_copy)

    @translated
    def set_max_downtime(self, move: Move, milliseconds: int) -> None:
        self._tell(move, lambda domain: domain.migrateSetMaxDowntime(milliseconds, 0))

    @translated
    def set_bandwidth(self, move: Move, mibs: int) -> None:
        self._tell(move, lambda domain: domain.migrateSetMaxSpeed(mibs, 0))

    @translated
    def post_copy(self, move: Move) -> None:
        if move.method is Method.OFFLINE:
            return  # there is no memory to leave behind
        domain_on(self._fleet, move.source, move.guest).migrateStartPostCopy(0)
        self._work[move.id].post_copy = True

    @translated
    def pause(self, move: Move) -> None:
        if move.method is Method.OFFLINE:
            return  # it could not stand more still
        domain_on(self._fleet, move.source, move.guest).suspend()
        self._work[move.id].paused = True

    @translated
    def abort(self, move: Move) -> None:
        # a guest that is shutting down can't be called back; its thread sees that the user has interrupted
        if move.method is not Method.RESTART:
            self._moving(move).abortJob()

    @translated
    def finish(self, move: Move) -> Cost:
        domain = domain_on(self._fleet, move.dest, move.guest)
        left = find(self._fleet, move.source, move.guest)
        if left is not None and not left.isActive():
            undefine(self._fleet, move.source, move.guest)
        work = self._work.get(move.id)
        active = start_again(domain, _resume_if_left(domain, work is not None and work.paused))
        fulfil(self._fleet, domain, move.dest, move.home, active)
        if work is None or not active or move.method is Method.RESTART:
            return work.cost if work is not None else Cost()
        # kept, for whoever predicts the guest's next move
        kept = libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED | libvirt.VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED
        size = volumes.allocated(self._fleet.control(move.dest), move.copies)
        return cost_of(domain.jobStats(kept), size)

    @translated
    def undo(self, move: Move) -> None:
        work = self._work[move.id]
        domain = domain_on(self._fleet, move.source, move.guest)
        if move.method in (Method.OFFLINE, Method.RESTART) and move.copies:
            for host in (move.source, move.dest):
                stand_in.end(self._fleet, host, move.guest)
        active = start_again(domain, _resume_if_left(domain, work.paused))
        for ref in work.created:
            volumes.delete(self._fleet.control(move.dest), ref)
        if active:
            take_back(self._fleet, move)
        give_up(domain, move.source, active)

    def _place(self, host: str, guest: str) -> Optional[Place]:
        """Ask a host where the guest is: at length the first time, and briefly once it has been silent."""
        ask = functools.partial(place_on, self._fleet, host, guest)
        place: Optional[Place] = self._patience.ask(host, ask) if host in self._mute else ask()
        self._mute.pop(host, None)
        return place

    def _look(self, move: Move) -> tuple[dict[str, Any], tuple[int, int]]:
        """Return the job's statistics, and the guest's state where that tells more."""
        work = self._work[move.id]
        stats = self._job_stats(move)
        return stats, state_of(work.domain) if stats and (work.adopted or work.post_copy) else (0, 0)

    def _tell(self, move: Move, call: Callable[[Any], Any]) -> None:
        """Tell libvirt something that may come late or be told twice."""
        self._patience.ask(move.source, lambda: call(self._moving(move)))

    def _job_stats(self, move: Move) -> dict[str, Any]:
        """Return the statistics of the guest's job at its source, empty where it has left."""
        work = self._work[move.id]
        try:
            if work.domain is None:
                work.domain = find(self._fleet, move.source, stand_in.moving_uuid(move))
            return work.domain.jobStats(0) if work.domain is not None else {}
        except libvirt.libvirtError as error:
            work.domain = None
            # it left between two calls; how the move ended is for its thread to say
            if error.get_error_code() in (libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_OPERATION_INVALID):
                return {}
            raise

    def _spawn(self, work: _Work, job: Callable[[], None]) -> None:
        """Do the job in a thread of its own: it blocks in libvirt's call until the move is over."""
        threading.Thread(target=self._drive, args=(work, job), daemon=True).start()

    def _drive(self, work: _Work, job: Callable[[], None]) -> None:
        try:
            job()
        except FleetError as error:
            work.failure = Failure(error.message, error.remedy or "")
        except (libvirt.libvirtError, DriverError) as error:
            work.failure = error.failure if isinstance(error, DriverError) else failure_of(error_text(error))
        finally:
            work.ended.set()
            self._news.set()

    def _migrate(self, move: Move, settings: MoveSettings, work: _Work) -> None:
        with self._fleet.lane(move.source) as lane:
            domain = lane.lookupByUUIDString(move.guest)
            persistent, state = bool(domain.isPersistent()), domain.state()[0]
            was_paused = state == libvirt.VIR_DOMAIN_PAUSED
            make_volumes(self._fleet, move, work.created, claimer(domain, move, is_active(state)))
            if move.method is Method.RESTART:
                shut_down(domain, self._stop)
                move = dataclasses.replace(move, method=Method.OFFLINE)
            if move.method is Method.OFFLINE and move.copies:
                work.cost = self._copy_shut_off(move, settings, domain)
            self._send(move, settings, domain, flags_of(move, settings, persistent, was_paused))

    def _resume(self, move: Move, settings: MoveSettings) -> None:
        """Go on with a post-copy that broke; its claim, volumes and settings stay what they were."""
        with self._fleet.lane(move.source) as lane:
            domain = lane.lookupByUUIDString(move.guest)
            # one that a later run found on its way looks paused at its source
            live = dataclasses.replace(move, method=Method.LIVE)
            flags = flags_of(live, settings, bool(domain.isPersistent()), was_paused=False)
            self._send(live, settings, domain, flags | POSTCOPY | POSTCOPY_RESUME)

    def _send(self, move: Move, settings: MoveSettings, domain: Any, flags: int) -> None:
        send(self._fleet, self._settings.transport, move, settings, domain, flags)

    def _copy_shut_off(self, move: Move, settings: MoveSettings, domain: Any) -> Cost:
        def send_stand_in(other: Move, stand_in: Any) -> None:
            own = offline_copy.stand_in_settings(settings)
            self._send(other, own, stand_in, flags_of(other, own, persistent=False, was_paused=True))

        return stand_in.copy_disks(self._fleet, move, domain, send_stand_in)

    def _moving(self, move: Move) -> Any:
        """Return what libvirt is moving: the guest, or what carries its disks."""
        return domain_on(self._fleet, move.source, stand_in.moving_uuid(move))


def _resume_if_left(domain: Any, paused_by_us: bool) -> bool:
    """Let a guest run that we or the migration paused, not one that its owner paused; return whether it is active."""
    state, reason = domain.state()
    left = paused_by_us or reason == libvirt.VIR_DOMAIN_PAUSED_MIGRATION
    if state == libvirt.VIR_DOMAIN_PAUSED and left:
        domain.resume()
    return is_active(state)
