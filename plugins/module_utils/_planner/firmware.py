"""State of a guest's firmware: variables (NVRAM) and an emulated TPM, which are files beside its disks. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from .._model.guest import Guest
from .._model.host import Host
from .._model.refusal import Refusal, RefusalCode


def firmware_refusals(guest: Guest, source: Host, dest: Host) -> tuple[Refusal, ...]:
    """Return what of the firmware's state would not come along.

    QEMU sends both with the memory of an active guest. Of a shut-off one libvirt moves neither.
    """
    if guest.active:
        return ()
    found = []
    if guest.tpm == "emulator":
        found.append(Refusal(RefusalCode.FIRMWARE_STATE, guest.name, dest.name, {"what": "TPM state"}))
    if guest.nvram is not None and not _is_shared(guest.nvram, source, dest):
        found.append(Refusal(RefusalCode.FIRMWARE_STATE, guest.name, dest.name, {"what": "NVRAM"}))
    return tuple(found)


def _is_shared(path: str, source: Host, dest: Host) -> bool:
    here = [pool for pool in source.pools if pool.active and pool.path and path.startswith(pool.path.rstrip("/") + "/")]
    there = {(pool.identity, pool.path) for pool in dest.pools if pool.active}
    return any(pool.identity is not None and (pool.identity, pool.path) in there for pool in here)
