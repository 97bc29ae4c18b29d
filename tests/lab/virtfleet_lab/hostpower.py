"""Hosts that are to answer: switched on, booted, with their pools. It makes none and removes none."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence

import libvirt

from . import fleet, state, wiring
from .settings import Host, Lab
from .shell import LabError, in_parallel, wait_until
from .sites import names_of

BOOT_SECONDS = 240


def power_on(lab: Lab, hosts: Sequence[Host]) -> None:
    for host in hosts:
        if wiring.power_state(lab, host) == "off":
            wiring.power(lab, host, "on")


def await_hosts(lab: Lab, hosts: Sequence[Host]) -> None:
    in_parallel(lambda host: _await_host(lab, host), hosts)


def _await_host(lab: Lab, host: Host) -> None:
    def answers() -> bool:
        if state.supervisor_pid(lab) is None:
            raise LabError(f"The lab's supervisor ended: {state.supervisor_log(lab)}")
        return fleet.listens(host, port=22) and (host.bare or fleet.listens(host))

    wait_until(answers, BOOT_SECONDS, f"Host {host.name} did not boot, see {lab.log_dir}/{host.name}-console.log", 0.3)
    served = lab.dir / "services.json"
    wait_until(served.exists, BOOT_SECONDS, f"The storage is not served: {state.supervisor_log(lab)}")
    if host.bare:
        return
    with fleet.connection(lab, host) as hypervisor:
        for name in ("local", "iscsi", names_of(host).pool):
            pool = hypervisor.storagePoolLookupByName(name)
            if not pool.isActive():
                _start_pool(host, pool)


def _start_pool(host: Host, pool: libvirt.virStoragePool) -> None:
    try:
        pool.create()
    except libvirt.libvirtError as error:
        if not pool.isActive():  # libvirtd's own autostart may have been faster
            raise LabError(f"Pool {pool.name()} of host {host.name} does not start: {error}") from error
