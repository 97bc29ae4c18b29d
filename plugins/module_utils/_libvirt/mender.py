"""The copies of one guest, looked at and mended through libvirt. Must not decide which copy is right."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from .._engine.ports import DriverError, Failure
from .._model.half_done import Action, Copies, Copy, Deed, Standing
from .binding import libvirt
from .connection import Fleet
from .guest_notes import notes_of
from .lookup import domain_on, find
from .post_copy import is_post_copy
from .survey import is_active, job_of
from .translated import translated

# (virDomainState, its reason): running since it came by migration, paused by one, paused while its process begins.
_STANDINGS: Mapping[tuple[int, int], Standing] = {
    (1, 2): Standing.ARRIVED,
    (3, 2): Standing.HELD,
    (3, 11): Standing.STARTS,
}
# virDomainState: running, blocked, paused, shut off.
_OTHERWISE = {1: Standing.RUNS, 2: Standing.RUNS, 3: Standing.PAUSED, 5: Standing.OFF}
# Setting up a vCPU takes some milliseconds of its thread; a guest that runs uses more at once.
_RUN_NANOSECONDS = 100_000_000


class LibvirtMender:
    """A Mender over the connections of a Fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def look(self, guest: str, name: str, hosts: Sequence[str]) -> Copies:
        found, silent = [], []
        for host in hosts:
            try:
                found.append(self._copy(host, guest))
            except DriverError:
                # what can't be done without its answer is not done
                silent.append(host)
        answered = tuple(host for host in hosts if host not in silent)
        return Copies(guest, name, tuple(copy for copy in found if copy is not None), answered, tuple(silent))

    @translated
    def do(self, deed: Deed) -> None:
        domain = domain_on(self._fleet, deed.host, deed.guest)
        state, reason = domain.state()
        if standing_of(state, reason) is not deed.standing:
            raise DriverError(Failure(f"its copy on {deed.host} has changed meanwhile", "Run again"))
        if deed.action is Action.DESTROY:
            domain.destroy()
        elif deed.action is Action.UNDEFINE:
            domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM)
        else:
            domain.resume()

    @translated
    def _copy(self, host: str, guest: str) -> Optional[Copy]:
        domain = find(self._fleet, host, guest)
        if domain is None:
            return None
        try:
            return copy_of(domain, host)
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                return None
            raise


def standing_of(state: int, reason: int) -> Standing:
    """Return what a copy does, from virDomainState and its reason."""
    if is_post_copy((state, reason)):
        return Standing.POST_COPY
    return _STANDINGS.get((state, reason)) or _OTHERWISE.get(state, Standing.OTHER)


def copy_of(domain: Any, host: str) -> Copy:
    """Return the copy; libvirt's error where it is gone meanwhile."""
    state, reason = domain.state()
    active, persistent = is_active(state), bool(domain.isPersistent())
    return Copy(
        host=host,
        standing=standing_of(state, reason),
        ran=_ran(domain) if active else None,
        job=job_of(domain, state, reason) if active else None,
        persistent=persistent,
        saved=persistent and bool(domain.hasManagedSaveImage(0)),
        snapshots=domain.snapshotNum(0),
        claim=notes_of(domain).claim,
    )


def _ran(domain: Any) -> Optional[bool]:
    """Return whether its vCPUs have run since its process began, None where libvirt does not know."""
    flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
    ((_domain, stats),) = domain.connect().domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_VCPU, flags)
    return ran(stats)


def ran(stats: Mapping[str, Any]) -> Optional[bool]:
    """Return the same of a record of virDomainListGetStats."""
    times = [stats.get(f"vcpu.{index}.time") for index in range(int(stats.get("vcpu.maximum", 0)))]
    known = [int(each) for each in times if each is not None]
    return any(each >= _RUN_NANOSECONDS for each in known) if known else None
