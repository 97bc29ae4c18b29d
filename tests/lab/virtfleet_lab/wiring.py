"""The lab's network and power as a person at the rack would handle them: cables, link speed, BMC buttons."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
from pathlib import Path

from .settings import BMC_CIPHER_SUITE, BMC_PASSWORD, BMC_USER, Host, Lab
from .shell import LabError, run
from .state import require_supervisor


def plug_uplink(lab: Lab, supervisor: int) -> None:
    """Connects the machine with the lab's bridge: one end stays here, the other goes into the lab's namespace."""
    _refuse_taken_subnet(lab)
    run(["ip", "link", "add", lab.uplink, "type", "veth", "peer", "name", "uplink", "netns", str(supervisor)])
    run(["ip", "address", "add", f"{lab.machine_address}/{lab.subnet.prefixlen}", "dev", lab.uplink])
    run(["ip", "link", "set", lab.uplink, "up"])


def _refuse_taken_subnet(lab: Lab) -> None:
    for line in run(["ip", "-oneline", "route", "show"]).splitlines():
        if line.split()[0] == str(lab.subnet):
            raise LabError(
                f"The subnet {lab.subnet} is in use on this machine ({line.strip()}). "
                "Take another one: VIRTFLEET_LAB_SUBNET=10.213.78.0/24."
            )


def in_lab(lab: Lab, argv: list[str]) -> str:
    """Runs a command among the lab's own processes, mounts and interfaces."""
    return run(["nsenter", "--target", str(require_supervisor(lab)), "--mount", "--net", "--pid", "--", *argv])


def in_infra(lab: Lab, argv: list[str]) -> str:
    return in_lab(lab, ["chroot", str(lab.infra / "root"), *argv])


def set_link(lab: Lab, host: Host, state: str) -> None:
    in_lab(lab, ["ip", "link", "set", host.port, state])


def shape(lab: Lab, host: Host, rate_mbit: float | None) -> None:
    """Limits what the host sends and what it receives, or lifts both limits."""
    for where in _both_ends(lab, host):
        try:
            in_lab(lab, [*where, "qdisc", "delete", "dev", where_device(host, where), "root"])
        except LabError as error:
            if "handle of zero" not in str(error) and "No such file" not in str(error):
                raise
        if rate_mbit is not None:
            limit = ["rate", f"{rate_mbit}mbit", "burst", "64kb", "latency", "200ms"]
            in_lab(lab, [*where, "qdisc", "add", "dev", where_device(host, where), "root", "tbf", *limit])


def _both_ends(lab: Lab, host: Host) -> list[list[str]]:
    """tc at the bridge's port (what the host receives) and at its own interface (what it sends)."""
    return [["tc"], ["nsenter", "--target", _leader(lab, host), "--net", "--", "tc"]]


def where_device(host: Host, where: list[str]) -> str:
    return host.port if where == ["tc"] else "host0"


def _leader(lab: Lab, host: Host) -> str:
    """The container's first process, as the lab's own namespace counts it."""
    procs = f"/sys/fs/cgroup/{lab.cgroup}/{host.name}/payload/init.scope/cgroup.procs"
    found = in_lab(lab, ["cat", procs]).split()
    if not found:
        raise LabError(f"Host {host.name} is off: `lab.py power {host.name} on`.")
    return found[0]


def power(host: Host, action: str) -> str:
    """Asks the host's BMC, as an operator would."""
    bmc = ["-H", host.bmc_address, "-p", "623", "-U", BMC_USER, "-P", BMC_PASSWORD, "-C", str(BMC_CIPHER_SUITE)]
    return run(["ipmitool", "-I", "lanplus", *bmc, "chassis", "power", action], timeout=30).strip()


def power_state(lab: Lab, host: Host) -> str:
    """What the chassis itself says, without asking the BMC: on or off."""
    return "on" if (lab.power_dir / f"{host.name}.state").read_text(encoding="ascii").strip() == "1" else "off"


def ssh(lab: Lab, host: Host, argv: list[str]) -> int:
    wrapper: Path = lab.dir / "ssh"
    return subprocess.run([str(wrapper), host.name, *argv], check=False).returncode


def in_host(lab: Lab, host: Host, argv: list[str]) -> str:
    """Runs a command inside a host's container without ssh."""
    return in_lab(lab, ["nsenter", "--target", _leader(lab, host), "--all", "--", *argv])
