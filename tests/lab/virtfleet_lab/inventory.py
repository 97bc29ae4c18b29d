"""The Ansible inventory of the lab. It writes one file, for people and for the collection's playbooks."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from . import sites
from .settings import BMC_PASSWORD, BMC_USER, REDFISH_PORT, Host, Lab
from .shell import write


def write_inventory(lab: Lab, hosts: Sequence[Host]) -> None:
    # the conductor: a Python that has the libvirt binding saves each module the search for one
    python = "/usr/bin/python3"
    local = {"ansible_connection": "local", "ansible_python_interpreter": python, "ansible_pipelining": True}
    conductor = {"localhost": local}
    content = {
        "hypervisors": {"hosts": {host.name: _variables(lab, host) for host in hosts}},
        "ungrouped": {"hosts": conductor},
    }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
    write(lab.dir / "inventory.yml", f"# The lab's hosts. Written by lab.py up; changes are lost.\n{text}")


def _variables(lab: Lab, host: Host) -> dict[str, Any]:
    return {
        "ansible_host": host.address,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(lab.pki / "conductor" / "id_ed25519"),
        "ansible_ssh_executable": str(lab.dir / "ssh"),
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_pipelining": True,
        "virtfleet_allocatable_memory_mib": host.allocatable_memory_mib,
        "virtfleet_allocatable_vcpus": host.allocatable_vcpus,
        # a container's kernel counts the whole machine
        "virtfleet_own_counters": False,
        "virtfleet_peer_transport": "tls",
        "virtfleet_peer_name": host.name,
        "virtfleet_migration_address": host.address,
        "virtfleet_bmc": _bmc(lab, host),
        **sites.variables(host),
    }


def _bmc(lab: Lab, host: Host) -> dict[str, Any]:
    account = {"user": BMC_USER, "password": BMC_PASSWORD}
    if host.bmc == "redfish":
        verified = {"port": REDFISH_PORT, "ca_path": str(lab.pki / "cacert.pem")}
        return {"type": "redfish", "address": host.bmc_address, **verified, **account}
    return {"type": "ipmi", "address": host.bmc_address, "port": 623, **account}
