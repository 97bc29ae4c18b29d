"""What the hosts share: the storage servers and the BMCs. Runs inside the supervisor's namespaces only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from .settings import BMC_PASSWORD, BMC_USER, TARGET_IQN, Host, Lab
from .shell import run, write
from .sites import gluster_volumes

CHASSIS_SCRIPT = """#!/bin/sh
# Between ipmi_sim and the chassis of a host: "get power", "set power 0|1", "set reset 1", "set shutdown 1".
wish=/power/$1.wish
state=/power/$1.state
verb=$2
shift 2
answer() { case $1 in power) printf 'power:%s\\n' "$(cat "$state")" ;; *) printf '%s:0\\n' "$1" ;; esac; }
set_one() {
    case $1=$2 in
        power=*)
            printf %s "$2" >"$wish"
            for _ in $(seq 40); do [ "$(cat "$state")" = "$2" ] && break; sleep 0.05; done
            ;;
        reset=1) printf reset >"$wish" ;;
        shutdown=1) printf soft >"$wish" ;;
    esac
}
case $verb in
    get) while [ $# -gt 0 ]; do answer "$1"; shift; done ;;
    set) while [ $# -gt 1 ]; do set_one "$1" "$2"; shift 2; done ;;
    check) ;;
esac
"""
EMULATOR = "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n"

GLUSTER_OPTIONS = {
    "performance.client-io-threads": "on",
    "performance.open-behind": "off",  # QEMU locks the file that it opens: the open must not be put off
    "performance.quick-read": "off",
    "performance.read-ahead": "off",
    "performance.io-cache": "off",
    "performance.stat-prefetch": "off",
    "performance.write-behind": "off",
    "network.remote-dio": "enable",
    "auth.allow": "*",
}


def prepare(lab: Lab, hosts: Sequence[Host]) -> None:
    """Lays the files of the storage servers and BMCs over the image; runs outside, before the supervisor starts."""
    over = lab.infra / "upper"
    for folder in ("storage", "power"):
        (over / folder).mkdir(parents=True)
    lab.iscsi_dir.mkdir(parents=True)
    for volume in gluster_volumes(hosts):
        lab.brick(volume).mkdir(parents=True)
    write(over / "etc/hosts", f"127.0.0.1 localhost\n{lab.infra_address} lab\n")
    write(over / "usr/local/sbin/lab-chassis", CHASSIS_SCRIPT, mode=0o755)
    write(over / "etc/lab/bmc.emu", EMULATOR)
    for host in _with_ipmi(hosts):
        (over / "var/lib/lab-bmc" / host.name).mkdir(parents=True)
        write(over / f"etc/lab/{host.name}.conf", _bmc_configuration(host))


def _with_ipmi(hosts: Sequence[Host]) -> list[Host]:
    return [host for host in hosts if host.bmc == "ipmi"]


def _bmc_configuration(host: Host) -> str:
    guid = uuid.UUID(host.uuid).hex
    return (
        f'name "{host.name}"\n'
        "set_working_mc 0x20\n"
        "  startlan 1\n"
        f"    addr {host.bmc_address} 623\n"
        "    priv_limit admin\n"
        "    allowed_auths_callback none md2 md5 straight\n"
        "    allowed_auths_user none md2 md5 straight\n"
        "    allowed_auths_operator none md2 md5 straight\n"
        "    allowed_auths_admin none md2 md5 straight\n"
        f"    guid {guid}\n"
        "  endlan\n"
        f'  chassis_control "/usr/local/sbin/lab-chassis {host.name}"\n'
        '  user 1 true "" "" user 10 none md2 md5 straight\n'
        f'  user 2 true "{BMC_USER}" "{BMC_PASSWORD}" admin 10 none md2 md5 straight\n'
    )


def services(lab: Lab, hosts: Sequence[Host]) -> dict[str, list[str]]:
    """The daemons that must run as long as the lab does: name and command, inside the infra root."""
    daemons = {
        "iscsi": ["tgtd", "--foreground", "--iscsi", f"portal={lab.infra_address}:3260"],
        "gluster": ["glusterd", "--no-daemon", "--log-level=WARNING"],
    }
    for host in _with_ipmi(hosts):
        daemons[f"bmc-{host.name}"] = [
            "ipmi_sim",
            "-n",
            "-c",
            f"/etc/lab/{host.name}.conf",
            "-f",
            "/etc/lab/bmc.emu",
            "-s",
            f"/var/lib/lab-bmc/{host.name}",
        ]
    return daemons


def in_root(root: Path, argv: Sequence[str]) -> list[str]:
    return ["chroot", str(root), *argv]


READY = {"iscsi": ["tgtadm", "--op", "show", "--mode", "system"], "gluster": ["gluster", "pool", "list"]}


def set_up_iscsi(root: Path, luns: dict[int, str]) -> None:
    """The target with a LUN per image file, open to every initiator of the lab's own network."""
    target = ["tgtadm", "--lld", "iscsi", "--mode", "target", "--tid", "1"]
    run(in_root(root, [*target, "--op", "new", "--targetname", TARGET_IQN]))
    for number, file in luns.items():
        run(in_root(root, add_lun_command(number, file)))
    run(in_root(root, [*target, "--op", "bind", "--initiator-address", "ALL"]))


def add_lun_command(number: int, file: str) -> list[str]:
    return [
        *("tgtadm", "--lld", "iscsi", "--mode", "logicalunit", "--tid", "1", "--op", "new"),
        *("--lun", str(number), "--backing-store", f"/storage/iscsi/{file}"),
    ]


def remove_lun_command(number: int) -> list[str]:
    return [
        *("tgtadm", "--lld", "iscsi", "--mode", "logicalunit", "--tid", "1", "--op", "delete"),
        *("--lun", str(number)),
    ]


def brick_is_alive(run_dir: Path) -> bool:
    """glusterd starts the process that serves the files by itself, and only leaves its number in a file."""
    numbers = [file.read_text(encoding="ascii").strip() for file in run_dir.glob("gluster/vols/*/*.pid")]
    return any(number and Path("/proc", number).exists() for number in numbers)


def set_up_gluster(lab: Lab, root: Path, volumes: Sequence[str]) -> None:
    settings = [word for setting in GLUSTER_OPTIONS.items() for word in setting]
    for volume in volumes:
        gluster = ["gluster", "--mode=script", "volume"]
        brick = f"{lab.infra_address}:/storage/{lab.brick(volume).name}"
        run(in_root(root, [*gluster, "create", volume, brick, "force"]), timeout=60)
        run(in_root(root, [*gluster, "set", volume, *settings]), timeout=60)
        run(in_root(root, [*gluster, "start", volume]), timeout=60)
