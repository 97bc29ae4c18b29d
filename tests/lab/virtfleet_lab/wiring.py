"""The lab's network and power as a person at the rack would handle them: cables, link speed, BMC buttons."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import json
import shlex
import subprocess

from . import redfish
from .settings import BMC_CIPHER_SUITE, BMC_PASSWORD, BMC_USER, SUBNET_VARIABLE, Host, Lab
from .shell import LabError, run
from .state import require_supervisor


def plug_uplink(lab: Lab, supervisor: int) -> None:
    """Connects the machine with the lab's bridge: one end stays here, the other goes into the lab's namespace."""
    _refuse_taken_subnet(lab)
    run(["ip", "link", "add", lab.uplink, "type", "veth", "peer", "name", "uplink", "netns", str(supervisor)])
    run(["ip", "address", "add", f"{lab.machine_address}/{lab.subnet.prefixlen}", "dev", lab.uplink])
    run(["ip", "link", "set", lab.uplink, "up"])


def _refuse_taken_subnet(lab: Lab) -> None:
    for route in json.loads(run(["ip", "-4", "-json", "route", "show"])):
        if route["dst"] != "default" and ipaddress.IPv4Network(route["dst"]).subnet_of(lab.subnet):
            raise LabError(
                f"The subnet {lab.subnet} is in use on this machine (route to {route['dst']}, {route.get('dev')}). "
                f"Take another one, for example {SUBNET_VARIABLE}=10.213.78.0/24."
            )


def in_lab(lab: Lab, argv: list[str]) -> str:
    """Runs a command among the lab's own processes, mounts and interfaces."""
    return run(["nsenter", "--target", str(require_supervisor(lab)), "--mount", "--net", "--pid", "--", *argv])


def in_infra(lab: Lab, argv: list[str]) -> str:
    return in_lab(lab, ["chroot", str(lab.infra / "root"), *argv])


def set_link(lab: Lab, host: Host, state: str) -> None:
    _require_on(lab, host)
    in_lab(lab, ["ip", "link", "set", host.port, state])


def shape(lab: Lab, host: Host, rate_mbit: float | None) -> None:
    """Limits what the host receives (at the bridge's port) and what it sends (at its own interface), or neither."""
    _require_on(lab, host)
    inside = ["nsenter", "--target", _leader(lab, host), "--net", "--"]
    for where, device in (([], host.port), (inside, "host0")):
        if rate_mbit is None:
            in_lab(lab, [*where, "tc", "qdisc", "replace", "dev", device, "root", "pfifo_fast"])
        else:
            limit = ["rate", f"{rate_mbit}mbit", "burst", "64kb", "latency", "200ms"]
            in_lab(lab, [*where, "tc", "qdisc", "replace", "dev", device, "root", "tbf", *limit])


def _require_on(lab: Lab, host: Host) -> None:
    if power_state(lab, host) == "off":
        raise LabError(f"Host {host.name} is off: `lab.py power {host.name} on`.")


def _leader(lab: Lab, host: Host) -> str:
    """The container's first process, as the lab's own namespace counts it."""
    procs = f"/sys/fs/cgroup/{lab.cgroup}/{host.name}/payload/init.scope/cgroup.procs"
    return in_lab(lab, ["cat", procs]).split()[0]


def power(lab: Lab, host: Host, action: str) -> str:
    """Asks the host's BMC, as an operator would."""
    if host.bmc == "redfish":
        return redfish.power(lab, host, action)
    bmc = ["-H", host.bmc_address, "-p", "623", "-U", BMC_USER, "-P", BMC_PASSWORD, "-C", str(BMC_CIPHER_SUITE)]
    # the BMC answers once the chassis has done it, which takes seconds on a busy machine
    patience = ["-N", "10", "-R", "3"]
    return run(["ipmitool", "-I", "lanplus", *bmc, *patience, "chassis", "power", action], timeout=60).strip()


def power_state(lab: Lab, host: Host) -> str:
    """What the chassis itself says, without asking the BMC: on or off."""
    return "on" if (lab.power_dir / f"{host.name}.state").read_text(encoding="ascii").strip() == "1" else "off"


def ssh(lab: Lab, host: Host, argv: list[str]) -> int:
    """Runs the words as they are on the host; without any, a shell."""
    remote = [shlex.join(argv)] if argv else []
    return subprocess.run([str(lab.dir / "ssh"), host.name, *remote], check=False).returncode
