"""Where everything of one lab lives: paths, addresses, hosts. Values only; it must not touch the system."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import ipaddress
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from .shell import LabError

SUBNET_VARIABLE = "VIRTFLEET_LAB_SUBNET"
DEFAULT_SUBNET = "10.213.77.0/24"
MAX_HOSTS = 6
HOST_GUEST_DIR = "/usr/lib/virtfleet-lab"
HOST_PACKAGES_DIR = "/usr/lib/virtfleet-lab-packages"
HOST_SERIAL_DIR = "/var/log/virtfleet-lab"
HOST_IMAGES_DIR = "/var/lib/libvirt/images"
HOST_GLUSTER_DIR = "/var/lib/libvirt/gluster"
TARGET_IQN = "iqn.2026-01.lab.virtfleet:guests"
GLUSTER_VOLUME = "guests"
BMC_USER = "admin"
BMC_PASSWORD = "lab-bmc-secret"  # a word that nothing else of the lab has: it is looked for in outputs
REDFISH_PORT = 8443
# ipmi_sim does not answer the question which suites it has: a client that asks first waits 10 s.
BMC_CIPHER_SUITE = 3
TLS_PORT = 16514
_NAMESPACE = uuid.UUID("6f1d7f0e-9d0c-5c39-8a43-6d2f1f9c7b10")


@dataclass(frozen=True)
class Host:
    """A hypervisor of the lab."""

    name: str
    number: int
    release: str
    address: str
    bmc_address: str
    allocatable_memory_mib: int
    allocatable_vcpus: int
    bmc: str = "ipmi"  # or redfish
    site: str = ""

    @property
    def uuid(self) -> str:
        return str(uuid.uuid5(_NAMESPACE, f"host {self.name}"))

    def uuid_of(self, what: str) -> str:
        """The UUID of something that the host has, such as a pool."""
        return str(uuid.uuid5(_NAMESPACE, f"{what} of {self.name}"))

    @property
    def bare(self) -> bool:
        """It began with nothing but ssh and Python; whether it has libvirt by now only it knows."""
        return self.release.endswith("-bare")

    @property
    def port(self) -> str:
        """The name that nspawn gives to the host's port on the lab's bridge."""
        return f"vb-{self.name}"


@dataclass(frozen=True)
class Lab:
    """A lab of one checkout: its folders and its subnet."""

    checkout: Path
    subnet: ipaddress.IPv4Network

    @property
    def source(self) -> Path:
        return self.checkout / "tests" / "lab"

    @property
    def dir(self) -> Path:
        return self.checkout / "build" / "lab"

    @property
    def cache(self) -> Path:
        return self.checkout / "build" / "lab-cache"

    @property
    def packages(self) -> Path:
        """The repositories that hosts can be offered; they see the folder at HOST_PACKAGES_DIR."""
        return self.cache / "packages"

    @property
    def lock_file(self) -> Path:
        return self.checkout / "build" / "lab.lock"

    @property
    def id(self) -> str:
        """Distinguishes labs of several checkouts on one machine; short, for interface names."""
        return hashlib.sha256(str(self.dir).encode()).hexdigest()[:8]

    @property
    def uplink(self) -> str:
        """The interface by which the machine reaches the lab."""
        return f"vfl{self.id}"

    @property
    def cgroup(self) -> str:
        return f"virtfleet-lab-{self.id}"

    @property
    def infra_address(self) -> str:
        return self.address(1)

    @property
    def machine_address(self) -> str:
        return self.address(2)

    def address(self, number: int) -> str:
        return str(self.subnet[number])

    def host_dir(self, name: str) -> Path:
        return self.dir / "hosts" / name

    def serial_dir(self, host: str) -> Path:
        return self.dir / "serial" / host

    @property
    def infra(self) -> Path:
        return self.dir / "infra"

    @property
    def iscsi_dir(self) -> Path:
        return self.dir / "storage" / "iscsi"

    @property
    def gluster_dir(self) -> Path:
        return self.dir / "storage" / "gluster"

    def brick(self, volume: str) -> Path:
        """The folder that a Gluster volume keeps its files in."""
        return self.gluster_dir if volume == GLUSTER_VOLUME else self.gluster_dir.with_name(f"gluster-{volume}")

    @property
    def power_dir(self) -> Path:
        return self.dir / "power"

    @property
    def log_dir(self) -> Path:
        return self.dir / "log"

    @property
    def pki(self) -> Path:
        return self.dir / "pki"

    @property
    def ticks(self) -> Path:
        return self.dir / "ticks"


def guest_uuid(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"guest {name}"))


def this_lab() -> Lab:
    checkout = Path(__file__).resolve().parents[3]
    text = os.environ.get(SUBNET_VARIABLE, DEFAULT_SUBNET)
    try:
        subnet = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise LabError(f"{SUBNET_VARIABLE}={text}: {error}. Give a private subnet such as {DEFAULT_SUBNET}.") from error
    if subnet.prefixlen > 24 or not subnet.is_private:
        raise LabError(f"{SUBNET_VARIABLE}={text}: give a private subnet of /24 or larger.")
    return Lab(checkout, subnet)
