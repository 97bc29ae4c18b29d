"""What a site of the lab calls its storage and its networks. Names only; a lab without sites is all of one."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .settings import GLUSTER_VOLUME, HOST_GLUSTER_DIR, Host

# what migrations may use of what the sites have between them: 8 MiB/s at every hour; 100 Mbit/s are 11.9
LINK = {
    "sites": ["north", "south"],
    "bandwidth_mibs": 100,
    "bandwidth_by_hour": [{"hours": "00:00-24:00", "bandwidth_mibs": 8}],
}


@dataclass(frozen=True)
class Names:
    """The shared pool with its Gluster volume and the folder that it is mounted on, the network and its bridge."""

    pool: str
    volume: str
    folder: str
    network: str
    bridge: str


NORTH = Names("gluster", GLUSTER_VOLUME, HOST_GLUSTER_DIR, "lab", "br-guests")
SOUTH = Names("vault", "vault", "/var/lib/libvirt/vault", "office", "br-office")


def names_of(host: Host) -> Names:
    """The names on the site of the host."""
    return SOUTH if host.site == "south" else NORTH


def of_each_site(hosts: Sequence[Host]) -> list[Host]:
    """The first host of each site: what it sees of shared storage, the others of its site see too."""
    return list({names_of(host): host for host in reversed(hosts)}.values())


def gluster_volumes(hosts: Iterable[Host]) -> list[str]:
    return sorted({names_of(host).volume for host in hosts})


def variables(host: Host) -> dict[str, Any]:
    """What the inventory says of a host of two sites; nothing in a lab without them."""
    if not host.site:
        return {}
    own = {"virtfleet_site": host.site, "virtfleet_links": [LINK]}
    if host.site != "south":
        return own
    return {
        **own,
        "virtfleet_pool_map": {NORTH.pool: SOUTH.pool},
        "virtfleet_network_map": {NORTH.network: SOUTH.network},
        "virtfleet_bridge_map": {NORTH.bridge: SOUTH.bridge},
    }
