"""A guest's XML and bulk statistics as a Guest. Must call nothing of libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .._model.guest import Disk, DiskKind, Guest, GuestCpu, GuestState, Interface, JobKind, Layer
from .._model.host import Pool
from . import guest_devices, notes
from .counters import balloon_used
from .xml import UNITS, attribute, cells_of, parse, size_of, text_of

# virDomainState: 0 no state, 1 running, 2 blocked, 3 paused, 4 shutting down, 5 shut off, 6 crashed, 7 suspended.
STATES = {1: GuestState.RUNNING, 2: GuestState.RUNNING, 3: GuestState.PAUSED, 5: GuestState.SHUT_OFF}
STATES[6] = GuestState.CRASHED
_KINDS = {kind.value: kind for kind in DiskKind}
_SOURCE_ATTRIBUTES = ("file", "dev", "dir")


@dataclass(frozen=True)
class Facts:
    """What is known of a guest beside its XML; ``stats`` is its record of virConnectGetAllDomainStats.

    ``page_kib`` and ``hugepage_kib`` are its host's normal pages, and those that a guest gets that names no size.
    """

    stats: Mapping[str, Any]
    persistent: bool
    autostart: bool
    snapshots: int
    job: Optional[JobKind]
    page_kib: int = 4
    hugepage_kib: int = 2048
    post_copy_broken: bool = False


def guest_of(xml: str, facts: Facts, pools: Sequence[Pool]) -> Guest:
    """Return the guest; ``pools`` are those of its host, to find out which one holds each disk."""
    root = parse(xml)
    stats = facts.stats
    return Guest(
        uuid=text_of(root, "uuid") or "",
        name=text_of(root, "name") or "",
        state=STATES.get(int(stats.get("state.state", 0)), GuestState.OTHER),
        memory=size_of(root, "memory", "KiB"),
        vcpus=int(text_of(root, "vcpu") or 1),
        persistent=facts.persistent,
        autostart=facts.autostart,
        has_run=_has_run(stats),
        arch=attribute(root, "os/type", "arch") or "x86_64",
        machine=attribute(root, "os/type", "machine"),
        virt_type=root.get("type", "kvm"),
        cpu=cpu_of_guest(root.find("cpu")),
        disks=tuple(_disk(element, stats, pools) for element in root.findall("devices/disk")),
        interfaces=tuple(_interface(element) for element in root.findall("devices/interface")),
        unmovable_devices=guest_devices.unmovable(root),
        unreadable_rules=notes.unreadable_rules(root.find("metadata")),
        snapshots=facts.snapshots,
        job=facts.job or _block_job(root),
        notes=notes.read(root.find("metadata")),
        usage_memory=_kib(stats.get("balloon.rss")),
        balloon_used=balloon_used(stats),
        usage_cpu_seconds=_seconds(stats.get("cpu.time")),
        hugepage_kib=_hugepage_kib(root.find("memoryBacking/hugepages"), facts),
        numa_cells=_numa_cells(root.find("numatune")),
        nvram=text_of(root, "os/nvram") or attribute(root, "os/nvram/source", "file"),
        loader=text_of(root, "os/loader"),
        firmware=attribute(root, "os", "firmware"),
        host_devices=guest_devices.of_host(root),
        tpm=attribute(root, "devices/tpm/backend", "type"),
        post_copy_broken=facts.post_copy_broken,
    )


def _block_job(root: ET.Element) -> Optional[JobKind]:
    """Return whether a disk is being mirrored, which is no job of the whole guest to libvirt and forbids a move too."""
    return JobKind.OTHER if root.find("devices/disk/mirror") is not None else None


def cpu_of_guest(element: Optional[ET.Element]) -> GuestCpu:
    """Return the CPU of a <cpu> element; none of its own where there is no element, or no model in it."""
    if element is None:
        return GuestCpu()
    mode = element.get("mode", "custom")
    model = text_of(element, "model")
    return GuestCpu(
        mode=mode if model or mode != "custom" else "none",
        model=model,
        features=_features(element, "require"),
        disabled=_features(element, "disable"),
        vendor=text_of(element, "vendor"),
        check=element.get("check"),
    )


def _features(cpu: ET.Element, policy: str) -> tuple[str, ...]:
    features = (each for each in cpu.findall("feature") if each.get("policy", "require") == policy)
    return tuple(sorted(each.get("name", "") for each in features))


def _disk(element: ET.Element, stats: Mapping[str, Any], pools: Sequence[Pool]) -> Disk:
    target = attribute(element, "target", "dev") or ""
    source = element.find("source")
    kind = (
        _KINDS.get(element.get("type", ""), DiskKind.OTHER) if source is not None and source.attrib else DiskKind.NONE
    )
    name = _source_name(kind, source)
    pool, volume = _home_of(kind, source, name, pools)
    chain = _chain(element, pools)
    sizes = _sizes(target, stats)
    return Disk(
        target=target,
        kind=kind,
        source=name,
        format=attribute(element, "driver", "type"),
        pool=pool,
        volume=volume,
        device=element.get("device", "disk"),
        readonly=element.find("readonly") is not None,
        shareable=element.find("shareable") is not None,
        capacity=sizes.get("capacity"),
        allocation=_taken(kind, sizes),
        backing=chain[0].source if chain else None,
        chain=chain,
        transient=element.find("transient") is not None,
    )


def _chain(disk: ET.Element, pools: Sequence[Pool]) -> tuple[Layer, ...]:
    """Return the images below a disk, as far as the definition knows them: of a running guest all of them."""
    found = []
    below = disk.find("backingStore")
    while below is not None and below.find("source") is not None:
        kind, source = _KINDS.get(below.get("type", ""), DiskKind.OTHER), below.find("source")
        name = _source_name(kind, source)
        pool, volume = _home_of(kind, source, name, pools)
        found.append(Layer(name or "", attribute(below, "format", "type"), pool, volume))
        below = below.find("backingStore")
    return tuple(found)


def _taken(kind: DiskKind, sizes: Mapping[str, int]) -> Optional[int]:
    """Return what an image takes on its host: of a file its blocks, of all else what libvirt calls allocation."""
    return sizes.get("physical") if kind is DiskKind.FILE and sizes.get("physical") else sizes.get("allocation")


def _source_name(kind: DiskKind, source: Optional[ET.Element]) -> Optional[str]:
    if source is None or kind is DiskKind.NONE:
        return None
    if kind is DiskKind.NETWORK:
        return f"{source.get('protocol')}://{_host_of(source)}/{source.get('name', '')}"
    if kind is DiskKind.VOLUME:
        return f"{source.get('pool')}/{source.get('volume')}"
    return next((source.get(name) for name in _SOURCE_ATTRIBUTES if source.get(name)), None)


def _host_of(source: ET.Element) -> str:
    return attribute(source, "host", "name") or ""


def _home_of(
    kind: DiskKind, source: Optional[ET.Element], name: Optional[str], pools: Sequence[Pool]
) -> tuple[Optional[str], Optional[str]]:
    """Return pool and volume that hold the disk, as far as names tell."""
    if source is None or name is None:
        return None, None
    if kind is DiskKind.VOLUME:
        return source.get("pool"), source.get("volume")
    if kind is DiskKind.NETWORK:
        path = f"{_host_of(source)}/{source.get('name', '').split('/')[0]}"
        return next((p.name for p in pools if p.identity is not None and p.identity.endswith(f"://{path}")), None), None
    return home_of_path(name, pools)


def home_of_path(path: str, pools: Sequence[Pool]) -> tuple[Optional[str], Optional[str]]:
    """Return the pool that a file lies in and its name there, as far as paths tell."""
    folders = [pool for pool in pools if pool.path and path.startswith(pool.path.rstrip("/") + "/")]
    if not folders:
        return None, None
    pool = max(folders, key=lambda p: len(p.path or ""))
    return pool.name, path[len((pool.path or "").rstrip("/")) + 1 :]


def _sizes(target: str, stats: Mapping[str, Any]) -> dict[str, int]:
    """Return the sizes of a disk's own image from the block records of the statistics; it comes before those below."""
    for index in range(int(stats.get("block.count", 0))):
        if stats.get(f"block.{index}.name") == target:
            keys = ("capacity", "allocation", "physical")
            return {key: int(stats[f"block.{index}.{key}"]) for key in keys if f"block.{index}.{key}" in stats}
    return {}


def _interface(element: ET.Element) -> Interface:
    # a running guest's XML shows the bridge behind a libvirt network as well; the network is what must be there
    network = attribute(element, "source", "network")
    kind = "network" if network else element.get("type", "")
    names = {"network": "network", "bridge": "bridge", "direct": "dev", "vdpa": "dev"}
    return Interface(kind, attribute(element, "source", names[kind]) if kind in names else None)


def _hugepage_kib(element: Optional[ET.Element], facts: Facts) -> Optional[int]:
    """Return the size of the huge pages under the guest's memory: of several sizes that for the rest of its nodes."""
    if element is None:
        return None
    pages = element.findall("page")
    if not pages:
        return facts.hugepage_kib
    page = next((page for page in pages if page.get("nodeset") is None), pages[0])
    size = int(page.get("size", "0")) * UNITS.get(page.get("unit", "KiB"), 1024) // 1024
    return size if size > facts.page_kib else None


def _numa_cells(numatune: Optional[ET.Element]) -> tuple[int, ...]:
    """Return the host's cells that all memory of the guest is bound to; of its own nodes each may have others."""
    bound = [] if numatune is None else [*numatune.findall("memory"), *numatune.findall("memnode")]
    strict = [element.get("nodeset", "") for element in bound if element.get("mode", "strict") == "strict"]
    return tuple(sorted({cell for nodeset in strict for cell in cells_of(nodeset)}))


def _has_run(stats: Mapping[str, Any]) -> bool:
    """Return False only where libvirt knows the time of every vCPU, and it is none."""
    times = [stats.get(f"vcpu.{index}.time") for index in range(int(stats.get("vcpu.maximum", 0)))]
    known = [int(time) for time in times if time is not None]
    return not known or any(known)


def _kib(value: Any) -> Optional[int]:
    return None if value is None else int(value) * 1024


def _seconds(nanoseconds: Any) -> Optional[float]:
    return None if nanoseconds is None else round(int(nanoseconds) / 1e9, 2)
