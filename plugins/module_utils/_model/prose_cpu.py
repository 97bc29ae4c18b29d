"""The shared CPU of a fleet and the guests that do not fit it, in words, with the remedy. Must decide nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from .codec import to_json
from .cpu_baseline import Baseline, Definition, GuestFit, Misfit
from .host import version_text

_M = Misfit
_MESSAGES: Mapping[Misfit, str] = {
    _M.FEATURES: "its CPU {cpu} can't be given by {lacks}",
    _M.OWN_HOST: "it has the CPU of its own host ({cpu}), which is not that of {lacks}",
    _M.AT_START: "it takes the CPU of the host that starts it ({cpu}), and could not go from there to {lacks}",
}
_DEFINE = "put the CPU in cpu_xml into its definition (virsh edit)"
_NONE = "first find out why there is no CPU that all hosts give: the baseline's error and refused tell"


def describe_baseline(baseline: Baseline, xml: Optional[str]) -> dict[str, Any]:
    """Return the baseline as modules give it back; ``xml`` is its CPU as libvirt reads it."""
    group, cpu = baseline.group, baseline.cpu
    return {
        "arch": group.arch,
        "virt_type": group.virt_type,
        "machine": group.machine,
        "hosts": [host for kind in baseline.kinds for host in kind.hosts],
        "model": cpu.model if cpu is not None else None,
        "features": list(baseline.features) if cpu is not None else [],
        "cpu_xml": xml,
        "computed_on": baseline.computed.host,
        "call": baseline.computed.call,
        "error": baseline.computed.error,
        "refused": to_json(baseline.refused),
        "held_back": to_json(baseline.held_back),
        "kinds": [
            {
                "hosts": list(kind.hosts),
                "model": kind.cpu.model,
                "libvirt": version_text(kind.libvirt_version),
                "qemu": version_text(kind.qemu_version),
            }
            for kind in baseline.kinds
        ],
        "left_out": dict(baseline.left_out),
    }


def describe_fit(fit: GuestFit, baseline: Baseline, definition: Optional[Definition]) -> dict[str, Any]:
    """Return what is found about a guest as modules give it back; ``definition`` where there is a CPU to give it."""
    own = fit.cpu.model or fit.cpu.mode
    misfit = fit.misfit
    lacks = "; ".join(
        ", ".join(each.hosts) + (f" (missing: {', '.join(each.missing)})" if each.missing else "") for each in fit.lacks
    )
    return {
        "guest": fit.guest,
        "name": fit.name,
        "host": fit.host,
        "arch": fit.group.arch,
        "virt_type": fit.group.virt_type,
        "cpu": own,
        "fits": misfit is None,
        "code": misfit.value if misfit is not None else None,
        "lacks": to_json(fit.lacks),
        "message": _MESSAGES[misfit].format(cpu=own, lacks=lacks) if misfit is not None else None,
        "remedy": _remedy(fit, baseline, definition),
        "cpu_xml": definition.xml if definition is not None else None,
    }


def _remedy(fit: GuestFit, baseline: Baseline, definition: Optional[Definition]) -> Optional[str]:
    if fit.misfit is None:
        return None
    if definition is None:
        return _NONE if baseline.cpu is None else f"look again: its definition could not be read on {fit.host}"
    if not fit.active:
        return f"{_DEFINE} before it is started"
    if definition.there:
        return "shut it down and start it: its definition has the CPU that it needs"
    return f"{_DEFINE}, shut it down and start it"
