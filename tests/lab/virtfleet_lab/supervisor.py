"""The first process of the lab's namespaces: everything of a running lab is below it and ends with it.

It owns the mounts, the bridge, the storage servers, the BMCs, the recorder and the chassis. It takes no decisions
about guests, and it repairs nothing: a daemon that died is reported in its state file, and `up` starts afresh.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import cgroup, infra, redfish, state
from .chassis import BRIDGE, Chassis
from .settings import Host, Lab
from .shell import run, wait_until, write
from .sites import gluster_volumes

PACE = 0.1
BRIDGE_MAC = "02:76:66:6c:00:01"


def main(lab: Lab) -> None:
    """Never returns while the lab is up. Started by `up` under `unshare`, as process 1 of its namespace."""
    identity = state.own_identity()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    plan = state.read_plan(lab)
    group = _private_world(lab)
    write(lab.dir / "supervisor.pid", json.dumps(identity))
    _bridge(lab, plan.hosts)
    root = _mount_roots(lab, plan)
    chassis = [_chassis(lab, plan, host, group) for host in plan.hosts]
    services = {name: _start(lab, name, argv) for name, argv in _services(lab, plan, root).items()}
    for one in chassis:
        one.step()
    _set_up_storage(lab, plan, root)
    _watch(lab, chassis, services)


def _private_world(lab: Lab) -> Path:
    """Own /proc, /run and control groups. Returns the lab's control group, with this process moved into it."""
    run(["mount", "--make-rprivate", "/"])
    run(["mount", "-t", "proc", "proc", "/proc"])
    run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"])
    cgroup.show_unified()
    group = cgroup.MOUNT / lab.cgroup
    (group / "supervisor").mkdir(parents=True, exist_ok=True)
    cgroup.join(group / "supervisor")
    return group


def _bridge(lab: Lab, hosts: tuple[Host, ...]) -> None:
    """The lab's only network; the machine's end of the uplink is made by `up`, which holds the outer namespace."""
    run(["ip", "link", "set", "lo", "up"])
    # Its own address: a bridge without one takes that of a port, and loses it when that port's host is switched off.
    run(["ip", "link", "add", BRIDGE, "address", BRIDGE_MAC, "type", "bridge", "stp_state", "0", "forward_delay", "0"])
    for address in (lab.infra_address, *(host.bmc_address for host in hosts)):
        run(["ip", "address", "add", f"{address}/{lab.subnet.prefixlen}", "dev", BRIDGE])
    run(["ip", "link", "set", BRIDGE, "up"])
    uplink = ["ip", "link", "set", "uplink", "master", BRIDGE, "up"]
    wait_until(lambda: _succeeds(uplink), 60, "The machine's end of the lab's network did not appear")


def _succeeds(argv: list[str]) -> bool:
    return subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def _mount_roots(lab: Lab, plan: state.Plan) -> Path:
    """The root of every host and of the storage servers: an image below, the host's own changes above."""
    for host in plan.hosts:
        _overlay(Path(plan.images[host.release]), lab.host_dir(host.name))
    _overlay(Path(plan.images[plan.infra_release]), lab.infra)
    root = lab.infra / "root"
    for source, place in ((lab.dir / "storage", "storage"), (lab.power_dir, "power"), (Path("/run"), "run")):
        run(["mount", "--bind", source, root / place])
    for place in ("proc", "sys", "dev"):
        run(["mount", "--rbind", f"/{place}", root / place])
    return root


def _overlay(image: Path, folder: Path) -> None:
    for name in ("upper", "work", "root"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={image},upperdir={folder / 'upper'},workdir={folder / 'work'}"
    run(["mount", "-t", "overlay", "-o", options, f"lab-{folder.name}", folder / "root"])


def _chassis(lab: Lab, plan: state.Plan, host: Host, group: Path) -> Chassis:
    own = group / host.name
    own.mkdir(exist_ok=True)
    return Chassis(lab, host, Path(plan.guest_files), own)


def _services(lab: Lab, plan: state.Plan, root: Path) -> dict[str, list[str]]:
    recorder = [sys.executable, str(lab.source / "lab.py"), "_recorder"]
    daemons = {name: infra.in_root(root, argv) for name, argv in infra.services(lab, plan.hosts).items()}
    return {"recorder": recorder, **daemons, **redfish.services(lab, plan.hosts)}


def _start(lab: Lab, name: str, argv: list[str]) -> subprocess.Popen[bytes]:
    with (lab.log_dir / f"{name}.log").open("ab") as log:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def _set_up_storage(lab: Lab, plan: state.Plan, root: Path) -> None:
    for server, question in infra.READY.items():
        ready = infra.in_root(root, question)
        wait_until(lambda ready=ready: _succeeds(ready), 90, f"The {server} server did not answer, see {lab.log_dir}")
    infra.set_up_iscsi(root, plan.luns)
    infra.set_up_gluster(lab, root, gluster_volumes(plan.hosts))


def _watch(lab: Lab, chassis: list[Chassis], services: dict[str, subprocess.Popen[bytes]]) -> None:
    """The endless loop: power, the daemons' health, and the reaping of orphans that process 1 owes."""
    told: dict[str, bool] = {}
    while True:
        for one in chassis:
            one.step()
        health = {name: process.poll() is None for name, process in services.items()}
        health["gluster-brick"] = infra.brick_is_alive(Path("/run"))
        if health != told:
            write(lab.dir / "services.json", json.dumps(health))
            told = health
        _reap_orphans({process.pid for process in services.values()} | {one.pid for one in chassis})
        time.sleep(PACE)


def _reap_orphans(own: set[int | None]) -> None:
    """Takes the exit status of adopted processes only: those started here are asked by their own handle."""
    while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
        if ended.si_pid in own:
            return
        os.waitpid(ended.si_pid, 0)
