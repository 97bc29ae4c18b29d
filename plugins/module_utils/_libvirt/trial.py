"""A test migration on real hypervisors: a throw-away guest goes to a host and back as guests do. Leaves nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Callable

from .._engine.ports import DriverError, Failure
from .._model.errors import FleetError
from .._model.plan import Move
from .._model.settings import MoveSettings
from .._model.trial import Attempt, Partner, Step, is_trial, trial_name, trial_uuid
from .advice import failure_of
from .binding import libvirt
from .connection import Fleet, error_text
from .flags import flags_of
from .lookup import find
from .send import send
from .trial_guest import is_left, trial_move, trial_xml

# It ended by itself meanwhile, as at the destination of a move that came to nothing.
_GONE = ("VIR_ERR_NO_DOMAIN", "VIR_ERR_OPERATION_INVALID")
_POLL_SECONDS = 0.2
# how long a move that was called off may take to end
_AFTER_ABORT_SECONDS = 10.0


def try_host(
    fleet: Fleet,
    settings: MoveSettings,
    host: str,
    partners: Sequence[Partner],
    seconds: float,
    stop: threading.Event,
) -> tuple[Attempt, ...]:
    """Try the partners one after the other until one was good both ways; each way may take ``seconds``.

    Raises FleetError where this process is asked to end; the guest is removed before that.
    """
    attempts: list[Attempt] = []
    for partner in partners:
        attempts.append(_attempt(fleet, settings, host, partner, seconds, stop))
        if attempts[-1].failed is None:
            break
    return tuple(attempts)


def end_trials(fleet: Fleet, hosts: Iterable[str], now: float, own: str = "") -> list[str]:
    """Remove test guests that were left behind on the hosts, and those of the host ``own``; return a line for each."""
    said, active = [], libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE
    for host in hosts:
        try:
            domains = fleet.control(host).listAllDomains(active)
            ended = [_ended(domain) for domain in domains if _may_end(domain, now, own)]
            said += [f"{name}, a test guest that was left behind on {host}, was removed" for name in ended]
        except (libvirt.libvirtError, DriverError) as error:
            said.append(f"test guests that may have been left behind on {host} were not removed: {error_text(error)}")
    return said


def _attempt(
    fleet: Fleet, settings: MoveSettings, host: str, partner: Partner, seconds: float, stop: threading.Event
) -> Attempt:
    attempt, step = Attempt(partner.host), Step.START
    began = time.monotonic()
    try:
        try:
            xml = trial_xml(host, partner, time.time())
            fleet.control(partner.host).createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED)
            step, began = Step.IN, time.monotonic()
            _moved(fleet, settings, trial_move(host, partner.host, host), seconds, stop)
            attempt = replace(attempt, seconds_in=_since(began))
            step, began = Step.OUT, time.monotonic()
            _moved(fleet, settings, trial_move(host, host, partner.host), seconds, stop)
            attempt = replace(attempt, seconds_out=_since(began))
        except (libvirt.libvirtError, DriverError) as error:
            failure = error.failure if isinstance(error, DriverError) else failure_of(error_text(error))
            attempt = replace(attempt, failed=step, error=failure.message, remedy=failure.remedy)
    finally:
        left = [(each, _remove(fleet, each, host)) for each in (partner.host, host)]
    return replace(attempt, left_on=tuple((each, why) for each, why in left if why))


def _moved(fleet: Fleet, settings: MoveSettings, move: Move, seconds: float, stop: threading.Event) -> None:
    """Move the guest as any other, and wait for it; raises DriverError where it fails or takes too long."""

    def work() -> None:
        with fleet.lane(move.source) as lane:
            domain = lane.lookupByUUIDString(move.guest)
            flags = flags_of(move, settings, persistent=False, was_paused=True)
            send(fleet, settings.transport, move, settings, domain, flags)

    job = _Job(work)
    if not job.over_within(seconds, stop):
        _abort(fleet, move)
        job.over_within(_AFTER_ABORT_SECONDS, threading.Event())
        if stop.is_set():
            raise FleetError("interrupted during a test migration", "Run again")
        raise DriverError(Failure(f"it was not over within {seconds:g} s", "Look at the link between the two hosts"))
    if job.error is not None:
        raise job.error
    if find(fleet, move.dest, move.guest) is None:
        raise DriverError(Failure(f"it is not on {move.dest} though libvirt says that it went there", "Run again"))


class _Job:
    """libvirt's blocking call in a thread of its own, since it can't be called back from within."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.error: Any = None
        self._over = threading.Event()
        threading.Thread(target=self._run, args=(work,), daemon=True).start()

    def over_within(self, seconds: float, stop: threading.Event) -> bool:
        """Return whether it is over within these seconds, and before anybody asks this process to end."""
        end = time.monotonic() + seconds
        while not self._over.wait(_POLL_SECONDS):
            if stop.is_set() or time.monotonic() > end:
                return False
        return True

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (libvirt.libvirtError, DriverError) as error:
            self.error = error
        finally:
            self._over.set()


def _abort(fleet: Fleet, move: Move) -> None:
    """Call the move off where libvirt still hears; the guest is removed on both ends anyway."""
    domain = find(fleet, move.source, move.guest)
    if domain is None:
        return
    try:
        domain.abortJob()
    except libvirt.libvirtError as error:
        if not _is_gone(error):
            raise


def _remove(fleet: Fleet, where: str, host: str) -> str:
    """End the guest that tries ``host``, if it is there; return why it could not be, or nothing."""
    try:
        domain = find(fleet, where, trial_uuid(trial_name(host)))
        if domain is not None:
            _ended(domain)
    except (libvirt.libvirtError, DriverError) as error:
        return error_text(error)
    return ""


def _may_end(domain: Any, now: float, own: str) -> bool:
    name = domain.name()
    if not is_trial(name, domain.UUIDString()):
        return False
    try:
        title = domain.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None, 0)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return False
        raise
    return name == trial_name(own) or is_left(title, now)


def _ended(domain: Any) -> str:
    """End a test guest, which is transient and then is gone; return its name."""
    name = str(domain.name())
    try:
        domain.destroy()
    except libvirt.libvirtError as error:
        if not _is_gone(error):
            raise
    return name


def _is_gone(error: Any) -> bool:
    return error.get_error_code() in [getattr(libvirt, name) for name in _GONE]


def _since(began: float) -> float:
    return round(time.monotonic() - began, 2)
