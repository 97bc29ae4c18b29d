"""The disks and plugs of each move: what is copied, what has to be there already, what it is called there.

Written from the rules' text, must import only _model.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Optional

from ..._model.guest import Disk, DiskKind, Layer, VolumeRef
from ..._model.host import Host, Image, MissingMedia, Pool
from ..._model.plan import Change, ChangeKind, DiskCopy, MediaCopy
from ..._model.request import Method
from .case import Hop, Violation


def plug_violations(hop: Hop) -> Iterator[Violation]:
    """Yield the networks and bridges that the destination lacks, and names that no map explains."""
    plugs = {("network", network.name) for network in hop.dest.networks if network.active}
    plugs |= {(kind, bridge) for bridge in hop.dest.bridges for kind in ("bridge", "direct")}
    changes = {(change.kind.value, change.what): change.to for change in hop.move.changes}
    for interface in hop.guest.interfaces:
        kind, name = interface.kind, interface.source or ""
        if kind not in ("network", "bridge", "direct"):
            continue
        there = changes.get((kind, name), name)
        if (kind, there) not in plugs:
            yield _at(hop, "networks", f"{hop.dest.name} has no {kind} {there}")
        names = {"network": "networks", "bridge": "bridges"}.get(kind)
        maps = [getattr(host.maps, names) if names else {} for host in (hop.source, hop.dest)]
        if not _explained(name, there, *maps):
            yield _at(hop, "mapped name", f"{kind} {name} is not {there} on {hop.dest.name}")


def disk_violations(hop: Hop) -> Iterator[Violation]:
    """Yield what is wrong with a move's disks, one after the other."""
    guest, copies = hop.guest, {copy.target: copy for copy in hop.move.copies}
    unknown = set(copies) - {disk.target for disk in guest.disks}
    if unknown or len(copies) < len(hop.move.copies):
        yield _at(hop, "copy of its disk", f"{guest.name} has no disk {min(unknown, default='to copy twice')}")
    layered = [copies[disk.target] for disk in guest.disks if disk.backing and disk.target in copies]
    standing = {copy.backing is not None for copy in layered}
    if len(standing) > 1:
        yield _at(hop, "copies of one kind", f"disks of {guest.name} are copied whole and in part in one move")
    for item in hop.move.media:
        if not any(_brings(hop, disk, item) for disk in guest.disks):
            yield _at(hop, "media of its disk", f"{item.source.volume} is not what {guest.name} needs brought")
    for disk in guest.disks:
        if disk.kind is not DiskKind.NONE:
            copy = copies.get(disk.target)
            if Change(ChangeKind.EJECT, disk.target) in hop.move.changes:
                yield from _taken_out(hop, disk, copy)
                continue
            yield from _left_alone(hop, disk) if copy is None else _copied(hop, disk, copy)
    yield from _firmware(hop)


def _firmware(hop: Hop) -> Iterator[Violation]:
    guest = hop.guest
    if guest.tpm == "emulator" and hop.move.method in (Method.OFFLINE, Method.RESTART):
        yield _at(hop, "TPM state", f"that of {guest.name} would not come to {hop.dest.name}")
    if guest.nvram is not None and hop.move.method in (Method.OFFLINE, Method.RESTART):
        pools = [pool for pool in hop.source.pools if pool.path and _inside(guest.nvram, pool.path)]
        if not any(_has(hop.dest, pool.identity, pool.path) for pool in pools if pool.identity is not None):
            yield _at(hop, "NVRAM", f"{guest.nvram} of {guest.name} would not come to {hop.dest.name}")


def _taken_out(hop: Hop, disk: Disk, copy: Optional[DiskCopy]) -> Iterator[Violation]:
    """Yield why what is in a drive can't be left behind: only media that can be taken out, where the host has it so."""
    if copy is not None or disk.device not in ("cdrom", "floppy") or (disk.transient and hop.guest.active):
        yield _at(hop, "ejected media", f"{disk.target} of {hop.guest.name} is no drive that can be emptied")
    if hop.dest.missing_media is not MissingMedia.EJECT:
        yield _at(hop, "ejected media", f"{hop.dest.name} does not have it that {disk.target} is ejected")


def _left_alone(hop: Hop, disk: Disk) -> Iterator[Violation]:
    """Yield why a disk that is not copied is not there: only shared storage and twins of read-only media are."""
    pool = hop.source.pool(disk.pool)
    if disk.transient and hop.guest.active:
        yield _at(hop, "transient disk", f"{disk.target} of {hop.guest.name} can't move")
    if pool is None:
        if disk.kind is not DiskKind.NETWORK:
            yield _at(hop, "storage reach", f"{hop.dest.name} does not reach {disk.target} of {hop.guest.name}")
        return
    there = _pool_there(hop, disk, pool)
    if pool.identity is not None:
        if there is None or there.identity != pool.identity:
            yield _at(hop, "storage reach", f"{hop.dest.name} does not reach {disk.target} of {hop.guest.name}")
        for number, layer in enumerate(disk.chain):
            if not _layer_there(hop, disk.chain, number, layer.source):
                yield _at(hop, "base image", f"{hop.dest.name} lacks {layer.source} below {disk.target}")
        return
    only_read = disk.readonly or disk.device in ("cdrom", "floppy")
    if any(_brings(hop, disk, item) for item in hop.move.media):
        return
    if not only_read or there is None or not _twin(hop, pool.name, disk.volume, there.name):
        yield _at(hop, "storage reach", f"{hop.dest.name} does not have {disk.target} of {hop.guest.name}")


def _brings(hop: Hop, disk: Disk, item: MediaCopy) -> bool:
    """Return whether that is the image of a disk that is only read, on its way to where the definition will have it."""
    pool = hop.source.pool(disk.pool)
    there = _pool_there(hop, disk, pool) if pool is not None else None
    only_read = disk.readonly or disk.device in ("cdrom", "floppy")
    if pool is None or there is None or not only_read or hop.dest.missing_media is not MissingMedia.COPY:
        return False
    if (item.target, item.source, item.dest) != (
        disk.target,
        VolumeRef(pool.name, disk.volume or ""),
        VolumeRef(there.name, disk.volume or ""),
    ):
        return False
    here, other = hop.source.image(pool.name, disk.volume), hop.dest.image(there.name, disk.volume)
    local = pool.identity is None and there.identity is None
    # a plan that is taken up again may find it there
    fits = here is not None and (other is None or (other.capacity, other.length) == (here.capacity, here.length))
    return local and fits and here is not None and here.length == item.length and here.format in ("raw", "iso")


def _copied(hop: Hop, disk: Disk, copy: DiskCopy) -> Iterator[Violation]:
    if disk.readonly or disk.shareable or disk.device != "disk" or (disk.transient and hop.guest.active):
        yield _at(hop, "copyable disk", f"{disk.target} of {hop.guest.name} can't be copied")
    if (copy.source.pool, copy.source.volume) != (disk.pool, disk.volume):
        yield _at(hop, "copy of its disk", f"{disk.target} is {disk.volume} in pool {disk.pool}")
    pool, named = hop.source.pool(disk.pool), hop.dest.pool(copy.dest.pool)
    if named is None or not named.active:
        return  # said where pools are counted
    shared = pool is not None and (pool.identity is not None or named.identity is not None)
    if pool is not None and shared and not _between_sites(hop, pool, named):
        yield _at(hop, "copy of shared storage", f"{disk.target} would be copied into pool {named.name}")
    there = _pool_there(hop, disk, pool) if pool is not None else None
    if there is None or there.name != copy.dest.pool:
        yield _at(hop, "place of the copy", f"{disk.target} would not be looked for in pool {copy.dest.pool}")
    if copy.backing is None:
        return
    path: Optional[str] = copy.backing
    for number, layer in enumerate(disk.chain):
        image = _layer_there(hop, disk.chain, number, path)
        if image is None:
            yield _at(hop, "base image", f"{hop.dest.name} lacks {layer.source} below {disk.target}")
            return
        path = image.backing if isinstance(image, Image) else _source_of(disk.chain, number + 1)
    if not disk.chain or path is not None:
        yield _at(hop, "base image", f"{disk.target} of {hop.guest.name} stands on something else")


def _between_sites(hop: Hop, pool: Pool, named: Pool) -> bool:
    """Return whether the hosts are of two sites, and a map of names puts one shared pool for the other."""
    sites, here, there = {hop.source.site, hop.dest.site}, hop.source.maps.pools, hop.dest.maps.pools
    forth = there.get(pool.name) == named.name
    back = any(there.get(fleet, fleet) == named.name for fleet, own in here.items() if own == pool.name)
    return len(sites - {None}) == 2 and (forth or back) and len({pool.identity, named.identity} - {None}) == 2


def _source_of(chain: tuple[Layer, ...], number: int) -> Optional[str]:
    return chain[number].source if number < len(chain) else None


def _layer_there(hop: Hop, chain: tuple[Layer, ...], number: int, path: Optional[str]) -> object:
    """Return what makes a layer be at the destination under ``path``: shared storage, or the image that is its twin."""
    layer = chain[number]
    pool = hop.source.pool(layer.pool)
    if pool is None or path is None:
        return None
    if pool.identity is not None:
        return True if path == layer.source and _has(hop.dest, pool.identity, pool.path) else None
    for other in hop.dest.pools:
        if path == f"{other.path}/{layer.volume}" and _twin(hop, pool.name, layer.volume, other.name):
            return hop.dest.image(other.name, layer.volume)
    return None


def _twin(hop: Hop, pool: str, volume: Optional[str], other: str) -> bool:
    """Return whether the images look the same, and the move has them compared."""
    here, there = hop.source.image(pool, volume), hop.dest.image(other, volume)
    if here is None or there is None:
        return False
    named = any(
        (twin.source.pool, twin.source.volume, twin.dest.pool, twin.dest.volume) == (pool, volume, other, volume)
        for twin in hop.move.twins
    )
    figures = [(image.format, image.capacity, image.length) for image in (here, there)]
    return named and figures[0] == figures[1]


def _pool_there(hop: Hop, disk: Disk, pool: Pool) -> Optional[Pool]:
    """Return the pool in which the definition, changed as the move says, has the disk at the destination."""
    changes = {change.kind: change for change in hop.move.changes if change.what == disk.target}
    if disk.kind is DiskKind.VOLUME:
        name = _to(changes, ChangeKind.POOL) or pool.name
        fits = [other for other in hop.dest.pools if other.name == name]
        explained = _explained(pool.name, name, hop.source.maps.pools, hop.dest.maps.pools)
        return fits[0] if fits and fits[0].active and explained else None
    path = _to(changes, ChangeKind.FILE)
    folder = pool.path if path is None else path[: -len(disk.volume or "") - 1]
    for other in hop.dest.pools:
        if other.active and other.path == folder and (path is None or _mapped(hop, pool, other)):
            return other
    return None


def _to(changes: Mapping[ChangeKind, Change], kind: ChangeKind) -> Optional[str]:
    return changes[kind].to if kind in changes else None


def _mapped(hop: Hop, pool: Pool, other: Pool) -> bool:
    """Return whether a map says that a disk of ``pool`` belongs into ``other``: one of names, or one of folders."""
    here, there = hop.source.maps, hop.dest.maps
    if pool.name != other.name and _explained(pool.name, other.name, here.pools, there.pools):
        return True
    if there.pools.get(pool.name) == other.name:
        return True
    path, end = (pool.path or "").rstrip("/"), (other.path or "").rstrip("/")
    back = {own: fleet for fleet, own in here.paths.items()}
    for start in {path, *(_swapped(path, folder, back[folder]) for folder in back)}:
        if end in {start, *(_swapped(start, folder, there.paths[folder]) for folder in there.paths)}:
            return True
    return False


def _swapped(path: str, folder: str, other: str) -> str:
    bare = folder.rstrip("/")
    return other.rstrip("/") + path[len(bare) :] if f"{path}/".startswith(f"{bare}/") else path


def _explained(name: str, there: str, here: Mapping[str, str], maps: Mapping[str, str]) -> bool:
    """Return whether a thing called ``name`` on the source is the one called ``there`` on the destination."""
    if name in maps:
        return maps[name] == there
    return there == name or any(maps.get(fleet, fleet) == there for fleet, own in here.items() if own == name)


def _inside(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _has(host: Host, identity: Optional[str], path: Optional[str]) -> bool:
    return any(pool.active and (pool.identity, pool.path) == (identity, path) for pool in host.pools)


def _at(hop: Hop, rule: str, detail: str) -> Violation:
    return Violation(rule, hop.move.id, detail)
