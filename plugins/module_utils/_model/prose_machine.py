"""What about a guest's machine type or firmware needs care, in words, with the remedy. Must decide nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from .host import version_text
from .machine_type import ConcernedHosts, MachineConcern, MachineFinding, Release, lifetime

_C = MachineConcern
_CHANGE = "give the guest {other} when it is shut down next (virsh edit)"

_TEXTS: Mapping[MachineConcern, tuple[str, str]] = {
    _C.TOO_NEW: (
        "machine type {machine} is newer than QEMU on {hosts}",
        "upgrade QEMU there; until then the guest can't go there",
    ),
    _C.GONE: (
        "QEMU on {hosts} no longer has machine type {machine}",
        _CHANGE + "; until then it can't go there",
    ),
    _C.UNKNOWN: (
        "QEMU on {hosts} does not have machine type {machine}",
        _CHANGE + ", or install a QEMU there that has it",
    ),
    _C.DEPRECATED: (
        "machine type {machine} is deprecated by QEMU on {hosts}{removal}",
        _CHANGE + ", before an upgrade takes it away",
    ),
    _C.FIRMWARE: (
        "libvirt on {hosts} has no firmware {firmware} for machine type {machine}",
        "install the package with it there, of the same build as on the guest's own host",
    ),
}


def describe_machine(finding: MachineFinding) -> dict[str, Any]:
    """Return the finding as modules give it back; releases as people write them."""
    deprecated_in, removed_in = lifetime(finding.machine)
    return {
        "guest": finding.guest,
        "name": finding.name,
        "host": finding.host,
        "machine": finding.machine,
        "deprecated_in": _qemu(deprecated_in),
        "removed_in": _qemu(removed_in),
        "firmware": finding.firmware,
        "suggested": finding.suggested,
        "concerns": [_concern(finding, each) for each in finding.concerns],
    }


def _concern(finding: MachineFinding, concerned: ConcernedHosts) -> dict[str, Any]:
    removed_in = _qemu(lifetime(finding.machine)[1])
    fields = {
        "machine": finding.machine,
        "firmware": finding.firmware,
        "hosts": ", ".join(
            f"{name} (QEMU {version_text(version)})" for name, version in zip(concerned.hosts, concerned.qemu_versions)
        ),
        "removal": f", and gone in {removed_in}" if removed_in else "",
        "other": finding.suggested or "a machine type that all hosts have",
    }
    message, remedy = (text.format_map(fields) for text in _TEXTS[concerned.concern])
    return {"code": concerned.concern.value, "hosts": list(concerned.hosts), "message": message, "remedy": remedy}


def _qemu(release: Optional[Release]) -> Optional[str]:
    return f"QEMU {'.'.join(map(str, release))}" if release is not None else None
