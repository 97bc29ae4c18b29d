"""Making, starting and removing the lab's guests and their disks through libvirt. It judges nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence

import libvirt

from . import infra
from .fleet import connection
from .guestspec import (
    BASE_VOLUME,
    LOCAL,
    LOCAL_DISK_BYTES,
    MEDIA_VOLUME,
    SHARED_DISK_BYTES,
    GuestSpec,
    domain_xml,
    first_content,
    shared_content,
)
from .settings import HOST_IMAGES_DIR, Host, Lab
from .shell import LabError, in_parallel
from .sites import names_of, of_each_site
from .wiring import in_infra

STARTS_AT_ONCE = 4
FILE_POOLS = {**dict.fromkeys(LOCAL, "local"), "gluster": "gluster"}


def write_iscsi_image(lab: Lab, guest: GuestSpec) -> None:
    """Makes the disk anew in place: the target keeps the file open."""
    lab.iscsi_dir.mkdir(parents=True, exist_ok=True)
    path = lab.iscsi_dir / guest.volume
    with path.open("r+b" if path.exists() else "wb") as file:
        file.write(first_content(guest))


def create(lab: Lab, hosts: Sequence[Host], guests: Sequence[GuestSpec]) -> None:
    """Disks, definitions, and the start of every guest that is not meant to be shut off; all hosts at once."""
    by_host = [(host, [guest for guest in guests if guest.host == host.name]) for host in hosts]
    in_parallel(lambda pair: _create_on(lab, *pair), [pair for pair in by_host if pair[1]])


def _create_on(lab: Lab, host: Host, guests: Sequence[GuestSpec]) -> None:
    with connection(lab, host) as hypervisor:
        for pool in ("local", names_of(host).pool):
            hypervisor.storagePoolLookupByName(pool).refresh()  # other hosts change what it holds
        for guest in guests:
            if guest.disk in FILE_POOLS:  # LUNs are made at the target instead
                _create_volume(hypervisor, guest)
        domains = [hypervisor.defineXML(domain_xml(guest)) for guest in guests]
        starting = [domain for domain, guest in zip(domains, guests) if guest.state != "shutoff"]
        in_parallel(lambda domain: domain.create(), starting, workers=STARTS_AT_ONCE)


def _create_volume(hypervisor: libvirt.virConnect, guest: GuestSpec) -> None:
    """A disk in the pool of its kind, and what else the kind needs."""
    pool = hypervisor.storagePoolLookupByName(FILE_POOLS[guest.disk])
    if guest.disk not in LOCAL:
        volume = pool.createXML(_volume_xml(guest.volume, SHARED_DISK_BYTES))
        _upload(hypervisor, volume, first_content(guest))
        return
    if guest.disk == "chain":
        _share(hypervisor, pool, BASE_VOLUME)
    # A qcow2 made with its tables holds what was written even when QEMU is killed before it could write them.
    flags = libvirt.VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA if guest.disk != "chain" else 0
    pool.createXML(_volume_xml(guest.volume, LOCAL_DISK_BYTES, "qcow2", guest.disk == "chain"), flags)
    if guest.disk == "mixed":
        _share(hypervisor, pool, MEDIA_VOLUME)
        gluster = hypervisor.storagePoolLookupByName("gluster")
        second = gluster.createXML(_volume_xml(guest.second_volume, SHARED_DISK_BYTES))
        _upload(hypervisor, second, first_content(guest))


def _share(hypervisor: libvirt.virConnect, pool: libvirt.virStoragePool, name: str) -> None:
    """A file that several guests of the host have in common, and that is the same on every host."""
    if name not in pool.listVolumes():
        content = shared_content(name)
        _upload(hypervisor, pool.createXML(_volume_xml(name, len(content))), content)


def _volume_xml(name: str, size: int, form: str = "raw", on_base: bool = False) -> str:
    volume = ET.Element("volume")
    ET.SubElement(volume, "name").text = name
    ET.SubElement(volume, "capacity", unit="bytes").text = str(size)
    if form == "raw":
        ET.SubElement(volume, "allocation", unit="bytes").text = str(size)
    target = ET.SubElement(volume, "target")
    ET.SubElement(target, "format", type=form)
    if on_base:
        base = ET.SubElement(volume, "backingStore")
        ET.SubElement(base, "path").text = f"{HOST_IMAGES_DIR}/{BASE_VOLUME}"
        ET.SubElement(base, "format", type="raw")
    return ET.tostring(volume, encoding="unicode")


def _upload(hypervisor: libvirt.virConnect, volume: libvirt.virStorageVol, content: bytes) -> None:
    stream = hypervisor.newStream()
    volume.upload(stream, 0, len(content))
    view = memoryview(content)
    while view:
        sent = stream.send(bytes(view[: 256 * 1024]))
        view = view[sent:]
    stream.finish()


def suspend(lab: Lab, hosts: Sequence[Host], guests: Sequence[GuestSpec]) -> None:
    """Pauses, once they tick, the guests that their owner wants paused."""
    for host in hosts:
        paused = [guest for guest in guests if guest.host == host.name and guest.state == "paused"]
        if paused:
            with connection(lab, host) as hypervisor:
                for guest in paused:
                    hypervisor.lookupByUUIDString(guest.uuid).suspend()


def wipe(lab: Lab, hosts: Sequence[Host], wanted: Callable[[str], bool], volumes: set[str] | None) -> None:
    """Ends and undefines guests whose UUID is wanted away, and removes volumes (all of them without a set)."""
    in_parallel(lambda host: _wipe_host(lab, host, wanted), hosts)
    in_parallel(lambda host: _wipe_pool(lab, host, "local", volumes), hosts)
    for host in of_each_site(hosts):
        _wipe_pool(lab, host, names_of(host).pool, volumes)


def _wipe_host(lab: Lab, host: Host, wanted: Callable[[str], bool]) -> None:
    flags = libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    flags |= libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
    with connection(lab, host) as hypervisor:
        for domain in hypervisor.listAllDomains():
            if not wanted(domain.UUIDString()):
                continue
            persistent = domain.isPersistent()
            if domain.isActive():
                domain.destroy()
            if persistent:
                domain.undefineFlags(flags)


def _wipe_pool(lab: Lab, host: Host, name: str, volumes: set[str] | None) -> None:
    with connection(lab, host) as hypervisor:
        pool = hypervisor.storagePoolLookupByName(name)
        pool.refresh()
        for volume in pool.listAllVolumes():
            if volumes is None or volume.name() in volumes:
                volume.delete()


def add_lun(lab: Lab, guest: GuestSpec) -> None:
    write_iscsi_image(lab, guest)
    in_infra(lab, infra.add_lun_command(guest.lun, guest.volume))


def remove_lun(lab: Lab, guest: GuestSpec) -> None:
    in_infra(lab, infra.remove_lun_command(guest.lun))
    (lab.iscsi_dir / guest.volume).unlink()


def refresh_iscsi(lab: Lab, hosts: Sequence[Host]) -> None:
    def refresh(host: Host) -> None:
        with connection(lab, host) as hypervisor:
            hypervisor.storagePoolLookupByName("iscsi").refresh()

    in_parallel(refresh, hosts)


def check_names(known: Sequence[GuestSpec], names: Sequence[str]) -> None:
    taken = {guest.name for guest in known}
    for name in names:
        if name in taken:
            raise LabError(f"The lab has a guest {name!r} already: `lab.py guest remove {name}` first.")
